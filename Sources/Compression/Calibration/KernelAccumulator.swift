import LinearAlgebra
public import Tensors

/// Collects the statistics of one kernel from batches; sums in Double, so that parts can be merged
/// and a run continued.
public struct KernelAccumulator: Sendable {
  /// The widest input whose second moment is held: 4096² Doubles are 128 MiB.
  public static let widestInput = 4096

  /// The rows seen.
  public private(set) var count = 0
  private let inputs: Int
  private let outputs: Int
  private var inputSum: [Double]
  /// Upper triangle of Σ xᵀx; nil for inputs that are too wide.
  private var inputGram: DoubleMatrix?
  /// The kernel, where outputs stand in for inputs that are too wide.
  private let kernel: Matrix?
  private var outputSum: [Double]
  private var outputGram: DoubleMatrix?
  private var gradientCount = 0
  private var gradientGram: DoubleMatrix?

  /// Starts for a kernel [inputs × outputs]; `kernel` is kept only if its inputs are too wide.
  public init(kernel: Tensor, widestInput: Int = KernelAccumulator.widestInput) {
    let matrix = Matrix(kernel)
    inputs = matrix.rows
    outputs = matrix.columns
    inputSum = [Double](repeating: 0, count: inputs)
    outputSum = [Double](repeating: 0, count: outputs)
    let isWide = inputs > widestInput
    self.kernel = isWide ? matrix : nil
    inputGram = isWide ? nil : DoubleMatrix(rows: inputs, columns: inputs)
    outputGram = isWide ? DoubleMatrix(rows: outputs, columns: outputs) : nil
  }

  /// Adds rows [count × inputs] that meet the kernel.
  public mutating func add(inputs rows: Span<Float>) {
    precondition(inputs > 0 && rows.count % inputs == 0, "rows of \(inputs) inputs")
    let rowCount = rows.count / inputs
    count += rowCount
    for row in 0..<rowCount {
      let values = rows.extracting(row * inputs..<(row + 1) * inputs)
      for index in values.indices { inputSum[index] += Double(values[index]) }
    }
    if inputGram != nil {
      inputGram?.addGram(ofRows: rows, count: rowCount)
    } else {
      addOutputs(of: rows, count: rowCount)
    }
  }

  private mutating func addOutputs(of rows: Span<Float>, count rowCount: Int) {
    guard let kernel else { return }
    var products = [Float](repeating: 0, count: rowCount * outputs)
    var span = products.mutableSpan
    gemm(
      m: rowCount, n: outputs, k: inputs, a: rows, lda: inputs, b: kernel.elements.span,
      ldb: outputs, c: &span, ldc: outputs)
    for index in products.indices { outputSum[index % outputs] += Double(products[index]) }
    outputGram?.addGram(ofRows: products.span, count: rowCount)
  }

  /// Adds gradients of the loss with respect to the kernel's products, rows [count × outputs].
  public mutating func add(outputGradients rows: Span<Float>) {
    precondition(outputs > 0 && rows.count % outputs == 0, "rows of \(outputs) outputs")
    if gradientGram == nil { gradientGram = DoubleMatrix(rows: outputs, columns: outputs) }
    gradientGram?.addGram(ofRows: rows, count: rows.count / outputs)
    gradientCount += rows.count / outputs
  }

  /// Adds what another accumulator of the same kernel has seen.
  public mutating func merge(_ other: KernelAccumulator) {
    precondition(inputs == other.inputs && outputs == other.outputs, "the same kernel")
    count += other.count
    gradientCount += other.gradientCount
    for index in inputSum.indices { inputSum[index] += other.inputSum[index] }
    for index in outputSum.indices { outputSum[index] += other.outputSum[index] }
    KernelAccumulator.merge(&inputGram, other.inputGram)
    KernelAccumulator.merge(&outputGram, other.outputGram)
    KernelAccumulator.merge(&gradientGram, other.gradientGram)
  }

  private static func merge(_ target: inout DoubleMatrix?, _ other: DoubleMatrix?) {
    guard let other else { return }
    guard let present = target else {
      target = other
      return
    }
    target = DoubleMatrix(
      rows: other.rows, columns: other.columns,
      elements: zip(present.elements, other.elements).map { $0 + $1 })
  }

  /// The statistics of what was seen; nil before the first row.
  public var statistics: KernelStatistics? {
    guard count > 0 else { return nil }
    let mean = inputSum.map { $0 / Double(count) }
    let outputMean = outputSum.map { $0 / Double(count) }
    return KernelStatistics(
      count: count, mean: mean,
      covariance: inputGram.map { KernelAccumulator.centred($0, mean: mean, count: count) },
      outputCovariance: outputGram.map {
        KernelAccumulator.centred($0, mean: outputMean, count: count)
      },
      outputMean: kernel == nil ? nil : outputMean,
      outputGradient: gradientGram.map {
        KernelAccumulator.centred(
          $0, mean: [Double](repeating: 0, count: outputs), count: gradientCount)
      })
  }

  /// Σ xᵀx ÷ N − μᵀμ, both triangles.
  private static func centred(
    _ gram: DoubleMatrix, mean: [Double], count: Int
  ) -> DoubleMatrix {
    var whole = gram
    whole.symmetrize()
    let scale = 1 / Double(max(count, 1))
    let moment = whole.changed { elements in
      for index in elements.indices { elements[index] *= scale }
    }
    return moment.addingOuterProduct(of: mean, scale: -1).changed { elements in
      // Rounding must not leave a negative variance where a feature is constant.
      for index in mean.indices {
        elements[index * (mean.count + 1)] = max(0, elements[index * (mean.count + 1)])
      }
    }
  }
}
