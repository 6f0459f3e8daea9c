import LinearAlgebra
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

  @Test func percentileScalesClipOnlyOutliers() throws {
    var values = tensor([2000, 2]).elements
    values[8] = 500  // one of 2,000: beyond 99.9 %
    let tensor = Tensor(shape: [2000, 2], elements: values)
    let parameter = Quantizer(.int8, scale: .percentile).encode(tensor)
    guard case .int8(let scales) = parameter.encoding else {
      Issue.record("no scales")
      return
    }
    #expect(scales[0] < 6.0 / 127 && scales[0] > 2.0 / 127)
    let rebuilt = try parameter.tensor()
    let clipped = tensor.elements.indices.filter {
      abs(tensor.elements[$0] - rebuilt.elements[$0]) > scales[$0 % 2] * 0.5001
    }
    #expect(clipped.contains(8) && clipped.count <= 4)
  }

  @Test(arguments: ScaleChoice.allCases)
  func scalesHaveEightSignificantBits(choice: ScaleChoice) throws {
    guard case .int8(let scales) = Quantizer(.int8, scale: choice).encode(tensor([50, 7])).encoding
    else {
      Issue.record("no scales")
      return
    }
    for scale in scales { #expect(scale.bitPattern & 0xFFFF == 0 && scale > 0) }
  }

  @Test func biasesTakeUpTheMeanErrorOfQuantisation() throws {
    let model = try SampleModels.mlp([20, 10, 4])
    var generator = SeededGenerator(seed: 8)
    let x = Tensor(
      shape: [300, 20],
      elements: Tensor.normal([300, 20], generator: &generator).elements.map { $0 + 3 })
    var accumulator = try CalibrationAccumulator(model, sites: model.kernelSites())
    accumulator.add(inputs: x, to: "dense/kernel")
    let plan = CompressionPlan(kernels: [], encoding: .int8)
    let plain = try plan.applied(to: model).model
    let corrected = try plan.applied(to: model, calibration: accumulator.calibration).model
    func meanShift(_ other: Model) throws -> Double {
      func outputs(_ model: Model) throws -> [Double] {
        let layer = model.layers[1]
        let bias = try #require(layer.weight("bias")).reconstructed().elements
        let kernel = Matrix(try #require(layer.weight("kernel")).reconstructed())
        let product = Matrix(x).multiplied(by: kernel)
        return (0..<10).map { column -> Double in
          let values = (0..<300).map { Double(product.elements[$0 * 10 + column]) }
          return Double(bias[column]) + values.reduce(0, +) / 300
        }
      }
      return zip(try outputs(model), try outputs(other)).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    let (before, after) = (try meanShift(plain), try meanShift(corrected))
    #expect(after < 1e-4 && before > 10 * after)
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
