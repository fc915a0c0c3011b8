import Environments
import LinearAlgebra
import RLCore
import Testing

/// Cart-poles that are stepped four at a time.
@Suite struct CartPoleVectorTests {
  /// With parameters of its own for each slot, pushes, and steps after the end.
  @Test(arguments: 1...9) func slotsSteppedTogetherHaveTheBitsOfEachAlone(count: Int) throws {
    let vector = VectorEnvironment(CartPoleV1.self, count: count)
    vector.takesDisturbances = true
    vector.resetsEndedEpisodes = false
    var random = NumPyRandom(seed: UInt64(count))
    var (alone, constants) = ([CartPoleV1](), [CartPoleParameters]())
    var values = [Float](repeating: 0, count: 4)
    for slot in 0..<count {
      var parameters = CartPoleParameters()
      parameters.poleMass = random.uniform(0.02, 1)
      parameters.poleHalfLength = random.uniform(0.1, 2)
      parameters.gravity = random.uniform(1, 30)
      try vector.setParameter("pole-mass", to: parameters.poleMass, of: slot)
      try vector.setParameter("pole-half-length", to: parameters.poleHalfLength, of: slot)
      try vector.setParameter("gravity", to: parameters.gravity, of: slot)
      constants.append(parameters)
      vector.reset(environment: slot, seed: UInt64(slot))
      var start = NumPyRandom(seed: UInt64(slot))
      var observation = values.mutableSpan
      alone.append(CartPoleV1(parameters: parameters, using: &start, observation: &observation))
    }
    let actions = Matrix(rows: count, columns: 1)
    let pushes = try #require(vector.disturbances)
    for _ in 0..<200 {
      for slot in 0..<count {
        actions[slot, 0] = random.uniform(0, 1) < 0.5 ? 0 : 1
        pushes[slot, 0] = random.uniform(0, 1) < 0.5 ? 0 : Float(random.uniform(-5, 5))
        let push: [Float] = [pushes[slot, 0]]
        alone[slot].disturb(push.span)
      }
      vector.step(actions: actions, in: 0..<count)
      for slot in 0..<count {
        var observation = values.mutableSpan
        let action: [Float] = [actions[slot, 0]]
        let outcome = alone[slot].step(action: action.span, observation: &observation)
        #expect(values == Array(vector.batch.observations.row(slot)))
        #expect(Float(outcome.reward) == vector.batch.rewards[slot])
        #expect(outcome.end == vector.batch.ends[slot])
        if vector.batch.hasEnded(slot) {
          vector.reset(environment: slot, seed: 99)
          var start = NumPyRandom(seed: 99)
          var observation = values.mutableSpan
          alone[slot] = CartPoleV1(
            parameters: constants[slot], using: &start, observation: &observation)
        }
      }
    }
  }
}
