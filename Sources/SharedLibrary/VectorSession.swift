internal import CRLSuite
internal import Experiments
internal import Foundation
internal import LinearAlgebra
internal import RLCore
internal import Rendering
internal import Robustness
internal import Training

/// A vector of environments behind a handle.
///
/// It decides when episodes begin, and with which seeds; the environments themselves never reset
/// each other.
final class VectorSession: Session, @unchecked Sendable {
  static let name = "vector"

  /// The episode of one environment.
  enum Phase {
    /// It must be reset before it can be stepped.
    case idle
    /// It runs.
    case running
    /// It has ended, and begins anew in the next step unless it is reset before.
    case ended
  }

  let lock = NSLock()
  let registered: RegisteredEnvironment
  let environment: any BatchedEnvironment
  let autoreset: VectorConfiguration.Autoreset
  /// Phase of each environment, [N].
  let phases: UnsafeMutablePointer<Phase>
  /// Seed from which an environment's seeds follow, and number of episodes since, [N] each.
  let seeds: UnsafeMutablePointer<UInt64>
  let episodes: UnsafeMutablePointer<Int>
  private(set) var buffers: rlsuite_buffers?
  private let pool: WorkerPool
  private let blocks: [Range<Int>]
  private let actions: Matrix
  private var renderer: SceneRenderer?

  var count: Int { environment.count }
  var observationWidth: Int { environment.batch.observations.columns }
  var actionWidth: Int { actions.columns }

  /// Makes environments that must be reset before they are stepped.
  init(_ configuration: VectorConfiguration) throws {
    registered = try Registry.standard.environment(configuration.environment)
    let specification = registered.specification
    let count = configuration.environments
    let log = 4 * Double(count) * Double(specification.episodeSteps)
    try MemoryLimit.current.check([
      MemoryNeed(
        key: "environments", bytes: log * Double(specification.actionWidth), isSaved: false)
    ])
    let parameters = configuration.parameterValues
    let conditions = try configuration.conditions(in: registered)
    guard !configuration.disturbances || !registered.disturbanceComponents.isEmpty else {
      throw Boundary.Misuse("\(registered.identifier) takes no disturbances")
    }
    environment = try registered.makeVector(count, parameters: parameters)
    conditions.apply(to: environment)
    environment.takesDisturbances = configuration.disturbances
    environment.resetsEndedEpisodes = false
    autoreset = configuration.autoreset
    pool = try WorkerPool.start(threads: configuration.threads)
    blocks = RolloutCollector.blocks(
      of: count, threads: configuration.threads, blockSize: environment.blockSize)
    actions = Matrix(rows: count, columns: specification.actionWidth)
    phases = .allocate(capacity: count)
    phases.initialize(repeating: .idle, count: count)
    seeds = .allocate(capacity: count)
    episodes = .allocate(capacity: count)
    episodes.initialize(repeating: -1, count: count)
    for i in 0..<count { (seeds + i).initialize(to: UInt64(i)) }
  }

  deinit {
    phases.deallocate()
    seeds.deallocate()
    episodes.deallocate()
  }

  // MARK: Buffers

  /// Takes the caller's buffers.
  func bind(_ new: rlsuite_buffers) throws {
    let disturbances = count * (environment.disturbances?.columns ?? 0)
    let observations = count * observationWidth
    _ = try Boundary.buffer(new.actions, new.action_count, of: count * actionWidth, "actions")
    try Boundary.check(new.disturbance_count, is: disturbances, "disturbances")
    if disturbances > 0 { _ = try Boundary.required(new.disturbances, "disturbances") }
    _ = try Boundary.buffer(
      new.observations, new.observation_count, of: observations, "observations")
    _ = try Boundary.buffer(new.rewards, new.reward_count, of: count, "rewards")
    _ = try Boundary.buffer(new.terminated, new.terminated_count, of: count, "terminated")
    _ = try Boundary.buffer(new.truncated, new.truncated_count, of: count, "truncated")
    if new.final_observations != nil || new.final_observation_count != 0 {
      _ = try Boundary.buffer(
        new.final_observations, new.final_observation_count, of: observations, "final observations")
    }
    buffers = new
  }

  /// Returns the bound buffers.
  func bound() throws -> rlsuite_buffers {
    guard let buffers else { throw Boundary.Misuse("no buffers are bound") }
    return buffers
  }

  /// Returns an environment's index.
  func index(_ environment: Int64) throws -> Int {
    guard environment >= 0, environment < Int64(count) else {
      throw Boundary.Misuse("there is no environment \(environment) among \(count)")
    }
    return Int(environment)
  }

  // MARK: Episodes

  /// Starts episodes of the environments in a mask, or of all.
  func reset(seeds new: UnsafePointer<UInt64>?, mask: UnsafePointer<UInt8>?) throws {
    let buffers = try bound()
    pool.run(blocks.count) { block in
      for i in blocks[block] where mask.map({ $0[i] != 0 }) ?? true {
        if let new { (seeds[i], episodes[i]) = (new[i], -1) }
        begin(i)
        write(i, to: buffers)
      }
    }
  }

  /// Starts the next episode of an environment.
  private func begin(_ i: Int) {
    episodes[i] += 1
    let seed =
      episodes[i] == 0
      ? seeds[i]
      : EpisodeSeeds.training(runSeed: seeds[i]).seed(environment: 0, episode: episodes[i])
    environment.reset(environment: i, seed: seed)
    phases[i] = .running
  }

  /// Writes an environment's observation, and a step without reward and end.
  func write(_ i: Int, to buffers: rlsuite_buffers) {
    copyRow(i, of: environment.batch.observations, to: buffers.observations)
    buffers.rewards[i] = 0
    buffers.terminated[i] = 0
    buffers.truncated[i] = 0
  }

  private func copyRow(_ i: Int, of matrix: Matrix, to destination: UnsafeMutablePointer<Float>) {
    let width = matrix.columns
    (destination + i * width).update(from: matrix.base + i * matrix.stride, count: width)
  }

  // MARK: Steps

  /// Steps all environments with the bound actions.
  func step() throws {
    let buffers = try bound()
    for i in 0..<count where phases[i] != .running {
      guard phases[i] == .ended, autoreset == .nextStep else {
        throw Boundary.Misuse("environment \(i) must be reset before it is stepped")
      }
    }
    try takeActions(buffers)
    if blocks.count == 1 {
      step(blocks[0], buffers)
    } else {
      pool.run(blocks.count) { step(blocks[$0], buffers) }
    }
  }

  /// Checks and copies the actions and disturbances of environments that run.
  private func takeActions(_ buffers: rlsuite_buffers) throws {
    let width = actionWidth
    for i in 0..<count where phases[i] == .running {
      let row = buffers.actions + i * width
      try check(action: UnsafeBufferPointer(start: row, count: width), of: i)
      (actions.base + i * actions.stride).update(from: row, count: width)
    }
    guard let disturbances = environment.disturbances, let given = buffers.disturbances else {
      return
    }
    let pushes = disturbances.columns
    for i in 0..<count where phases[i] == .running {
      let row = given + i * pushes
      try check(disturbance: UnsafeBufferPointer(start: row, count: pushes), of: i)
      (disturbances.base + i * disturbances.stride).update(from: row, count: pushes)
    }
  }

  /// Throws an error unless an action can be simulated.
  func check(action: some Collection<Float>, of i: Int) throws {
    // A sum of finite numbers is a NaN only if one of its terms is: one test for the usual case.
    guard action.reduce(0, { $0 + ($1 - $1) }) == 0 else {
      throw Boundary.Misuse("the action of environment \(i) is not finite")
    }
    guard case .discrete(let choices) = environment.specification.actionSpace else { return }
    for choice in action where choice != choice.rounded() || choice < 0 || choice >= Float(choices)
    {
      throw Boundary.Misuse(
        "the action of environment \(i) is \(choice) and must be a whole number in 0...\(choices - 1)"
      )
    }
  }

  /// Throws an error unless a disturbance can be simulated.
  func check(disturbance: some Collection<Float>, of i: Int) throws {
    for (value, component) in zip(disturbance, environment.disturbanceComponents)
    where !(abs(value) <= component.bound) {
      throw Boundary.Misuse(
        "the disturbance '\(component.name)' of environment \(i) is \(value) and must lie within "
          + "±\(component.bound)")
    }
  }

  /// Steps the running environments of a block, in ranges as long as possible, and resets the others.
  private func step(_ block: Range<Int>, _ buffers: rlsuite_buffers) {
    var i = block.lowerBound
    while i < block.upperBound {
      guard phases[i] == .running else {
        begin(i)
        write(i, to: buffers)
        i += 1
        continue
      }
      let first = i
      while i < block.upperBound, phases[i] == .running { i += 1 }
      environment.step(actions: actions, in: first..<i)
      for j in first..<i { conclude(j, buffers) }
    }
  }

  /// Writes an environment's step, and begins the next episode if that is due.
  private func conclude(_ i: Int, _ buffers: rlsuite_buffers) {
    let batch = environment.batch
    buffers.rewards[i] = Double(batch.rewards[i])
    buffers.terminated[i] = batch.ends[i] != nil ? 1 : 0
    buffers.truncated[i] = batch.truncated[i] ? 1 : 0
    if batch.hasEnded(i) {
      phases[i] = .ended
      if let last = buffers.final_observations { copyRow(i, of: batch.finalObservations, to: last) }
      if autoreset == .sameStep { begin(i) }
    }
    copyRow(i, of: batch.observations, to: buffers.observations)
  }

  // MARK: Pictures

  /// Draws an environment's state into rows of red, green and blue.
  func render(_ i: Int, width: Int, height: Int, to pixels: UnsafeMutablePointer<UInt8>) throws {
    if renderer?.picture.width != width || renderer?.picture.height != height {
      renderer = try SceneRenderer(width: width, height: height)
    }
    guard let renderer else { return }
    let picture = renderer.draw(environment.scene(of: i))
    for k in 0..<width * height {
      let pixel = picture.pixels[k]
      pixels[3 * k] = UInt8(truncatingIfNeeded: pixel >> 16)
      pixels[3 * k + 1] = UInt8(truncatingIfNeeded: pixel >> 8)
      pixels[3 * k + 2] = UInt8(truncatingIfNeeded: pixel)
    }
  }
}
