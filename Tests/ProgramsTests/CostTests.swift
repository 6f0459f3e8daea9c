import Programs
import Tensors
import Testing

@Suite struct CostTests {
  @Test func theMLPCostsItsKernels() throws {
    var builder = ProgramBuilder()
    var x = builder.input([784], name: "x")
    for (index, (inputs, outputs)) in [(784, 100), (100, 50), (50, 10)].enumerated() {
      let kernel = builder.parameter(name: "d\(index)/kernel", shape: Shape([inputs, outputs]))
      let bias = builder.parameter(name: "d\(index)/bias", shape: Shape([outputs]))
      x = try builder.append(.matmul(kernel), x, origin: "d\(index)/kernel")
      x = try builder.append(.addBias(bias), x, origin: "d\(index)/bias")
    }
    let program = builder.finish(outputs: [x])
    #expect(program.cost.multiplications == 83_900)
    #expect(program.parameterCount == 84_060)
    #expect(
      program.cost.multiplicationsByOrigin.map(\.origin) == ["d0/kernel", "d1/kernel", "d2/kernel"])
    #expect(program.cost.multiplicationsByOrigin.map(\.multiplications) == [78_400, 5_000, 500])
    #expect(program.cost.activationBytes == 4 * (784 + 2 * 160))
    #expect(program.cost.peakActivationBytes == 4 * (784 + 100))
  }

  /// MACs by hand: positions × kernel extents × channels read × channels made.
  @Test func convolutionsCostTheirWindows() throws {
    var builder = ProgramBuilder()
    let x = builder.input([8, 8, 4], name: "x")
    let kernel = builder.parameter(name: "k", shape: [3, 3, 2, 6])
    let grouped = try builder.append(
      .conv2D(kernel, Conv2DGeometry(groups: 2)), x, origin: "grouped")
    let depth = builder.parameter(name: "d", shape: [3, 3, 4, 2])
    let depthwise = try builder.append(
      .depthwiseConv2D(depth, Conv2DGeometry()), x, origin: "depthwise")
    let up = builder.parameter(name: "u", shape: [2, 2, 5, 4])
    let transposed = try builder.append(
      .convTranspose2D(
        up, Conv2DGeometry(strides: Extent2D(height: 2, width: 2)), outputPadding: .zero), x,
      origin: "up")
    let factor = builder.parameter(name: "f", shape: [8, 3])
    let product = try builder.append(.modeProduct(factor, axis: 1), x, origin: "mode")
    let program = builder.finish(outputs: [grouped, depthwise, transposed, product])
    #expect(
      program.cost.multiplicationsByOrigin.map(\.multiplications)
        == [36 * 9 * 2 * 6, 36 * 9 * 8, 64 * 4 * 5 * 4, 8 * 8 * 4 * 3])
    #expect(program.outputShapes == [[6, 6, 6], [6, 6, 8], [16, 16, 5], [8, 3, 4]])
  }
}
