import Archives
import Foundation
import Interchange
import Models
import TestSupport
import Testing

@Suite struct FormatRegistryTests {
  @Test(arguments: [
    ("empty.h5", "the file is empty", "download"),
    ("lfs-pointer.h5", "Git LFS pointer", "git lfs pull"),
    ("mlp.onnx", "ONNX", "Keras model"),
    ("mlp.pt", "pickle", "model.save"),
    ("mlp.safetensors", "without a graph", "model.save"),
    ("mlp.tflite", "TensorFlow Lite", "converted from"),
    ("page.h5", "web page", "download"),
    ("weights.npz", "NumPy", "give the model"),
  ])
  func foreignFileSaysWhatToDo(file: String, finding: String, advice: String) throws {
    let path = Fixtures.path("foreign/\(file)")
    let error = #expect(throws: KerasError.self) { try FormatRegistry.open(path) }
    let line = try #require(error?.description)
    #expect(line.contains(finding), "\(line)")
    #expect(line.contains(advice), "\(line)")
    #expect(!line.contains("\n"))
  }

  @Test(
    arguments: [
      ([0x1F, 0x8B, 8, 0], "gunzip"), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7z"),
      ([1, 2, 3, 4], "not of a format that modelc knows"),
      (Array("{\"a\": 1}".utf8), "JSON"),
      ([0x80, 2, 0x8A, 0x0A], "pickle"),
    ] as [([UInt8], String)])
  func contentDecidesWhateverTheName(bytes: [UInt8], word: String) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.keras").path
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: KerasError.self) { try FormatRegistry.open(path) }
      #expect(error?.description.contains(word) == true, "\(error as Any)")
    }
  }

  @Test func archiveWithoutConfigurationIsNamed() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("x.keras").path
      var writer = try ZipWriter(path: path)
      try writer.add("readme.txt", Array("hello".utf8))
      _ = try writer.finish()
      let error = #expect(throws: KerasError.self) { try FormatRegistry.open(path) }
      #expect(error?.description.contains("without Keras' config.json") == true)
    }
  }

  @Test func folderAndMissingFileAreNamed() throws {
    try Fixtures.withTemporaryFolder { folder in
      let plain = #expect(throws: KerasError.self) { try FormatRegistry.open(folder.path) }
      #expect(plain?.problem == "a folder")
      try Data().write(to: folder.appendingPathComponent("saved_model.pb"))
      let saved = #expect(throws: KerasError.self) { try FormatRegistry.open(folder.path) }
      #expect(saved?.description.contains("SavedModel") == true)
      let missing = folder.appendingPathComponent("nothing").path
      let none = #expect(throws: KerasError.self) { try FormatRegistry.open(missing) }
      #expect(none?.description == "\(missing): no such file")
    }
  }

  @Test(arguments: ["lambda-k2.h5", "lambda-k3.h5", "lambda-k2.keras", "lambda-k3.keras"])
  func codeIsCarriedAndNamed(file: String) throws {
    let imported = try FormatRegistry.open(Fixtures.path("keras/\(file)"))
    let layer = try #require(imported.model.layers.first { $0.path == "doubled" })
    guard case .opaque(let settings) = layer.kind else {
      Issue.record("expected a carried layer, found \(layer.kind.title)")
      return
    }
    #expect(settings.carriesCode)
    #expect(imported.remarks.contains { $0.place == "doubled" && $0.reason.contains("never run") })
    #expect(throws: KerasViewObstacle.self) { try KerasView(of: imported.model) }
  }

  @Test(arguments: ["compiled-k2.h5", "compiled-k3.h5", "compiled-k2.keras", "compiled-k3.keras"])
  func droppedOptimiserIsSaid(file: String) throws {
    let imported = try FormatRegistry.open(Fixtures.path("keras/\(file)"))
    #expect(
      imported.remarks.contains { $0.reason.contains("optimiser's state") }, "\(imported.remarks)")
    #expect(
      imported.remarks.contains { $0.reason.contains("compile the model") }, "\(imported.remarks)")
  }

  /// y · 2 + x, recorded as operators, becomes a Rescaling and an Add.
  @Test(arguments: ["operators-k2.h5", "operators-k3.keras"])
  func arithmeticBecomesLayers(file: String) throws {
    let imported = try FormatRegistry.open(Fixtures.path("keras/\(file)"))
    #expect(
      imported.model.layers.map(\.kind.title)
        == ["InputLayer", "Dense", "Rescaling", "Add", "Dense"])
    #expect(imported.model.layers[2].kind == .rescaling(Rescaling(scale: [2], offset: [0])))
    #expect(imported.remarks.isEmpty, "\(imported.remarks)")
    _ = try imported.model.lowered()
    _ = try KerasView(of: imported.model)
  }

  /// Each operator of Keras 2 with a constant, and the Rescaling that it is.
  @Test(arguments: [
    ("math.truediv", "[\"x\", 0, 0, {\"y\": [2.0, 4.0, 8.0]}]", [0.5, 0.25, 0.125], [0]),
    ("math.subtract", "[\"x\", 0, 0, {\"y\": 3}]", [1], [-3]),
    (
      "math.subtract", "[\"_CONSTANT_VALUE\", -1, 3.0, {\"y\": [\"x\", 0, 0]}]", [-1], [3]
    ),
    ("__operators__.add", "[\"x\", 0, 0, {\"y\": 0.5, \"name\": null}]", [1], [0.5]),
    ("math.multiply", "[\"x\", 0, 0, {\"y\": [[[2.0, 3.0, 4.0]]]}]", [2, 3, 4], [0]),
  ])
  func operatorWithConstantBecomesRescaling(
    function: String, node: String, scale: [Double], offset: [Double]
  ) throws {
    let file = KerasFile.functional()
      .replacing(
        "\"units\": 4, \"activation\": \"relu\", \"use_bias\": true",
        "\"function\": \"\(function)\""
      )
      .replacing("\"Dense\", \"name\": \"a\"", "\"TFOpLambda\", \"name\": \"a\"")
      .replacing("[[[\"x\", 0, 0, {}]]]", "[[\(node)]]")
      .with {
        $0.layers.removeFirst()
        $0.layers[0].weights[0].extents = [3, 2]
      }
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("in.h5").path
      try file.write(to: path)
      let model = try FormatRegistry.open(path).model
      #expect(model.layers[1].kind == .rescaling(Rescaling(scale: scale, offset: offset)))
    }
  }
}
