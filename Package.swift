// swift-tools-version: 6.2
import PackageDescription

// Every Swift module: warnings are errors, imports say how far they reach.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]
// The same, and an unsafe pointer needs a visible `unsafe`.
let safe = strict + [.strictMemorySafety()]

// Kernels and the physics shim are compiled for speed in debug builds too: tests train networks.
// A package that is used by its version may have no such flags; its results are the same without.
let isCheckout = Context.packageDirectory.contains("/checkouts/")
let optimizedC: [CSetting] = isCheckout ? [] : [.unsafeFlags(["-O2"])]
let optimizedCXX: [CXXSetting] = isCheckout ? [] : [.unsafeFlags(["-O2"])]

func module(
  _ name: String, _ uses: [Target.Dependency], in path: String? = nil,
  _ settings: [SwiftSetting] = safe,
  resources: [Resource]? = nil
) -> Target {
  .target(
    name: name, dependencies: uses, path: path, resources: resources, swiftSettings: settings)
}

// Test modules without inner loops of their own are compiled sooner when nothing is optimized.
let unoptimized: [SwiftSetting] =
  isCheckout ? [] : [.unsafeFlags(["-Onone"], .when(configuration: .release))]

func tests(_ name: String, _ uses: [Target.Dependency], _ settings: [SwiftSetting] = []) -> Target {
  .testTarget(
    name: name, dependencies: uses + ["TestSupport"], swiftSettings: strict + settings)
}

let package = Package(
  name: "rlsuite",
  products: [
    .executable(name: "rlsuite", targets: ["rlsuite"]),
    .executable(name: "rlsuite-bench", targets: ["rlsuite-bench"]),
    .library(name: "RLSuite", targets: ["RLSuite"]),
    .library(name: "RLSuiteTool", targets: ["RLSuiteTool"]),
    // The name `rlsuite` is the program's; `make library` renames the file to librlsuite.so.
    .library(name: "rlsuite-shared", type: .dynamic, targets: ["SharedLibrary"]),
  ]
    // The parts, for packages that need only some of them.
    + [
      "LinearAlgebra", "NeuralNetworks", "RLCore", "Environments", "Conformance", "Storage",
      "Training", "Agents", "Plasticity", "Robustness", "Recording", "Rendering", "Experiments",
      "Charts", "Report",
    ].map { .library(name: $0, targets: [$0]) },
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
    .package(url: "https://github.com/jpsim/Yams", .upToNextMinor(from: "6.2.2")),
    .package(
      url: "https://github.com/hummingbird-project/swift-mustache", .upToNextMinor(from: "2.1.1")),
  ],
  targets: [
    .target(
      name: "CBox2D", cxxSettings: optimizedCXX,
      linkerSettings: [.linkedLibrary("box2d"), .linkedLibrary("m")]),
    .target(name: "CKernels", cSettings: optimizedC, linkerSettings: [.linkedLibrary("m")]),
    .target(name: "CLanes", cSettings: optimizedC, linkerSettings: [.linkedLibrary("m")]),
    .target(name: "CSDL2", cSettings: optimizedC),
    .target(name: "CThreads", cSettings: optimizedC),
    .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCairo", providers: [.apt(["libcairo2-dev"])]),
    .systemLibrary(name: "CGIF", providers: [.apt(["libgif-dev"])]),
    .target(
      name: "CEvent", cSettings: optimizedC,
      linkerSettings: [.linkedLibrary("event_core"), .linkedLibrary("event_extra")]),
    .target(name: "CPNG", cSettings: optimizedC, linkerSettings: [.linkedLibrary("png")]),
    module("LinearAlgebra", ["CKernels", "COpenBLAS"], strict),
    module("NeuralNetworks", ["LinearAlgebra"]),
    module("Physics", ["CBox2D", "CLanes"], strict),
    module("RLCore", ["LinearAlgebra", "CThreads"], strict),
    module("Environments", ["RLCore", "Physics", "LinearAlgebra"], in: "Environments"),
    module("Traces", ["Environments", "RLCore", "Physics", "Storage"]),
    module("Conformance", ["RLCore", "LinearAlgebra"], strict),
    module("Storage", ["CZlib"]),
    module("Training", ["RLCore", "NeuralNetworks", "LinearAlgebra", "Storage", "Yams"]),
    module(
      "Agents", ["Training", "RLCore", "NeuralNetworks", "LinearAlgebra", "Storage"], in: "Agents",
      resources: [
        .embedInCode("A2C/A2CPresets.yaml"),
        .embedInCode("BehaviorCloning/BehaviorCloningPresets.yaml"),
        .embedInCode("FPO/FPOPresets.yaml"),
        .embedInCode("HInfinity/HInfinityPresets.yaml"),
        .embedInCode("IWOCS/IWOCSPresets.yaml"),
        .embedInCode("M2SAC/M2SACPresets.yaml"), .embedInCode("MDPO/MDPOPresets.yaml"),
        .embedInCode("MDPO/MDPOOffPolicyPresets.yaml"),
        .embedInCode("PPO/PPOPresets.yaml"),
        .embedInCode("RARL/RAPPresets.yaml"), .embedInCode("RARL/RARLPresets.yaml"),
        .embedInCode("SAC/SACPresets.yaml"), .embedInCode("TRPO/TRPOPresets.yaml"),
        .embedInCode("VMPO/VMPOPresets.yaml"),
      ]),
    module("Plasticity", ["Training", "NeuralNetworks", "LinearAlgebra", "Storage"]),
    module("Robustness", ["Training", "RLCore", "NeuralNetworks", "LinearAlgebra", "Storage"]),
    module("Recording", ["RLCore", "LinearAlgebra", "Storage"]),
    module("Charts", []),
    module(
      "Rendering", ["RLCore", "Charts", "Storage", "CCairo", "CGIF", "CPNG", "CSDL2"], strict),
    module(
      "Experiments",
      [
        "Environments", "Agents", "Training", "Plasticity", "Recording", "Robustness",
        "NeuralNetworks", "RLCore", "LinearAlgebra", "Physics", "Storage",
      ]),
    module(
      "Report",
      [
        "Charts", "Experiments", "Plasticity", "Recording", "RLCore", "Storage", "Training",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: [
        .embedInCode("Page/report.mustache"), .embedInCode("Page/table.mustache"),
        .embedInCode("Page/player.mustache"), .embedInCode("Page/report.css"),
        .embedInCode("Page/player.js"),
      ]),
    module(
      "RLSuite",
      [
        "Experiments", "Agents", "Environments", "Training", "RLCore", "Recording", "Rendering",
        "Plasticity", "Robustness", "Storage", "NeuralNetworks", "LinearAlgebra",
      ]),
    module(
      "PolicyExport",
      ["Experiments", "Training", "NeuralNetworks", "RLCore", "LinearAlgebra", "Storage"], strict),
    .target(name: "CRLSuite", cSettings: optimizedC),
    module(
      "SharedLibrary",
      [
        "CRLSuite", "Experiments", "LinearAlgebra", "RLCore", "RLSuiteTool", "Recording",
        "Rendering", "Robustness", "Storage", "Training",
      ], strict),
    .target(
      name: "RLSuiteTool",
      dependencies: [
        "CEvent", "Experiments", "Environments", "Traces", "Conformance", "Agents", "Training",
        "Plasticity", "PolicyExport", "Recording", "Rendering", "Report", "Robustness",
        "RLCore", "LinearAlgebra", "Storage",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/CommandLineTool", swiftSettings: strict),
    .executableTarget(name: "rlsuite", dependencies: ["RLSuiteTool"], swiftSettings: strict),
    .target(name: "CAllocationCounter"),
    .executableTarget(
      name: "rlsuite-bench",
      dependencies: [
        "Experiments", "Environments", "Agents", "Training", "Plasticity", "Recording", "Rendering",
        "Robustness", "NeuralNetworks", "RLCore", "LinearAlgebra", "Physics", "Storage",
        "CAllocationCounter",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Benchmarks", swiftSettings: strict),
    module(
      "TestSupport", ["RLCore", "NeuralNetworks", "LinearAlgebra"], in: "Tests/TestSupport", strict),
    tests("LinearAlgebraTests", ["LinearAlgebra"]),
    tests("NeuralNetworksTests", ["NeuralNetworks", "LinearAlgebra"]),
    tests("RLCoreTests", ["RLCore", "LinearAlgebra"]),
    tests(
      "EnvironmentsTests",
      ["Conformance", "Environments", "Traces", "Physics", "RLCore", "LinearAlgebra"], unoptimized),
    tests("StorageTests", ["Storage"], unoptimized),
    tests(
      "TrainingTests", ["Training", "RLCore", "NeuralNetworks", "LinearAlgebra", "Storage"],
      unoptimized),
    tests(
      "ExperimentsTests",
      [
        "Experiments", "Agents", "Environments", "Recording", "Robustness", "Training", "RLCore",
        "LinearAlgebra", "Storage",
      ], unoptimized),
    tests(
      "AgentsTests",
      [
        "Agents", "Environments", "Training", "RLCore", "NeuralNetworks", "LinearAlgebra",
        "Storage",
      ], unoptimized),
    tests(
      "PlasticityTests",
      [
        "Plasticity", "Agents", "Environments", "Training", "RLCore", "NeuralNetworks",
        "LinearAlgebra", "Storage",
      ], unoptimized),
    tests(
      "RobustnessTests",
      [
        "Robustness", "Conformance", "Environments", "Experiments", "Recording", "Training",
        "RLCore", "LinearAlgebra", "Storage",
      ], unoptimized),
    tests(
      "RecordingTests",
      ["Recording", "Environments", "RLCore", "LinearAlgebra", "Storage"], unoptimized),
    tests(
      "RenderingTests",
      ["Rendering", "Environments", "RLCore", "LinearAlgebra", "Storage", "CGIF"], unoptimized),
    tests("ChartsTests", ["Charts"], unoptimized),
    tests(
      "ReportTests", ["Report", "Environments", "Experiments", "Recording", "RLCore", "Storage"],
      unoptimized),
    tests(
      "PolicyExportTests",
      [
        "PolicyExport", "Environments", "Experiments", "Training", "RLCore", "NeuralNetworks",
        "LinearAlgebra", "Storage",
      ], unoptimized),
    tests(
      "SharedLibraryTests",
      [
        "SharedLibrary", "CRLSuite", "Environments", "Experiments", "RLCore", "NeuralNetworks",
        "LinearAlgebra", "Storage", "Training",
      ], unoptimized),
    tests(
      "CommandLineTests",
      [
        "rlsuite", "RLSuiteTool", "Experiments", "Environments", "Agents", "Recording", "Rendering",
        "Robustness", "Training",
        "RLCore", "Storage",
      ], unoptimized),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17,
  cxxLanguageStandard: .cxx17
)

// A build for the tests of some modules alone: names of test targets.
if let names = Context.environment["RLSUITE_TEST_TARGETS"]?.split(separator: " ").map(String.init) {
  package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}
