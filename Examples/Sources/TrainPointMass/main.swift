import PointMass
import RLSuite

var registry = Registry.standard
try registry.add(RegisteredEnvironment(PointMass.self))

var experiment = try Experiment(environment: "point-mass", agent: "ppo", registry: registry)
try experiment.set("steps", to: 40_000)
try experiment.set("learning-rate", to: 0.001)
try experiment.set("evaluation.every", to: 10_000)

let run = try experiment.start(in: CommandLine.arguments.dropFirst().first)
try run.train()
print("\(run.folder.path): best evaluation \(run.bestReturn ?? .nan)")
print("checkpoints: \(run.folder.checkpointSteps)")
