import Models
import Tensors
import Testing

@testable import Compression

@Suite struct QuantizationTests {
  private func tensor(_ shape: Shape, seed: UInt64 = 6) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let values = Tensor.normal(shape, generator: &generator).elements
    // Channels of very different size.
    return Tensor(
      shape: shape,
      elements: values.enumerated().map { Float($0 % shape.last + 1) * $1 })
  }

  @Test func int8IsWithinHalfAStepPerChannel() throws {
    let tensor = tensor([50, 7])
    let parameter = Quantizer(.int8, scale: .maximum).encode(tensor)
    guard case .int8(let scales) = parameter.encoding else {
      Issue.record("no scales")
      return
    }
    #expect(parameter.byteCount == 50 * 7 + 4 * 7)
    #expect(parameter.byteCount == StoredEncoding.int8.byteCount(of: tensor.shape))
    let rebuilt = try parameter.tensor()
    for index in tensor.elements.indices {
      #expect(abs(tensor.elements[index] - rebuilt.elements[index]) <= scales[index % 7] * 0.5001)
    }
  }

  @Test func squaredErrorScalesAreNoWorse() throws {
    var values = tensor([200, 5]).elements
    values[3] = 60  // an outlier
    let tensor = Tensor(shape: [200, 5], elements: values)
    let largest = try Quantizer(.int8, scale: .maximum).encode(tensor).tensor()
    let best = try Quantizer(.int8, scale: .squaredError).encode(tensor).tensor()
    #expect(tensor.relativeError(of: best) <= tensor.relativeError(of: largest))
  }

  @Test(arguments: [(StoredEncoding.float16, 5e-4), (.bfloat16, 4e-3), (.int8, 1e-2)])
  func relativeErrorIsThatOfTheEncoding(encoding: StoredEncoding, bound: Double) throws {
    let tensor = tensor([64, 32])
    let parameter = Quantizer(encoding).encode(tensor)
    #expect(parameter.scalarType == encoding.scalarType)
    #expect(tensor.relativeError(of: try parameter.tensor()) < bound)
  }

  @Test func zeroChannelsStayZero() throws {
    let zero = Tensor.zeros([8, 3])
    #expect(try Quantizer(.int8).encode(zero).tensor() == zero)
  }

  @Test func vectorsKeepTheirType() throws {
    let model = try SampleModels.mlp([20, 10, 4])
    let plan = CompressionPlan(
      kernels: [.init(path: "dense/kernel", action: .factorize(.lowRank, ranks: [3]))],
      encoding: .int8)
    let compressed = try plan.applied(to: model)
    for layer in compressed.model.layers.dropFirst() {
      #expect(layer.weight("bias")?.components[0].parameter.scalarType == .float32)
      for component in layer.weight("kernel")?.components ?? [] {
        #expect(component.parameter.scalarType == .int8)
      }
    }
    // What is reported is the error of what is stored.
    let report = try #require(compressed.reports.first)
    let kernel = try #require(model.layers[1].weight("kernel")).reconstructed()
    let stored = try #require(compressed.model.layers[1].weight("kernel")).reconstructed()
    #expect(abs(try #require(report.relativeError) - kernel.relativeError(of: stored)) < 1e-9)
    #expect(compressed.reports[1].relativeError ?? 0 > 0)
  }

  @Test func factorsOfASixteenBitKernelKeepItsType() throws {
    var model = try SampleModels.mlp([20, 10, 4])
    let kernel = try #require(model.layers[1].weight("kernel")).reconstructed()
    model.layers[1].weights[0].weight = Weight(Parameter(kernel, as: .float16))
    let plan = CompressionPlan(
      kernels: [.init(path: "dense/kernel", action: .factorize(.lowRank, ranks: [3]))])
    let weight = try plan.applied(to: model).model.layers[1].weight("kernel")
    #expect(weight?.components.allSatisfy { $0.parameter.scalarType == .float16 } == true)
  }
}
