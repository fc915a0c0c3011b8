import Environments
import RLCore
import Testing

/// The rules of the two goals: what a step pays, where it ends, and what the best return is.
@Suite struct TwoGoalsTests {
  /// Plays from the very middle.
  private func play(_ actions: [[Float]]) -> [(StepOutcome, [Float])] {
    var seen: [2 of Float] = [0, 0]
    var span = seen.mutableSpan
    var task = DiagnosticTwoGoals(column: 0, row: 0, observation: &span)
    return actions.map { action in
      let outcome = task.step(action: action.span, observation: &span)
      return (outcome, [span[0], span[1]])
    }
  }

  @Test(arguments: [Float(1), -1]) func elevenStepsToEitherGoalPayTwenty(direction: Float) {
    let steps = play(Array(repeating: [0, direction], count: 11))
    #expect(steps.map(\.0.reward) == Array(repeating: 1, count: 10) + [10])
    #expect(steps.map(\.0.end) == Array(repeating: nil, count: 10) + [.goalReached])
    #expect(steps[10].1[1] == direction * 11 / 12)
  }

  /// Halves stay, more moves; towards the middle costs what leading away from it pays.
  @Test func actionsAreRounded() {
    let steps = play([[0, 0.5], [0, 0.51], [0, 7], [0, -0.51], [0, -0.5], [0, -1], [0, -1]])
    #expect(steps.map { $0.1[1] * 12 } == [0, 1, 2, 1, 1, 0, -1])
    #expect(steps.map(\.0.reward) == [0, 1, 1, -1, 0, -1, 1])
  }

  @Test func columnsEndAtTheGrid() {
    let steps = play(Array(repeating: [1, 0], count: 30))
    #expect(steps[29].1 == [1, 0])
    #expect(steps.allSatisfy { $0.0 == StepOutcome(reward: 0) })
  }

  @Test func startsAreSpreadOverAllCellsButGoals() {
    let starts = (0..<2000).map { seed in
      var random = NumPyRandom(seed: UInt64(seed))
      var seen: [2 of Float] = [0, 0]
      var span = seen.mutableSpan
      _ = DiagnosticTwoGoals(parameters: .init(), using: &random, observation: &span)
      return [span[0], span[1]]
    }
    #expect(Set(starts.map { $0[0] }).count == 25 && Set(starts.map { $0[1] }).count == 21)
    #expect(starts.allSatisfy { abs($0[0]) <= 1 && abs($0[1]) < 0.9 })
  }

  @Test func theControllerIsOptimal() {
    let episodes = playEpisodes(
      "diagnostic-two-goals", count: 200, controller: "two-goals-nearest")
    #expect(episodes.allSatisfy { $0.totalReward == 9 + Double($0.length) && $0.terminated })
    #expect(Set(episodes.map(\.length)) == Set(1...11))
  }
}
