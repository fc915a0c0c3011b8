import Environments
import Foundation
import LinearAlgebra
import Physics
import RLCore
import Testing

/// Walkers as lanes against walkers on Box2D: every bit of every step.
@Suite struct WalkerLanesTests {
  private static let isLong = ProcessInfo.processInfo.environment["RLSUITE_LONG_TESTS"] != nil
  private static let instructionSets = ["baseline", "v3", "v4"]

  /// How walkers are driven, and what is varied.
  private struct Course: CustomStringConvertible {
    var name: String
    var hasObstacles = false
    var controls = WalkerPair.Controls.random
    var isPushed = false
    var parameters = WalkerPair.Parameters.nominal
    var description: String { name }
  }

  private static let courses = [
    Course(name: "gait", controls: .gait),
    Course(name: "gait, pushed", controls: .gait, isPushed: true),
    Course(name: "gait, extreme", controls: .gait, parameters: .extreme),
    Course(name: "gait, flat", controls: .gait, parameters: .flat),
    Course(name: "gait, obstacles", hasObstacles: true, controls: .gait),
    Course(name: "random"),
    Course(name: "random, extreme and pushed", isPushed: true, parameters: .extreme),
    Course(name: "random, obstacles", hasObstacles: true),
    Course(name: "random, everything", hasObstacles: true, isPushed: true, parameters: .extreme),
    Course(name: "asleep", controls: .naps, parameters: .flat),
    Course(name: "asleep, obstacles", hasObstacles: true, controls: .naps),
  ]

  @Test(arguments: instructionSets)
  func everyStepHasTheBitsOfBox2D(instructionSet: String) {
    guard LaneWorlds.withInstructionSet(instructionSet, {}) != nil else { return }
    for (k, course) in Self.courses.enumerated() {
      LaneWorlds.withInstructionSet(instructionSet) {
        var pair = WalkerPair(
          count: 37, seed: UInt64(k), hasObstacles: course.hasObstacles,
          controls: course.controls, isPushed: course.isPushed, parameters: course.parameters)
        #expect(pair.run(steps: Self.isLong ? 2500 : 130) == nil, "\(course), \(instructionSet)")
      }
    }
  }

  @Test func bodiesThatSleepAndWakeHaveTheBitsOfBox2D() {
    _ = LaneWorlds.takeCounts()
    var pair = WalkerPair(
      count: 6, seed: 3, hasObstacles: false, controls: .naps, parameters: .flat)
    #expect(pair.run(steps: 700) == nil)
    #expect(pair.sleepingSteps > 200)
    #expect(LaneWorlds.takeCounts().alone > 200)
  }

  @Test(arguments: [0, 1]) func worldsWithMoreContactsThanSlotsHaveTheBitsOfBox2D(slots: Int) {
    LaneWorlds.limitContacts(to: slots)
    defer { LaneWorlds.limitContacts(to: nil) }
    _ = LaneWorlds.takeCounts()
    var pair = WalkerPair(count: 5, seed: 4, hasObstacles: true, controls: .random)
    #expect(pair.run(steps: 300) == nil)
    let counts = LaneWorlds.takeCounts()
    #expect(counts.alone > 100 && counts.inLanes > 100)
  }

  @Test func shortcutsChangeNothing() {
    LaneWorlds.checkShortcuts(true)
    defer { LaneWorlds.checkShortcuts(false) }
    _ = LaneWorlds.takeCounts()
    for course in Self.courses {
      var pair = WalkerPair(
        count: 16, seed: 11, hasObstacles: course.hasObstacles, controls: course.controls,
        isPushed: course.isPushed, parameters: course.parameters)
      #expect(pair.run(steps: Self.isLong ? 2500 : 100) == nil, "\(course)")
    }
    let counts = LaneWorlds.takeCounts()
    #expect(counts.wrong == 0)
    #expect(counts.shortcuts > 10_000)
  }

  /// The same episodes in blocks of other sizes, other orders and other slots.
  @Test(arguments: [1, 3, 16, 40]) func laneAndBlockChangeNoBit(size: Int) {
    let count = 40
    func hashes(size: Int, isReversed: Bool) -> [UInt64] {
      let walkers = BipedalWalkerLanes(count: count, hasObstacles: true)
      let batch = StepBatch(count: count, observationWidth: 24)
      let actions = Matrix(rows: count, columns: 4)
      func seed(_ slot: Int) -> UInt64 { UInt64(isReversed ? count - 1 - slot : slot) }
      let episodes = (0..<count).map { EpisodeBeginning(slot: $0, seed: seed($0)) }
      walkers.start(episodes.span, observations: batch.observations)
      let blocks = stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
      for t in 0..<120 {
        for slot in 0..<count {
          for j in 0..<4 { actions[slot, j] = Float(sin(Double(seed(slot)) + Double(t * (j + 1)))) }
        }
        for block in isReversed ? Array(blocks.reversed()) : blocks {
          walkers.step(block, actions: actions, disturbances: nil, batch: batch)
        }
      }
      return (0..<count).map { slot in
        var hasher = StateHasher()
        walkers.hashState(of: isReversed ? count - 1 - slot : slot, into: &hasher)
        return hasher.value
      }
    }
    #expect(
      hashes(size: size, isReversed: size % 2 == 0) == hashes(size: count, isReversed: false))
  }

  @Test(arguments: instructionSets) func sinesAreTheLibrarys(instructionSet: String) {
    let (least, most) = (Float(0x1p-14).bitPattern, Float(130).bitPattern)
    var angles: [Float] = [0, -0, .leastNonzeroMagnitude, .pi / 4, -.pi / 4, .pi, 119.99, 120, 1e9]
    for sign: UInt32 in [0, 1 << 31] {
      angles += stride(from: least, to: most, by: Self.isLong ? 61 : 1009).map {
        Float(bitPattern: $0 | sign)
      }
    }
    let result = LaneWorlds.withInstructionSet(instructionSet) {
      LaneWorlds.sinesAndCosines(of: angles)
    }
    guard let result else { return }
    var different = 0
    for (i, angle) in angles.enumerated()
    where result.sines[i].bitPattern != sinf(angle).bitPattern
      || result.cosines[i].bitPattern != cosf(angle).bitPattern
    {
      different += 1
    }
    #expect(different == 0, "of \(angles.count)")
  }

  @Test func lanesAreInUse() {
    #expect(WalkerPhysics.difference == nil)
    #expect(WalkerPhysics.current == .lanes)
  }
}
