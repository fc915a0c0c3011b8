import Environments
import Foundation
import LinearAlgebra
import RLCore
import Robustness
import Testing

/// Every perturbation does what its name says, and nothing else.
@Suite struct PerturbationTests {
  private func normal(_ value: Double, _ deviation: Double) -> Double {
    0.5 * erfc(-value / deviation / 2.0.squareRoot())
  }

  // MARK: Actions

  @Test func delayedActionsActLate() throws {
    let rows = try observe("action-delay=3") { [Float($0) / 50, 2] }[0]
    for step in 1...50 {
      // The zero action within its bounds: 0 and 1.
      let expected: [Float] = step <= 3 ? [0, 1] : [Float(step - 4) / 50, 2]
      #expect(Array(rows[step][1...2]) == expected, "\(step)")
    }
  }

  @Test func lostActionsAreReplacedByTheLastThatArrived() throws {
    var lost = 0
    for rows in try observe("action-dropout=0.3", episodes: 200, action: { [Float($0) / 50, 2] }) {
      var last: Float = 0
      for step in 1...50 {
        let sent = Float(step - 1) / 50
        lost += rows[step][1] != sent ? 1 : 0
        #expect(rows[step][1] == sent || rows[step][1] == last)
        last = rows[step][1]
      }
    }
    // The first action equals the zero action, so that its loss does not show.
    #expect(abs(Double(lost) / 200 / 49 - 0.3) < 0.015, "three deviations")
    let none = try observe("action-dropout=1") { _ in [1, 3] }[0]
    #expect(none.dropFirst().allSatisfy { $0[1] == 0 && $0[2] == 1 })
    // Lost on arrival, not on departure: the delay is the same.
    let both = try observe("action-delay=2,action-dropout=0.5") { [Float($0) / 50, 2] }[0]
    #expect(both.dropFirst().enumerated().allSatisfy { $1[1] <= max(0, Float($0 - 2)) / 50 })
  }

  @Test func actionNoiseIsNormalInHalfRanges() throws {
    let episodes = try observe("action-noise=0.1", episodes: 200) { _ in [0, 3] }
    // Half of each range is 2.
    for (component, center) in [(1, 0.0), (2, 3.0)] {
      let values = episodes.flatMap { $0.dropFirst().map { Double($0[component]) - center } }
      #expect(distance(values) { normal($0, 0.2) } < bound(10_000))
    }
    let wide = try observe("action-noise=2", episodes: 20) { _ in [9, 3] }.joined().dropFirst()
    let first = wide.filter { $0[0] > 0 }.map { $0[1] }
    #expect(first.min() == -2 && first.max() == 2, "kept within the bounds")
    #expect(first.contains { abs($0) < 2 })
  }

  @Test func noiseOnChoicesReplacesThem() throws {
    let environment = RegisteredEnvironment(ChoiceProbe.self)
    let episodes = try observe("action-noise=0.4", in: environment, episodes: 400) { _ in [2] }
    let choices = episodes.flatMap { $0.dropFirst().map { $0[0] } }
    for (choice, share) in [(Float(0), 0.1), (1, 0.1), (2, 0.7), (3, 0.1)] {
      #expect(abs(Double(choices.count { $0 == choice }) / 20_000 - share) < 0.01)
    }
    let delayed = try observe("action-delay=1", in: environment) { _ in [2] }[0]
    #expect(delayed.map { $0[0] } == [0, 0] + [Float](repeating: 2, count: 49))
  }

  // MARK: Observations

  @Test func observationNoiseIsNormalInEachUnit() throws {
    let episodes = try observe("observation-noise=0.1:0:0.2:1:3", episodes: 100)
    let exact = try observe("none")[0]
    for (component, deviation) in [(0, 0.1), (2, 0.2), (3, 1), (4, 3)] {
      let values = episodes.flatMap { rows in
        (0...50).map { Double(rows[$0][component] - exact[$0][component]) }
      }
      #expect(distance(values) { normal($0, deviation) } < bound(5100), "\(component)")
    }
    #expect(episodes.allSatisfy { rows in (0...50).allSatisfy { rows[$0][1] == exact[$0][1] } })
    let one = try observe("observation-noise=0.5")[0]
    #expect(Set((0..<5).map { one[0][$0] }).count == 5, "components are independent")
  }

  @Test func biasIsConstantWithinAnEpisode() throws {
    let exact = try observe("none")[0]
    let episodes = try observe("observation-bias=0.5:0:2:2:2", episodes: 2000)
    var first: [Double] = []
    for rows in episodes {
      let offset = rows[0][0] - exact[0][0]
      first.append(Double(offset))
      #expect(abs(rows[50][0] - exact[50][0] - offset) < 1e-5 && rows[7][1] == exact[7][1])
    }
    #expect(distance(first) { ($0 + 0.5) / 1 } < bound(2000))
    let constant = try observe("observation-bias=constant:-0.5", episodes: 2)
    #expect(constant.allSatisfy { rows in (0...50).allSatisfy { rows[$0][0] == Float($0) - 0.5 } })
  }

  @Test func delayedObservationsArriveLate() throws {
    let rows = try observe("observation-delay=4", episodes: 2)[1]
    #expect(rows.map { $0[0] } == (0...50).map { Float(max(0, $0 - 4)) })
  }

  /// Noise belongs to the time of measurement: what arrives late is what was measured then.
  @Test func whatArrivesLateWasMeasuredEarlier() throws {
    let (now, late) = (
      try observe("observation-noise=1,observation-bias=1")[0],
      try observe("observation-noise=1,observation-bias=1,observation-delay=3")[0]
    )
    for step in 0...50 { #expect(late[step] == now[max(0, step - 3)]) }
  }

  // MARK: Pushes

  /// The pushes of an episode by step, as fractions of the bounds.
  private func pushes(_ text: String, episodes: Int = 1) throws -> [[(x: Double, y: Double)]] {
    try observe(text, episodes: episodes).map { rows in
      rows.dropFirst().map { (Double($0[3]) / 2, Double($0[4]) / 4) }
    }
  }

  @Test func anImpulseHasItsSizeLengthAndTime() throws {
    var starts: [Double] = []
    var angles: [Double] = []
    for steps in try pushes("push=impulse:0.5:10", episodes: 2000) {
      let on = steps.indices.filter { steps[$0] != (0, 0) }
      try #require(on.count == 10 && on[9] == on[0] + 9)
      let (x, y) = steps[on[0]]
      #expect(abs((x * x + y * y).squareRoot() - 0.5) < 1e-6)
      #expect(on.allSatisfy { steps[$0] == (x, y) })
      starts.append(Double(on[0]))
      angles.append(atan2(y, x))
    }
    #expect(Set(starts) == Set((0...40).map(Double.init)), "every start that leaves room")
    #expect(abs(starts.reduce(0, +) / 2000 - 20) < 0.8, "three deviations")
    #expect(distance(angles) { ($0 + .pi) / (2 * .pi) } < bound(2000))
    let given = try pushes("push=impulse:1:3:5")[0]
    #expect(given.indices.filter { given[$0] != (0, 0) } == [4, 5, 6], "from step 5")
  }

  @Test func constantAndPeriodicPushesRepeat() throws {
    let constant = try pushes("push=constant:0.7")[0]
    #expect(constant.allSatisfy { $0 == constant[0] })
    #expect(abs(hypot(constant[0].x, constant[0].y) - 0.7) < 1e-6)
    var phases: [Double] = []
    for steps in try pushes("push=periodic:0.5:20", episodes: 1000) {
      for step in 0..<30 {
        #expect(abs(steps[step].x - steps[step + 20].x) < 1e-6)
        #expect(abs(steps[step].x + steps[step + 10].x) < 1e-6)
      }
      // A quarter of a period apart, sine and cosine.
      let size = hypot(hypot(steps[0].x, steps[5].x), hypot(steps[0].y, steps[5].y))
      #expect(abs(size - 0.5) < 1e-6)
      phases.append(steps[0].x * steps[0].x + steps[0].y * steps[0].y)
    }
    #expect(abs(phases.reduce(0, +) / 1000 - 0.125) < 0.01, "the mean square of a sine")
  }

  @Test func theProcessHasItsVarianceAndMemory() throws {
    let episodes = try pushes("push=ou:0.2:8", episodes: 2000)
    for step in [0, 1, 30] {
      let values = episodes.map { $0[step].y }
      #expect(distance(values) { normal($0, 0.2) } < bound(2000), "\(step)")
    }
    for lag in [1, 8] {
      let products = episodes.map { $0[10].x * $0[10 + lag].x }
      let correlation = products.reduce(0, +) / 2000 / 0.04
      #expect(abs(correlation - exp(-Double(lag) / 8)) < 0.1)
    }
    let across = episodes.map { $0[10].x * $0[10].y }.reduce(0, +) / 2000 / 0.04
    #expect(abs(across) < 0.1, "components are independent")
  }

  @Test func pushesAddUpWithinTheBounds() throws {
    let one = try pushes("push=constant:0.3")[0][0]
    let both = try pushes("push=constant:0.3,push=impulse:0.4:1:1")[0]
    #expect(both[1] == one, "the second has a stream of its own")
    #expect(abs(hypot(both[0].x - one.x, both[0].y - one.y) - 0.4) < 1e-6)
    let caller = try observe("push=constant:0.3", pushes: [0.5, -4])[0][1]
    #expect(abs(Double(caller[3]) - 0.5 - 2 * one.x) < 1e-6, "on top of the caller's")
    #expect(caller[4] >= -4 && abs(max(-4, -4 + 4 * Float(one.y)) - caller[4]) < 1e-6)
  }

  // MARK: Together

  /// The draws of one are the same beside another.
  @Test func everyPerturbationHasItsOwnStream() throws {
    let noise = try observe("observation-noise=1")[0]
    let all = try observe(
      "observation-noise=1,observation-bias=constant:0,action-noise=0,push=constant:0,"
        + "action-dropout=0")[0]
    #expect(all == noise)
    let action = try observe("action-noise=0.1")[0].map { $0[1] }
    let dropped = try observe("action-noise=0.1,action-dropout=1,push=ou:0.5:3")[0].map { $0[1] }
    #expect(action == dropped, "the zero action is that of the test")
  }

  private static let everything =
    "action-delay=2,action-dropout=0.1,action-noise=0.1,push=impulse:0.8:20,push=ou:0.3:10,"
    + "push=periodic:0.2:15,observation-bias=0.1,observation-noise=0.05,observation-delay=1"

  private func vector(
    _ identifier: String, _ text: String, count: Int = 3
  ) throws -> (any BatchedEnvironment, Matrix) {
    let environment = try #require(EnvironmentRegistry.find(identifier))
    let conditions = try EpisodeConditions(
      Randomization(), Perturbations(parsing: text), in: environment)
    let vector = try environment.makeVector(count)
    conditions.apply(to: vector, isGrowing: true)
    vector.reset(seeds: .training(runSeed: 2))
    return (vector, Matrix(rows: count, columns: environment.specification.actionWidth))
  }

  private func draw(_ actions: Matrix, _ random: inout RandomStream, _ space: Space) {
    for i in 0..<actions.rows {
      for j in 0..<actions.columns {
        actions[i, j] =
          switch space {
          case .box(let low, let high): random.uniform(from: low[j], to: high[j])
          case .discrete(let count): Float(random.integer(below: UInt32(count)))
          }
      }
    }
  }

  private func bits(_ vector: any BatchedEnvironment) -> [UInt64] {
    (0..<vector.count).flatMap { i in
      [vector.stateHash(of: i)]
        + vector.batch.observations.row(i).map { UInt64($0.bitPattern) }
    }
  }

  @Test(arguments: ["walker", "cartpole-v1", "quadcopter", "pendulum-v1"])
  func perturbationsOfNoSizeChangeNoBit(identifier: String) throws {
    let nothing =
      "action-delay=0,action-dropout=0,action-noise=0,push=impulse:0:5,push=constant:0,"
      + "push=periodic:0:9,push=ou:0:5,observation-bias=0,observation-noise=0,observation-delay=0"
    let (plain, actions) = try vector(identifier, "none")
    let (perturbed, _) = try vector(identifier, nothing)
    #expect(plain.perturber == nil && perturbed.perturber != nil)
    var random = RandomStream(seed: 5, name: "actions")
    for _ in 0..<400 {
      draw(actions, &random, plain.specification.actionSpace)
      for vector in [plain, perturbed] { vector.step(actions: actions, in: 0..<3) }
      #expect(bits(plain) == bits(perturbed))
    }
    #expect(plain.snapshot(of: 0).episode + plain.snapshot(of: 1).episode > 0)
  }

  /// Blocks in any order, and an episode restored in its middle, go on in the same way.
  @Test(arguments: ["walker", "cartpole-v1"])
  func perturbedEpisodesAreExact(identifier: String) throws {
    let text = Self.everything
    let (whole, actions) = try vector(identifier, text)
    let (split, _) = try vector(identifier, text)
    var random = RandomStream(seed: 6, name: "actions")
    let space = whole.specification.actionSpace
    for step in 0..<150 {
      draw(actions, &random, space)
      whole.step(actions: actions, in: 0..<3)
      for block in [2..<3, 0..<2] { split.step(actions: actions, in: block) }
      #expect(bits(whole) == bits(split))
      guard step % 37 == 36 else { continue }
      let (copy, _) = try vector(identifier, text)
      for i in 0..<3 { try copy.restore(whole.snapshot(of: i), to: i) }
      #expect(bits(copy) == bits(whole))
      var later = random
      let (ahead, _) = try vector(identifier, text)
      for i in 0..<3 { try ahead.restore(whole.snapshot(of: i), to: i) }
      for _ in 0..<40 {
        draw(actions, &later, space)
        for vector in [copy, ahead] { vector.step(actions: actions, in: 0..<3) }
      }
      #expect(bits(copy) == bits(ahead))
    }
  }

  /// Success is judged by the state, not by what was seen of it.
  @Test func finalStatesAreJudgedWithoutDistortion() throws {
    let (plain, actions) = try vector("quadcopter", "none", count: 1)
    let (noisy, _) = try vector("quadcopter", "observation-noise=5,observation-delay=3", count: 1)
    var ends = 0
    for _ in 0..<2000 {
      for vector in [plain, noisy] { vector.step(actions: actions, in: 0..<1) }
      guard plain.batch.hasEnded(0) else { continue }
      ends += 1
      let (exact, seen) = (plain.batch.finalObservations, noisy.batch.finalObservations)
      #expect(noisy.batch.exactFinalObservations.row(0).elementsEqual(exact.row(0)))
      #expect(plain.batch.exactFinalObservations.row(0).elementsEqual(exact.row(0)))
      #expect(!seen.row(0).elementsEqual(exact.row(0)))
    }
    #expect(ends > 2)
  }
}
