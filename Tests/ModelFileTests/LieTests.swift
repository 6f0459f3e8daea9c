import Foundation
import HDF5
import JSON
import ModelFile
import Models
import Tensors
import TestSupport
import Testing

/// Containers in which one thing is not as the format has it, though the digest fits.
@Suite struct LieTests {
  struct Lie: Sendable, CustomTestStringConvertible {
    let expected: String
    let change: @Sendable (inout Forgery) -> Void
    var testDescription: String { expected }

    init(_ expected: String, _ change: @escaping @Sendable (inout Forgery) -> Void) {
      self.expected = expected
      self.change = change
    }
  }

  private static let left = "/nodes/dense/kernel/left"

  /// Changes a member of the first factorised weight.
  private static func weight(
    _ expected: String, _ change: @escaping @Sendable (inout JSONValue) -> Void
  ) -> Lie {
    Lie(expected) { forgery in
      forgery.edit(["layers", 1, "weights", 0], change)
    }
  }

  private static func component(
    _ expected: String, _ change: @escaping @Sendable (inout JSONValue) -> Void
  ) -> Lie {
    Lie(expected) { forgery in
      forgery.edit(["layers", 1, "weights", 0, "components", 0], change)
    }
  }

  private static let place = "forged.h5: /graph: layers[1].weights[0]"

  static let root: [Lie] = [
    Lie("forged.h5: not a modelc container: the root attribute 'format' is not 'modelc'") {
      $0.attributes["format"] = .text("modeld")
    },
    Lie(
      "forged.h5: /@format_version: format version 2.0 found, 1.x is known here; "
        + "use a newer modelc"
    ) { $0.version = (2, 0) },
    Lie("forged.h5: /@format_version: format version 0.9 found") { $0.version = (0, 9) },
    Lie("forged.h5: /@format_version: expected two integers, major and minor") {
      $0.attributes["format_version"] = .integers([1])
    },
    Lie("forged.h5: /@format_version: expected two integers, major and minor") {
      $0.attributes["format_version"] = .text("1.0")
    },
    Lie(
      "forged.h5: /@features: must-understand feature 'wavelets' is not known here; "
        + "use a newer modelc"
    ) { $0.features = "wavelets" },
    Lie("forged.h5: /@features: expected one string of fixed size") {
      $0.attributes["features"] = .integer(1)
    },
    Lie("forged.h5: /@digest: expected 64 hexadecimal digits") {
      $0.attributes["digest"] = .text("abc")
    },
    Lie("forged.h5: /graph and root attributes: the bytes changed after they were written") {
      $0.attributes["digest"] = .text(String(repeating: "0", count: 64))
    },
    Lie("forged.h5: /graph and root attributes: the bytes changed after they were written") {
      $0.attributes["producer"] = .text("someone else")
    },
    Lie("forged.h5: /graph: line 1, column 2: expected a key in quotes, found the end") {
      $0.graphText = "{"
    },
    Lie("forged.h5: /graph: line 1, column 10: ") { $0.graphText = #"{"a": 1, "a": 2}"# },
    Lie("forged.h5: /graph: ") {
      $0.graphText = String(repeating: "[", count: 300)
    },
  ]

  static let graph: [Lie] = [
    Lie("forged.h5: /graph: expected an object, found an array") { $0.graph = [] },
    Lie("forged.h5: /graph: layers: expected a value, found nothing") {
      $0.graph["layers"] = nil
    },
    Lie("forged.h5: /graph: extra: expected one of the keys ") { $0.graph["extra"] = 1 },
    Lie("forged.h5: /graph: name: expected a string, found an integer") { $0.graph["name"] = 1 },
    Lie("forged.h5: graph: no outputs") { $0.graph["outputs"] = [] },
    Lie("forged.h5: graph: output names call 9 of 3") { $0.graph["outputs"] = [[9, 0]] },
    Lie("forged.h5: /graph: outputs[0]: expected a pair of call and output, found 1 numbers") {
      $0.graph["outputs"] = [[2]]
    },
    Lie("forged.h5: /graph: outputs[0][1]: expected an integer from 0") {
      $0.graph["outputs"] = [[2, -1]]
    },
    Lie("forged.h5: graph: input 1 is not the call of an input") { $0.graph["inputs"] = [1] },
    Lie("forged.h5: dense: call 1 reads call 1, which does not come before it") {
      $0.edit(["calls", 1]) { $0["inputs"] = [[1, 0]] }
    },
    Lie("forged.h5: dense: call 1 reads call 2, which does not come before it") {
      $0.edit(["calls", 1]) { $0["inputs"] = [[2, 0]] }
    },
    Lie("forged.h5: graph: call 1 names layer 7 of 3") {
      $0.edit(["calls", 1]) { $0["layer"] = 7 }
    },
    Lie("forged.h5: dense: two layers have this path") {
      $0.edit(["layers", 2]) { $0["path"] = "dense" }
    },
    Lie("forged.h5: /graph: layers[1].kind: expected one of input, dense") {
      $0.edit(["layers", 1]) { $0["kind"] = "denser" }
    },
    Lie("forged.h5: /graph: layers[1].attributes.units: expected an integer from 1") {
      $0.edit(["layers", 1, "attributes"]) { $0["units"] = "x" }
    },
    Lie("forged.h5: /graph: layers[1].attributes.units: expected an integer from 1") {
      $0.edit(["layers", 1, "attributes"]) { $0["units"] = 4_000_000_000 }
    },
    Lie("forged.h5: /graph: layers[1].attributes.dropout: expected one of the keys activation") {
      $0.edit(["layers", 1, "attributes"]) { $0["dropout"] = 0.5 }
    },
    Lie("forged.h5: /graph: layers[1].attributes: expected an object, found an array") {
      $0.edit(["layers", 1]) { $0["attributes"] = [] }
    },
    Lie("forged.h5: dense/kernel: expected shape [?×11], found [12×10]") {
      $0.edit(["layers", 1, "attributes"]) { $0["units"] = 11 }
    },
    Lie("forged.h5: dense: expected the weights kernel, found kernel, bias") {
      $0.edit(["layers", 1, "attributes"]) { $0["bias"] = false }
    },
    Lie("forged.h5: /graph: layers[1].trainable: expected a boolean, found a string") {
      $0.edit(["layers", 1]) { $0["trainable"] = "yes" }
    },
    Lie("forged.h5: /graph: metadata.class_names[0]: expected a string") {
      $0.edit(["metadata"]) { $0["class_names"] = [1] }
    },
    Lie("forged.h5: /graph: metadata.input_scaling.scale: expected a number") {
      $0.edit(["metadata", "input_scaling"]) { $0["scale"] = "1/255" }
    },
    Lie("forged.h5: /graph: metadata.evaluations[0].count: expected at least 0, found -1") {
      $0.edit(["metadata", "evaluations", 0]) { $0["count"] = -1 }
    },
    Lie("forged.h5: /graph: provenance.command: expected an array, found a string") {
      $0.edit(["provenance"]) { $0["command"] = "compress" }
    },
  ]

  static let weights: [Lie] = [
    weight("\(place).form: expected one of dense, low-rank, tucker-2, tensorised") {
      $0["form"] = "sparse"
    },
    weight("forged.h5: dense/kernel: component 'values' is missing") {
      for key in ["basis", "relative_error", "route", "spectra", "ranks"] { $0[key] = nil }
      $0["form"] = "dense"
    },
    weight("forged.h5: dense/kernel: a dense weight has no basis, spectra, error or route") {
      $0["form"] = "dense"
    },
    weight("forged.h5: dense/kernel: component 'input_factor' is missing") {
      $0["form"] = "tucker-2"
      $0["dense_shape"] = [1, 12, 10]
    },
    weight("forged.h5: dense/kernel: component 'left': expected shape [13×?], found [12×3]") {
      $0["dense_shape"] = [13, 10]
    },
    weight("\(place).dense_shape: expected a size that fits in 63 bits, found ") {
      $0["dense_shape"] = [4_294_967_296, 4_294_967_296]
    },
    weight("\(place).dense_shape: expected at most 8 axes, found 9") {
      $0["dense_shape"] = [1, 1, 1, 1, 1, 1, 1, 1, 1]
    },
    weight("\(place).dense_shape[0]: expected at least 0, found -12") {
      $0["dense_shape"] = [-12, 10]
    },
    weight("forged.h5: dense/kernel: the graph says ranks [4], the components have [3]") {
      $0["ranks"] = [4]
    },
    weight("\(place).ranks[0]: expected at least 1, found 0") { $0["ranks"] = [0] },
    weight("\(place).basis: expected one of svd, weighted, found \"qr\"") { $0["basis"] = "qr" },
    weight("\(place).relative_error: expected at least 0, found -0.5") {
      $0["relative_error"] = -0.5
    },
    weight("\(place).components: expected an array, found an object") { $0["components"] = [:] },
    weight("forged.h5: dense/kernel: component 'left' is missing") { $0["components"] = [] },
    component("\(place).components[0].type: expected one of float32") { $0["type"] = "float8" },
    component(
      "forged.h5: \(left) (dense/kernel/left): the graph asks for float16, "
        + "the data set holds float32"
    ) { $0["type"] = "float16" },
    component(
      "forged.h5: \(left) (dense/kernel/left): the graph says shape [12, 4], "
        + "the data set has [12, 3]"
    ) { $0["shape"] = [12, 4] },
    component(
      "forged.h5: \(left) (dense/kernel/left): the graph says shape [36], "
        + "the data set has [12, 3]"
    ) { $0["shape"] = [36] },
    component("\(place).components[0].type: expected int8 codes along at least one axis") {
      $0["encoding"] = "int8"
    },
    component("\(place).components[0].encoding: expected plain or int8, found \"int4\"") {
      $0["encoding"] = "int4"
    },
    component("\(place).components[0].scales: expected no scales for plain values") {
      $0["scales"] = [:]
    },
    component("\(place).components[0].sha256: expected 64 hexadecimal digits") {
      $0["sha256"] = "XYZ"
    },
    component("forged.h5: \(left) (dense/kernel/left): the bytes changed after they were") {
      $0["sha256"] = .string(String(repeating: "a", count: 64))
    },
    component("\(place).components[0].path: expected a path below /nodes, found \"/graph\"") {
      $0["path"] = "/graph"
    },
    component("'..' cannot be a part of a path") { $0["path"] = "/nodes/../graph" },
    component("no 'nothing' here") { $0["path"] = "/nodes/dense/kernel/nothing" },
    component("forged.h5: dense/kernel/right: has the same data set as dense/kernel/left") {
      $0["path"] = "/nodes/dense/kernel/right"
      $0["shape"] = [3, 10]
    },
    component("expected a data set, found a group") { $0["path"] = "/nodes/dense/kernel" },
    component("\(place).components[0].masked: expected a boolean") { $0["masked"] = 1 },
    component("\(place).components[0].name: expected a value, found nothing") {
      $0["name"] = nil
    },
    Lie("\(place).spectra[0].tail_energy: expected at least 0, found -1") {
      $0.edit(["layers", 1, "weights", 0, "spectra", 0]) { $0["tail_energy"] = -1 }
    },
    Lie("the graph says shape [1000000], the data set has [3]") {
      $0.edit(["layers", 1, "weights", 0, "spectra", 0]) { $0["count"] = 1_000_000 }
    },
    Lie("forged.h5: \(left) (dense/kernel/left): the bytes changed after they were written") {
      $0.datasets[left]?.bytes[5] ^= 1
    },
    Lie("forged.h5: /nodes/dense/kernel: no 'left' here") { $0.datasets[left] = nil },
  ]

  @Test(arguments: root + graph + weights)
  func everyLieIsNamed(_ lie: Lie) throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("honest.h5").path
      try ModelFileWriter.write(try SampleModels.mlp(), to: path)
      var forgery = try Forgery(path)
      lie.change(&forgery)
      let complaint = try #require(try forgery.complaint(in: folder), "the lie was believed")
      #expect(complaint.hasPrefix("forged.h5: "))
      #expect(complaint.contains(lie.expected), "\(complaint)")
      #expect(!complaint.contains("\n"))
    }
  }

  @Test func anUnchangedForgeryIsRead() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("honest.h5").path
      try ModelFileWriter.write(try SampleModels.mlp(), to: path)
      #expect(try Forgery(path).complaint(in: folder) == nil)
    }
  }

  @Test func additionsOfANewerMinorVersionAreIgnored() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("honest.h5").path
      try ModelFileWriter.write(try SampleModels.mlp(), to: path)
      var forgery = try Forgery(path)
      forgery.version = (1, 1)
      forgery.graph["colour"] = "green"
      forgery.edit(["layers", 1, "weights", 0]) { $0["mood"] = [1, 2] }
      forgery.attributes["colour"] = .text("green")
      forgery.datasets["/nodes/extra"] = Forgery.Dataset(
        extents: [1], datatype: .float(.float32), bytes: [0, 0, 0, 0])
      #expect(try forgery.complaint(in: folder) == nil)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func valuesThatAreNotFiniteAreRefusedUnlessAsked(value: Float) throws {
    var model = try SampleModels.mlp()
    var elements = [Float](repeating: 1, count: 10)
    elements[7] = value
    model.layers[1].weights[1].weight = Weight(Parameter(Tensor(shape: [10], elements: elements)))
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      try ModelFileWriter.write(model, to: path)
      let read = try ModelFileReader().readModel(at: path, options: ReadOptions()).model
      let expected = ModelFileError(
        file: path, place: "dense/bias/values",
        reason: .nonFinite(index: 7, value: "\(value)"))
      #expect(throws: expected) {
        try read.layers[1].weights[1].weight.components[0].parameter.raw()
      }
      #expect(!ModelFileVerifier.verify(path).isSound)
      #expect(ModelFileVerifier.verify(path, allowsNonFinite: true).isSound)
    }
  }

  @Test func aNegativeVarianceIsRefused() throws {
    var model = SampleModels.graph()
    model.layers[4].weights[3].weight = Weight(
      Parameter(Tensor(shape: [4], elements: [1, 2, -0.25, 1])))
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      try ModelFileWriter.write(model, to: path)
      let finding = try #require(ModelFileVerifier.verify(path).findings.first)
      #expect(finding.place == "norm/moving_variance/values")
      #expect(finding.problem.contains("value 2 is -0.25"))
    }
  }

  @Test func aFileOfMoreBytesThanTheLimitIsRefused() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      try ModelFileWriter.write(SampleModels.everyType(), to: path)
      #expect(throws: ModelFileError.self) {
        try ModelFileReader().readModel(at: path, options: ReadOptions(maximumByteCount: 10_000))
      }
    }
  }
}
