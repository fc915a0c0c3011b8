internal import Experiments
internal import Foundation
internal import LinearAlgebra
internal import RLCore
internal import Storage
internal import Training

/// A policy behind a handle.
final class PolicySession: Session, @unchecked Sendable {
  static let name = "policy"
  /// Greatest number of rows of one call.
  static let mostRows = 65_536

  /// What is said of a policy, as JSON.
  private struct Description: Encodable {
    var environment: String
    var path: String
    var agent: String?
    var steps: Int?
    var observationWidth: Int
    var actionWidth: Int
    var choices: Int

    enum CodingKeys: String, CodingKey {
      case environment, path, agent, steps, choices
      case observationWidth = "observation-width"
      case actionWidth = "action-width"
    }
  }

  let lock = NSLock()
  private let stored: StoredPolicy
  private var actor: (any PolicyActor)?
  private var observations = Matrix(rows: 0, columns: 0)
  private var actions = Matrix(rows: 0, columns: 0)
  private var streams: [RandomStream] = []

  private var specification: EnvironmentSpecification { stored.environment.specification }

  /// Loads a policy that acts by what it observes.
  init(_ path: String, environment: String?) throws {
    stored = try StoredPolicy(path, environment: environment)
    guard !(stored.policy is PlannerPolicy) else {
      throw Boundary.Misuse("\(path) plans with copies of the state and can't act by observations")
    }
  }

  /// The policy as JSON.
  var description: String {
    let choices =
      switch specification.actionSpace {
      case .box: 0
      case .discrete(let count): count
      }
    return JSON.text(
      Description(
        environment: stored.environment.identifier, path: stored.path, agent: stored.agent,
        steps: stored.steps, observationWidth: specification.observationWidth,
        actionWidth: specification.actionWidth, choices: choices))
  }

  /// Chooses actions for rows of observations.
  func act(
    on source: UnsafePointer<Float>?, _ sourceCount: Int64, rows: Int64, isDeterministic: Bool,
    actions destination: UnsafeMutablePointer<Float>?, _ count: Int64
  ) throws {
    guard (1...Int64(Self.mostRows)).contains(rows) else {
      throw Boundary.Misuse("the number of rows must lie in 1...\(Self.mostRows) and is \(rows)")
    }
    let (rows, width) = (Int(rows), specification.observationWidth)
    let input = try Boundary.buffer(source, sourceCount, of: rows * width, "observations")
    let output = try Boundary.buffer(
      destination, count, of: rows * specification.actionWidth, "actions")
    for k in 0..<rows * width where !input[k].isFinite {
      throw Boundary.Misuse("the observation in row \(k / width) is not finite")
    }
    let mode = isDeterministic ? ActionMode.deterministic : .stochastic
    // A controller's actions are what they are, and random ones are never anything else.
    let allowed = stored.modes.contains(mode) ? mode : stored.modes[0]
    let actor = actor(rows: rows)
    for i in 0..<rows {
      observations.mutableRow(i).baseAddress?.update(from: input + i * width, count: width)
    }
    actor.act(on: observations, rows: rows, mode: allowed, streams: &streams, actions: actions)
    let actionWidth = actions.columns
    for i in 0..<rows {
      (output + i * actionWidth).update(
        from: actions.base + i * actions.stride, count: actionWidth)
    }
  }

  /// Begins an episode in a row.
  func begin(row: Int64, seed: UInt64) throws {
    guard (0..<Int64(Self.mostRows)).contains(row) else {
      throw Boundary.Misuse("the row must lie in 0..<\(Self.mostRows) and is \(row)")
    }
    actor(rows: Int(row) + 1).beginEpisode(row: Int(row), seed: seed)
    streams[Int(row)] = Self.stream(seed)
  }

  /// Returns an actor for at least so many rows; a new one has forgotten all episodes.
  private func actor(rows: Int) -> any PolicyActor {
    if let actor, rows <= observations.rows { return actor }
    let new = stored.policy.makeActor(rows: rows)
    observations = Matrix(rows: rows, columns: specification.observationWidth)
    actions = Matrix(rows: rows, columns: specification.actionWidth)
    for row in streams.count..<rows { streams.append(Self.stream(UInt64(row))) }
    for row in 0..<rows { new.beginEpisode(row: row, seed: UInt64(row)) }
    actor = new
    return new
  }

  private static func stream(_ seed: UInt64) -> RandomStream {
    RandomStream(seed: seed, name: "evaluation-action")
  }
}
