// swift-tools-version: 6.2
import PackageDescription

// Apart from the suite's package, because everything in it is compiled to be watched by libFuzzer.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "rlsuite", path: "../..")],
  targets: [
    .systemLibrary(name: "CFuzzer", path: "Sources/CFuzzer"),
    .executableTarget(
      name: "fuzz-recording",
      dependencies: [
        "CFuzzer", .product(name: "Recording", package: "rlsuite"),
        .product(name: "Storage", package: "rlsuite"),
      ],
      path: "Sources/FuzzRecording"),
    .executableTarget(
      name: "fuzz-hdf5",
      dependencies: ["CFuzzer", .product(name: "Storage", package: "rlsuite")],
      path: "Sources/FuzzHDF5"),
  ],
  swiftLanguageModes: [.v6]
)
