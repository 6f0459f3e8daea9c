import Foundation
import HDF5
import Interchange
import JSON
import Models
import TestSupport
import Testing

/// A file with one lie, and words that its error must hold.
struct Lie: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let words: [String]
  let file: @Sendable () -> KerasFile

  init(_ name: String, _ words: String..., file: @escaping @Sendable () -> KerasFile) {
    testDescription = name
    self.words = words
    self.file = file
  }
}

@Suite struct MalformedKerasTests {
  static let base = KerasFile.functional

  static let configurations: [Lie] = [
    Lie("not JSON", "model_config", "line 1") {
      base().with { $0.configuration = "{\"class_name\"" }
    },
    Lie("not an object", "expected an object") { base().with { $0.configuration = "[1]" } },
    Lie("a key twice", "model_config", "twice") {
      base().replacing("\"units\": 4", "\"units\": 4, \"units\": 5")
    },
    Lie("no graph", "whose graph only its Python class knows", "keras.Model") {
      base().with { $0.configuration = "{\"class_name\": \"MyNet\", \"config\": {}}" }
    },
    Lie("no layers", "the model has no layers") {
      base().with {
        $0.configuration = "{\"class_name\": \"Sequential\", \"config\": {\"layers\": []}}"
      }
    },
    Lie("a name twice", "two layers are called 'a'") {
      base().replacing("\"name\": \"b\"", "\"name\": \"a\"")
    },
    Lie("a name with a line break", "printable") {
      base().replacing("\"name\": \"a\"", "\"name\": \"a\\nb\"")
    },
    Lie("an unknown reference", "no layer is called 'zz'") {
      base().replacing("[[[\"a\", 0, 0, {}]]]", "[[[\"zz\", 0, 0, {}]]]")
    },
    Lie("a negative call", "b", "expected one of 1 calls of 'a', found number -1") {
      base().replacing("[[[\"a\", 0, 0, {}]]]", "[[[\"a\", -1, 0, {}]]]")
    },
    Lie("a call out of range", "found number 7") {
      base().replacing("[[[\"a\", 0, 0, {}]]]", "[[[\"a\", 7, 0, {}]]]")
    },
    Lie("an enormous call", "found number -9223372036854775808") {
      base().replacing("[[[\"a\", 0, 0, {}]]]", "[[[\"a\", -9223372036854775808, 0, {}]]]")
    },
    Lie("a second output", "expected one output") {
      base().replacing("[[[\"a\", 0, 0, {}]]]", "[[[\"a\", 0, 1, {}]]]")
    },
    Lie("a cycle", "form a cycle") {
      base().replacing("[[[\"x\", 0, 0, {}]]]", "[[[\"b\", 0, 0, {}]]]")
    },
    Lie("no outputs", "output_layers", "empty") {
      base().replacing("\"output_layers\": [[\"b\", 0, 0]]", "\"output_layers\": []")
    },
    Lie("an input that is a Dense", "expected an InputLayer, found 'a'") {
      base().replacing("\"input_layers\": [[\"x\", 0, 0]]", "\"input_layers\": [[\"a\", 0, 0]]")
    },
    Lie("an input that is not listed", "is read, but is not among input_layers") {
      base().replacing("\"input_layers\": [[\"x\", 0, 0]]", "\"input_layers\": []")
    },
    Lie("negative units", "a: units: expected an integer from 1") {
      base().replacing("\"units\": 4", "\"units\": -4")
    },
    Lie("units beyond measure", "units: expected an integer") {
      base().replacing("\"units\": 4", "\"units\": 4611686018427387904")
    },
    Lie("units as text", "units: expected an integer") {
      base().replacing("\"units\": 4", "\"units\": \"4\"")
    },
    Lie("units NaN", "units: expected an integer") {
      base().replacing("\"units\": 4", "\"units\": NaN")
    },
    Lie("a shape of 0", "batch_input_shape") { base().replacing("[null, 3]", "[null, 0]") },
    Lie("an unknown padding", "padding: expected valid, same") {
      base().replacing("\"Dense\", \"name\": \"a\"", "\"Conv1D\", \"name\": \"a\"")
        .replacing("\"units\": 4", "\"filters\": 4, \"kernel_size\": [1], \"padding\": \"twice\"")
    },
  ]

  static let weights: [Lie] = [
    Lie("a kernel of other outputs", "/a/kernel:0", "expected shape [?×4]", "found [3×5]") {
      base().with { $0.layers[0].weights[0].extents = [3, 5] }
    },
    Lie("a kernel of other inputs", "a", "the kernel is [7×4]", "must have extent 3") {
      base().with { $0.layers[0].weights[0].extents = [7, 4] }
    },
    Lie("a kernel of three axes", "expected shape [?×4]") {
      base().with { $0.layers[0].weights[0].extents = [3, 2, 2] }
    },
    Lie("a bias too many", "expected 1 weights (b/kernel), found 2") {
      base().with { $0.layers[1].weights.append(.init(name: "b/bias:0", extents: [2])) }
    },
    Lie("a bias missing", "expected 2 weights (a/kernel, a/bias), found 1") {
      base().with { $0.layers[0].weights.removeLast() }
    },
    Lie("a layer too many", "found 3 (a, b, c)", "'c'") {
      base().with { $0.layers.append(("c", [.init(name: "c/kernel:0", extents: [1])])) }
    },
    Lie("a layer missing", "expected weights of 2 layers (a, b), found 1 (a)") {
      base().with { $0.layers.removeLast() }
    },
    Lie("a layer listed twice", "layer_names lists 'a' twice") {
      base().with { $0.layers.append($0.layers[0]) }
    },
    Lie("a weight listed twice", "lists a name twice") {
      base().with { $0.layers[0].weights[1].name = "a/kernel:0" }
    },
    Lie("weights in another order", "expected shape") {
      base().with { $0.layers[0].weights.reverse() }
    },
  ]

  @Test(arguments: configurations + weights)
  func lieIsOneClearLine(lie: Lie) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("in.h5").path
      try lie.file().write(to: path)
      let error = #expect(throws: KerasError.self) { try FormatRegistry.open(path) }
      let line = try #require(error?.description)
      for word in lie.words { #expect(line.contains(word), "\(line)") }
      #expect(line.hasPrefix("\(path): "))
      #expect(!line.contains("\n"))
    }
  }

  @Test func honestFileIsRead() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("in.h5").path
      try Self.base().write(to: path)
      let imported = try FormatRegistry.open(path)
      #expect(imported.model.parameterCount == 3 * 4 + 4 + 4 * 2)
      #expect(imported.model.isSequential)
      try imported.validateValues(from: path, options: ReadOptions())
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func nonFiniteValueIsFoundAndNamed(value: Float) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("in.h5").path
      try Self.base().with { $0.layers[0].weights[1].values = [0, 1, value, 2] }.write(to: path)
      let imported = try FormatRegistry.open(path)
      let error = #expect(throws: KerasError.self) {
        try imported.validateValues(from: path, options: ReadOptions())
      }
      #expect(error?.description.contains("a/bias: expected finite values") == true)
      #expect(error?.description.contains("element 2") == true)
      try imported.validateValues(from: path, options: ReadOptions(allowsNonFinite: true))
    }
  }

  @Test func negativeVarianceIsRefused() throws {
    let file = Self.base().replacing(
      "\"Dense\", \"name\": \"b\"", "\"BatchNormalization\", \"name\": \"b\""
    )
    .with {
      $0.layers[1].weights = ["gamma", "beta", "moving_mean", "moving_variance"].map {
        KerasFile.Stored(name: "b/\($0):0", extents: [4], values: [1, 1, 1, 1])
      }
      $0.layers[1].weights[3].values = [1, 1, -0.5, 1]
    }
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("in.h5").path
      try file.write(to: path)
      let imported = try FormatRegistry.open(path)
      let error = #expect(throws: KerasError.self) {
        try imported.validateValues(from: path, options: ReadOptions())
      }
      #expect(error?.description.contains("b/moving_variance: expected variances from 0") == true)
    }
  }

  @Test func weightsAboveTheLimitAreRefusedUnread() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("in.h5").path
      try Self.base().write(to: path)
      let error = #expect(throws: KerasError.self) {
        try FormatRegistry.open(path, options: ReadOptions(maximumByteCount: 90))
      }
      #expect(error?.description.contains("more than the limit of 90 bytes") == true)
    }
  }

  /// Thirty models, each calling the next one twice, would have 2³⁰ calls.
  @Test func modelsThatDoubleAreCutOff() throws {
    var inner = """
      {"class_name": "Activation", "config": {"name": "deepest", "activation": "relu"},
      "name": "deepest", "inbound_nodes": [[["x", 0, 0, {}]], [["deepest", 0, 0, {}]]]}
      """
    var name = "deepest"
    for level in 0..<30 {
      let isInnermost = level == 0
      let last = isInnermost ? 1 : 2
      inner = """
        {"class_name": "Functional", "name": "m\(level)", "config": {"name": "m\(level)", "layers": [
        {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
        "config": {"name": "x", "batch_input_shape": [null, 3]}}, \(inner)],
        "input_layers": [["x", 0, 0]], "output_layers": [["\(name)", \(last), 0]]},
        "inbound_nodes": [[["x", 0, 0, {}]], [["m\(level)", 1, 0, {}]]]}
        """
      name = "m\(level)"
    }
    let file = KerasFile(configuration: inner, layers: [])
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("in.h5").path
      try file.write(to: path)
      let error = #expect(throws: KerasError.self) { try FormatRegistry.open(path) }
      #expect(error?.description.contains("more than 200000 calls") == true, "\(error as Any)")
    }
  }
}
