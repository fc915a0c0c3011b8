// swift-tools-version: 6.2
import PackageDescription

// A package of its own, as an app that uses the suite is; it would name a URL instead of a path.
let suite = Target.Dependency.product(name: "RLSuite", package: "rlsuite")

let package = Package(
  name: "examples",
  dependencies: [.package(name: "rlsuite", path: "..")],
  targets: [
    .executableTarget(name: "StepAnEnvironment", dependencies: [suite]),
    .target(name: "PointMass", dependencies: [suite]),
    .executableTarget(name: "TrainPointMass", dependencies: ["PointMass", suite]),
    .executableTarget(name: "EvaluateAndRecord", dependencies: ["PointMass", suite]),
    .executableTarget(
      name: "PointMassTool",
      dependencies: ["PointMass", suite, .product(name: "RLSuiteTool", package: "rlsuite")]),
  ]
)
