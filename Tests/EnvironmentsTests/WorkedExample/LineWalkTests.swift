import Conformance
import RLCore
import Testing

/// The environment of CONTRIBUTING's recipe keeps every promise without any optional part.
@Suite struct LineWalkTests {
  private static let registered = RegisteredEnvironment(LineWalk.self)

  @Test(arguments: EnvironmentCheck.all) func conforms(check: EnvironmentCheck) throws {
    #expect(try check.faults(of: Self.registered) == [])
  }

  @Test func hasNoOptionalParts() {
    let registered = Self.registered
    #expect(registered.parameters.isEmpty && registered.disturbanceComponents.isEmpty)
    #expect(registered.manualControls.isEmpty && !registered.hasPicture)
    let vector = registered.construct(1)
    vector.takesDisturbances = true
    #expect(!vector.takesDisturbances && vector.disturbances == nil)
  }

  /// Straight to the right end.
  @Test func theRightEndPays() {
    let random = NumPyRandom(seed: 1)
    var (values, draws): ([Float], NumPyRandom) = ([0], random)
    var observation = values.mutableSpan
    var walk = LineWalk(parameters: .init(), using: &draws, observation: &observation)
    let right: [Float] = [2]
    for place in Int(observation[0]) + 1...5 {
      let outcome = walk.step(action: right.span, observation: &observation)
      let isEnd = place == 5
      #expect(outcome == StepOutcome(reward: isEnd ? 1 : -0.01, end: isEnd ? .goalReached : nil))
    }
  }
}
