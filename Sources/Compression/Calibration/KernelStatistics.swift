public import LinearAlgebra

/// What calibration data says about one kernel's inputs and outputs.
///
/// Inputs x are the rows that meet the kernel: a Dense layer's inputs, a convolution's patches.
public struct KernelStatistics: Sendable {
  /// The number of rows seen.
  public let count: Int
  /// E[x].
  public let mean: [Double]
  /// E[(x − μ)ᵀ(x − μ)] [n × n]; nil where the inputs are too wide to hold it.
  public let covariance: DoubleMatrix?
  /// E[(y − ȳ)ᵀ(y − ȳ)] [m × m] of the products y = xK of the kernel that was calibrated; nil
  /// where `covariance` is at hand.
  public let outputCovariance: DoubleMatrix?
  /// E[y] of those products; nil where `covariance` is at hand.
  public let outputMean: [Double]?
  /// E[gᵀg] [m × m] of the loss's gradients with respect to y; nil where none were taken.
  public let outputGradient: DoubleMatrix?

  /// Makes statistics.
  public init(
    count: Int, mean: [Double], covariance: DoubleMatrix?, outputCovariance: DoubleMatrix? = nil,
    outputMean: [Double]? = nil, outputGradient: DoubleMatrix? = nil
  ) {
    self.count = count
    self.mean = mean
    self.covariance = covariance
    self.outputCovariance = outputCovariance
    self.outputMean = outputMean
    self.outputGradient = outputGradient
  }

  /// The second moment that errors are weighted with: about the mean where a bias can take up the
  /// mean's share, else about zero.
  func inputMoment(centred: Bool) -> DoubleMatrix? {
    guard let covariance else { return nil }
    return centred ? covariance : covariance.addingOuterProduct(of: mean)
  }

  /// Kᵀ·A·K, the second moment of the outputs of a kernel [n × m].
  func outputMoment(of kernel: DoubleMatrix, centred: Bool) -> DoubleMatrix? {
    if let moment = inputMoment(centred: centred) {
      return kernel.multiplied(
        by: moment.multiplied(by: kernel), transposingSelf: true)
    }
    guard let outputCovariance else { return nil }
    guard !centred, let outputMean else { return outputCovariance }
    return outputCovariance.addingOuterProduct(of: outputMean)
  }

  /// The square root L of the damped curvature, (1 − λ)·G + λ·tr(G)/m·I, and its inverse.
  func curvatureRoot(
    damping: Double
  ) throws(LinearAlgebraError) -> (root: DoubleMatrix, inverse: DoubleMatrix)? {
    guard let gradient = outputGradient else { return nil }
    let order = gradient.rows
    let trace = gradient.diagonal.reduce(0, +)
    // Without any gradient every direction counts the same.
    let floor = trace > 0 ? damping * trace / Double(max(order, 1)) : 1
    let damped = gradient.changed { elements in
      for index in elements.indices { elements[index] *= 1 - damping }
      for index in 0..<order { elements[index * order + index] += floor }
    }
    let least = floor * 1e-9
    return (
      try damped.symmetricFunction { max($0, least).squareRoot() },
      try damped.symmetricFunction { 1 / max($0, least).squareRoot() }
    )
  }
}

extension DoubleMatrix {
  /// The same matrix with its elements changed at once.
  ///
  /// Single writes through a matrix of another module copy it each time.
  func changed(_ change: (inout [Double]) -> Void) -> DoubleMatrix {
    var elements = self.elements
    change(&elements)
    return DoubleMatrix(rows: rows, columns: columns, elements: elements)
  }

  /// self + scale · vᵀv.
  func addingOuterProduct(of vector: [Double], scale: Double = 1) -> DoubleMatrix {
    changed { elements in
      for row in vector.indices {
        let factor = vector[row] * scale
        let start = row * vector.count
        for column in vector.indices { elements[start + column] += factor * vector[column] }
      }
    }
  }
}
