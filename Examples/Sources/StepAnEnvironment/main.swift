import RLSuite

let environment = try Registry.standard.environment("walker").makeVector(1)
environment.reset(environment: 0, seed: 1)
let actions = Matrix(rows: 1, columns: environment.specification.actionWidth)
var rewards: Float = 0
for _ in 1...1000 {
  for j in 0..<actions.columns { actions[0, j] = .random(in: -1...1) }
  environment.step(actions: actions, in: 0..<1)
  rewards += environment.batch.rewards[0]
  if environment.batch.hasEnded(0) { break }
}
print("a walker at random: return \(rewards)")
