// swift-tools-version: 6.2
import Foundation
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// A target of the layered house: it may import only what stands above it in this file.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude,
    swiftSettings: settings)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

/// Traits whose C libraries are installed; they are on by default.
let foundTraits = [
  ("Images", ["png.h", "jpeglib.h"]),
  ("OneDNN", ["oneapi/dnnl/dnnl.h"]),
].filter { _, headers in
  headers.allSatisfy { FileManager.default.fileExists(atPath: "/usr/include/" + $0) }
}.map(\.0)

let package = Package(
  name: "modelc",
  products: [
    .library(name: "ModelCompression", targets: ["ModelCompression"]),
    .executable(name: "modelc", targets: ["modelc"]),
  ],
  traits: [
    .trait(name: "Images", description: "Reads folders of PNG and JPEG (libpng, libjpeg)."),
    .trait(name: "OneDNN", description: "Convolves with oneDNN where it has faster code."),
    .default(enabledTraits: Set(foundTraits)),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
  ],
  targets: [
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),

    // Pictures are optional: without the trait this target compiles to a refusal.
    .target(
      name: "CImages",
      cSettings: [.define("MODELC_IMAGES", .when(traits: ["Images"]))],
      linkerSettings: [
        .linkedLibrary("png", .when(traits: ["Images"])),
        .linkedLibrary("jpeg", .when(traits: ["Images"])),
      ]),

    // So is oneDNN, whose library is opened when a program first convolves.
    .target(
      name: "COneDNN",
      cSettings: [.define("MODELC_ONEDNN", .when(traits: ["OneDNN"]))],
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),

    room("Messages"),
    room("JSON", ["Messages"]),
    room("Tensors"),
    room("HDF5", ["CHDF5", "CZlib", "Messages"]),
    room("Archives", ["CZlib", "Messages"]),
    room("LinearAlgebra", ["COpenBLAS", "Tensors"]),
    room("Programs", ["Tensors", "Messages"]),
    room("Models", ["Programs", "Tensors", "JSON", "Messages"]),
    .target(name: "CVector"),
    room("Execution", ["Programs", "Tensors", "LinearAlgebra", "CVector", "COneDNN", "Messages"]),
    room("Compression", ["Models", "Programs", "Tensors", "LinearAlgebra", "JSON", "Messages"]),
    room("Datasets", ["Tensors", "HDF5", "Archives", "CImages", "CVector", "Messages", crypto]),
    room("ModelFile", ["Models", "Tensors", "HDF5", "Archives", "JSON", "Messages", crypto]),
    room(
      "Interchange",
      ["Models", "Programs", "Tensors", "HDF5", "Archives", "JSON", "ModelFile", "Messages"]),
    room(
      "Training",
      [
        "Execution", "Models", "Programs", "Datasets", "Tensors", "LinearAlgebra", "JSON",
        "Messages",
      ]),
    room("CSource", ["Models", "Programs", "Tensors", "Messages"]),
    room("Reports", ["JSON", "Messages"]),
    room(
      "Pipelines",
      [
        "Models", "ModelFile", "Interchange", "Compression", "Datasets", "Training", "Execution",
        "Programs", "Tensors", "LinearAlgebra", "HDF5", "Archives", "JSON", "CSource", "Messages",
        crypto,
      ]),
    room(
      "ModelCompression",
      [
        "Tensors", "Models", "ModelFile", "Interchange", "Compression", "Datasets", "Training",
        "Execution", "Programs", "LinearAlgebra", "Pipelines", "JSON", "CSource",
      ]),
    room(
      "Commands",
      [
        "Pipelines", "Reports", "Models", "ModelFile", "Compression", "Datasets", "Training",
        "Interchange", "Tensors", "Programs", "JSON", "LinearAlgebra", "HDF5", "CSource",
        "Messages",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "modelc", dependencies: ["Commands"], swiftSettings: settings),

    .target(
      name: "TestSupport", dependencies: ["Archives", "JSON"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("MessagesTests", ["Messages"]),
    tests("JSONTests", ["JSON", "Tensors"]),
    tests("TensorsTests", ["Tensors"]),
    tests("HDF5Tests", ["HDF5"]),
    tests("ArchivesTests", ["Archives", "Tensors"]),
    tests(
      "LinearAlgebraTests", ["LinearAlgebra", "Tensors"], exclude: ["make_reference.py"]),
    tests("ProgramsTests", ["Programs", "Tensors"]),
    tests("ModelsTests", ["Models", "Programs", "Tensors", "JSON"]),
    tests(
      "ExecutionTests",
      [
        "Execution", "Programs", "Tensors", "LinearAlgebra", "Models", "Interchange", "Datasets",
        "Training",
      ]),
    tests(
      "CompressionTests",
      ["Compression", "Models", "Programs", "Tensors", "LinearAlgebra", "JSON"]),
    tests("DatasetsTests", ["Datasets", "Tensors", "HDF5", "Archives"]),
    tests("ModelFileTests", ["ModelFile", "Models", "Tensors", "HDF5", "JSON"]),
    tests(
      "InterchangeTests",
      [
        "Interchange", "ModelFile", "Models", "Programs", "Tensors", "HDF5", "Archives", "JSON",
        crypto,
      ]),
    tests(
      "TrainingTests",
      ["Training", "Execution", "Models", "Programs", "Datasets", "Tensors", "JSON"]),
    tests(
      "CSourceTests",
      [
        "CSource", "Execution", "Interchange", "Models", "Programs", "Tensors", "Datasets",
        "Pipelines",
      ]),
    tests("ReportsTests", ["Reports", "JSON"]),
    tests(
      "PipelinesTests",
      [
        "Pipelines", "Interchange", "ModelFile", "Compression", "Training", "Execution", "Models",
        "Datasets", "Programs", "Tensors", "LinearAlgebra", "HDF5", "Archives", "JSON", "CSource",
        "Messages",
      ]),
    tests("TranscriptTests", ["Commands", "modelc"]),
  ],
  swiftLanguageModes: [.v6]
)
