import Programs
import Tensors
import Testing

@Suite struct ShapeInferenceTests {
  @Test func matmulReplacesTheLastAxis() throws {
    var builder = ProgramBuilder()
    let x = builder.input([5, 7], name: "x")
    let kernel = builder.parameter(name: "k", shape: [7, 3])
    let y = try builder.append(.matmul(kernel), x, origin: "dense")
    #expect(builder.shape(of: y) == [5, 3])
  }

  @Test func aMisfitNamesBothSides() {
    var builder = ProgramBuilder()
    let x = builder.input([5, 8], name: "x")
    let kernel = builder.parameter(name: "k", shape: [7, 3])
    let error = #expect(throws: LoweringError.self) {
      _ = try builder.append(.matmul(kernel), x, origin: "dense/kernel")
    }
    #expect(
      error?.description
        == "dense/kernel: matmul: expected 7 inputs for a kernel 7×3, found 5×8")
  }

  /// Reference: the formulas that TensorFlow documents for SAME and VALID.
  @Test(arguments: [
    // rule, extent, kernel, stride, dilation, result
    (PaddingRule.valid, 28, 3, 1, 1, 26), (.same, 28, 3, 1, 1, 28), (.same, 28, 3, 2, 1, 14),
    (.same, 7, 3, 2, 1, 4), (.same, 7, 2, 3, 1, 3), (.valid, 10, 3, 1, 2, 6),
    (.same, 10, 3, 1, 3, 10), (.same, 5, 1, 2, 1, 3), (.valid, 5, 5, 5, 1, 1),
  ])
  func convolutionHasKerasExtent(
    rule: PaddingRule, extent: Int, kernel: Int, stride: Int, dilation: Int, result: Int
  ) throws {
    var builder = ProgramBuilder()
    let x = builder.input(Shape([extent, extent, 2]), name: "x")
    let weight = builder.parameter(name: "k", shape: Shape([kernel, kernel, 2, 4]))
    let geometry = try #require(
      Conv2DGeometry.keras(
        rule, input: Extent2D(height: extent, width: extent),
        kernel: Extent2D(height: kernel, width: kernel),
        strides: Extent2D(height: stride, width: stride),
        dilation: Extent2D(height: dilation, width: dilation)))
    let y = try builder.append(.conv2D(weight, geometry), x, origin: "conv")
    #expect(builder.shape(of: y) == Shape([result, result, 4]))
  }

  @Test func theOddRowOfSamePaddingComesLast() throws {
    let geometry = try #require(
      Conv2DGeometry.keras(
        .same, input: Extent2D(height: 8, width: 8), kernel: Extent2D(height: 4, width: 3),
        strides: .one))
    #expect(geometry.padding == Padding2D(top: 1, left: 1, bottom: 2, right: 1))
  }

  /// n·s under `same`, n·s + max(k − s, 0) under `valid`.
  @Test(arguments: [
    (PaddingRule.same, 7, 3, 2, 14), (.valid, 7, 3, 2, 15), (.valid, 7, 2, 3, 21),
    (.same, 7, 2, 3, 21), (.same, 4, 5, 1, 4), (.valid, 4, 5, 1, 8),
  ])
  func transposedConvolutionHasKerasExtent(
    rule: PaddingRule, extent: Int, kernel: Int, stride: Int, result: Int
  ) throws {
    var builder = ProgramBuilder()
    let x = builder.input(Shape([extent, extent, 3]), name: "x")
    let weight = builder.parameter(name: "k", shape: Shape([kernel, kernel, 2, 3]))
    let (geometry, outputPadding) = try #require(
      Conv2DGeometry.kerasTransposed(
        rule, input: Extent2D(height: extent, width: extent),
        kernel: Extent2D(height: kernel, width: kernel),
        strides: Extent2D(height: stride, width: stride)))
    let y = try builder.append(
      .convTranspose2D(weight, geometry, outputPadding: outputPadding), x, origin: "up")
    #expect(builder.shape(of: y) == Shape([result, result, 2]))
  }

  @Test(arguments: [
    Conv2DGeometry(strides: .zero), Conv2DGeometry(dilation: .zero), Conv2DGeometry(groups: 0),
    Conv2DGeometry(groups: 3), Conv2DGeometry(groups: Int.max),
    Conv2DGeometry(dilation: Extent2D(height: Int.max, width: 1)),
    Conv2DGeometry(padding: Padding2D(top: -1, left: 0, bottom: 0, right: 0)),
    Conv2DGeometry(padding: Padding2D(top: Int.max, left: 0, bottom: 1, right: 0)),
  ])
  func absurdGeometryIsRefused(geometry: Conv2DGeometry) {
    var builder = ProgramBuilder()
    let x = builder.input([8, 8, 4], name: "x")
    let kernel = builder.parameter(name: "k", shape: [3, 3, 2, 4])
    #expect(throws: LoweringError.self) {
      _ = try builder.append(.conv2D(kernel, geometry), x, origin: "conv")
    }
  }

  @Test(arguments: [
    Operation.reshape([5]), .transpose([0, 0]), .concatenate(axis: 2), .selectLast([3]),
    .pad(amounts: [AxisMargin(before: -1, after: 0), AxisMargin(before: 0, after: 0)], value: 0),
    .crop(amounts: [AxisMargin(before: 1, after: 1), AxisMargin(before: 0, after: 0)]),
    .upsample(heightFactor: 0, widthFactor: 1, .nearest), .repeatVector(0), .dropout(rate: 1),
    .affine(scale: [1, 2], offset: [0]), .elementwise(.subtract), .reshape([0]),
    .repeatVector(Int.max), .selectLast([]),
  ])
  func absurdRearrangementsAreRefused(operation: Operation) {
    var builder = ProgramBuilder()
    let x = builder.input([2, 3], name: "x")
    #expect(throws: LoweringError.self) {
      _ = try builder.append(operation, x, origin: "layer")
    }
  }

  @Test func aForeignValueIsRefused() {
    var builder = ProgramBuilder()
    _ = builder.input([2], name: "x")
    #expect(throws: LoweringError.self) {
      _ = try builder.append(.l2Normalize, ValueID(rawValue: 7), origin: "layer")
    }
  }

  @Test func elementwiseRepeatsExtentsOfOne() throws {
    var builder = ProgramBuilder()
    let x = builder.input([4, 4, 3], name: "x")
    let gate = builder.input([1, 1, 3], name: "gate")
    let y = try builder.append(.elementwise(.multiply), gate, x, origin: "excite")
    #expect(builder.shape(of: y) == [4, 4, 3])
  }
}
