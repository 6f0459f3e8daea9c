import Crypto
import Foundation
import Interchange
import JSON
import Models
import Tensors
import TestSupport
import Testing

/// What Keras itself holds after it loaded each fixture: `Fixtures/keras/bindings.json`.
enum KerasFixtures {
  static let bindings: JSONObject = {
    let path = Fixtures.path("keras/bindings.json")
    guard let data = FileManager.default.contents(atPath: path),
      let value = try? JSONValue(parsing: [UInt8](data)), let object = value.object
    else { return [:] }
    return object
  }()

  /// The files that hold a whole model.
  static let models = bindings.keys.filter { !$0.hasPrefix("weights-only") }
}

@Suite struct BindingTests {
  /// Names that Keras derives from objects and not from the layer's own settings.
  private func isFree(_ layer: Layer) -> Bool {
    switch layer.kind {
    case .depthwiseConvolution: true  // Keras 3 says kernel, Keras 2 depthwise_kernel
    case .opaque(let settings):
      settings.className == "Bidirectional" || settings.className.contains("Scale")
    default: false
    }
  }

  @Test(arguments: KerasFixtures.models)
  func weightsAreBoundAsKerasBindsThem(file: String) throws {
    let imported = try FormatRegistry.open(Fixtures.path("keras/\(file)"))
    #expect(!imported.isWeightsOnly)
    let model = imported.model
    let expected = try #require(KerasFixtures.bindings[file]?.object)
    let layers = model.layers.filter { !$0.weights.isEmpty }
    #expect(Set(layers.map(\.path)) == Set(expected.keys))
    for layer in layers {
      let wanted = try #require(expected[layer.path]?.object)
      let isQuantised = wanted.contains("kernel_scale")
      let order = isQuantised ? ["kernel", "bias"] : wanted.keys
      #expect(layer.weights.count == order.count)
      for (weight, name) in zip(layer.weights, order) {
        let facts = try #require(wanted[name]?.array)
        let parameter = try #require(weight.weight.components.first).parameter
        #expect(isFree(layer) || weight.name == name, "\(layer.path)")
        #expect(parameter.shape.extents == facts[0].ints, "\(layer.path)/\(name)")
        #expect(parameter.scalarType.rawValue == facts[1].string, "\(layer.path)/\(name)")
        let digest = SHA256.hash(data: try parameter.raw().bytes)
        let hexadecimal = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hexadecimal == facts[2].string, "\(file): \(layer.path)/\(name)")
      }
    }
  }

  @Test(arguments: KerasFixtures.bindings.keys.filter { $0.hasPrefix("weights-only") })
  func filesOfWeightsAloneAreListed(file: String) throws {
    let imported = try FormatRegistry.open(Fixtures.path("keras/\(file)"))
    #expect(imported.isWeightsOnly)
    #expect(imported.model.calls.isEmpty)
    var digests: [String] = []
    for layer in imported.model.layers {
      for weight in layer.weights {
        let bytes = try #require(weight.weight.components.first).parameter.raw().bytes
        digests.append(
          SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
      }
    }
    let expected = (KerasFixtures.bindings[file]?.object ?? [:]).values.flatMap { layer in
      (layer.object ?? [:]).values.compactMap { $0[2]?.string }
    }
    #expect(digests.sorted() == expected.sorted())
    #expect(throws: KerasError.self) { try imported.wholeModel(from: file) }
  }
}
