import PointMass
import RLSuite

var registry = Registry.standard
try registry.add(RegisteredEnvironment(PointMass.self))

let path = CommandLine.arguments.dropFirst().first ?? "runs/point-mass-ppo-1"
let policy = try StoredPolicy(path, registry: registry)
let result = try policy.evaluate(episodes: 50)
print("\(path): return \(result.mean) ± \(result.standardDeviation)")
for recording in try policy.record(episodes: 1) {
  print("\(recording.path): \(recording.stepCount) steps, return \(recording.totalReward)")
}
