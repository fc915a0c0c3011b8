internal import Environments
internal import LinearAlgebra
internal import RLCore
internal import Storage
internal import Training

/// A policy that acts by a hand-written controller.
final class ControllerPolicy: Policy {
  let environmentIdentifier: String
  private let controller: RegisteredController

  init(_ controller: RegisteredController, environment: String) {
    self.controller = controller
    environmentIdentifier = environment
  }

  func fits(_ specification: EnvironmentSpecification) -> Bool {
    controller.environmentIdentifiers.contains(specification.identifier)
  }

  func makeActor(rows: Int) -> any PolicyActor { ControllerActor(controller, rows: rows) }

  /// Writes nothing: a controller has no weights.
  func save(to archive: inout TensorArchive) {}
}

/// An actor with a controller for each row; every episode has a new one.
private final class ControllerActor: PolicyActor {
  private let registered: RegisteredController
  private var controllers: [any Controller]

  init(_ controller: RegisteredController, rows: Int) {
    registered = controller
    controllers = (0..<rows).map { _ in controller.make() }
  }

  func beginEpisode(row: Int, seed: UInt64) { controllers[row] = registered.make() }

  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix
  ) {
    for i in 0..<rows {
      let observation = unsafe observations.row(i)
      let row = unsafe actions.mutableRow(i)
      var action = unsafe row.mutableSpan
      unsafe controllers[i].act(on: observation.span, action: &action)
    }
  }
}
