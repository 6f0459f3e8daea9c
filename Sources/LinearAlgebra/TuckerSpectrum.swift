public import Tensors

/// The singular values of a tensor's unfoldings and their bases, from which Tucker decompositions
/// of any ranks start.
///
/// Planning reads ``singularValues`` and ``keptEnergies(of:)``; ``truncated(_:ranks:options:)``
/// starts from the kept bases. It holds one square matrix per mode.
public struct TuckerSpectrum: Sendable {
  /// The tensor's shape.
  public let shape: Shape
  /// The modes that were unfolded.
  public let modes: [Int]
  /// Per mode, the singular values of its unfolding, non-increasing, one per extent.
  public let singularValues: [[Double]]
  /// ‖T‖²_F.
  public let squaredNorm: Double
  /// Per mode, all left singular vectors of its unfolding as rows [extent × extent].
  private let bases: [Matrix]

  /// Computes mode Gram matrices in Double and all their eigenvectors.
  ///
  /// - Throws: `.notFinite` if the tensor holds NaN or ∞; `.didNotConverge` from LAPACK.
  public init(of tensor: Tensor, modes: [Int]) throws(LinearAlgebraError) {
    precondition(
      Set(modes).count == modes.count && modes.allSatisfy { $0 >= 0 && $0 < tensor.shape.order },
      "modes \(modes) of \(tensor.shape)")
    let norm = sumOfSquares(tensor.elements.span)
    guard norm.isFinite else {
      throw .notFinite(operation: "Tucker", shape: tensor.shape.description)
    }
    shape = tensor.shape
    self.modes = modes
    squaredNorm = norm
    var values: [[Double]] = []
    var bases: [Matrix] = []
    for mode in modes {
      let extent = shape[mode]
      guard extent > 0 else {
        values.append([])
        bases.append(Matrix(rows: 0, columns: 0))
        continue
      }
      let reduction = try SymmetricReduction(
        upperTriangle: tensor.doubleModeGram(mode).elements, order: extent)
      values.append(reduction.eigenvalues.map { max($0, 0).squareRoot() })
      var vectors = try reduction.leadingVectors(extent, tolerance: 1e-7).map { Float($0) }
      makeLargestEntryPositive(&vectors, rows: extent, columns: extent)
      bases.append(Matrix(rows: extent, columns: extent, elements: vectors))
    }
    singularValues = values
    self.bases = bases
  }

  /// The energy that HOSVD keeps for every pair of ranks of two modes, from one projection.
  ///
  /// Entry [i, j] of the result [extent₀ + 1 × extent₁ + 1] is ‖T ×₀ U_iᵀ ×₁ V_jᵀ‖²_F: what a
  /// Tucker-2 decomposition of ranks (i, j) keeps before HOOI improves it.
  public func keptEnergies(of tensor: Tensor) -> DoubleMatrix {
    precondition(modes.count == 2 && tensor.shape == shape, "two modes of the same tensor")
    let rotated = zip(modes, bases).reduce(tensor) { $0.multiplied(by: $1.1, mode: $1.0) }
    let (first, second) = (shape[modes[0]], shape[modes[1]])
    let strides = shape.strides
    let others = (0..<shape.order).filter { !modes.contains($0) }
    var sums = [Double](repeating: 0, count: (first + 1) * (second + 1))
    let span = rotated.elements.span
    forEachOffset(of: others, strides: strides) { base in
      for row in 0..<first {
        var index = base + row * strides[modes[0]]
        for column in 0..<second {
          let value = Double(span[index])
          sums[(row + 1) * (second + 1) + column + 1] += value * value
          index += strides[modes[1]]
        }
      }
    }
    for row in 1..<first + 1 {
      var sum = 0.0
      for column in 1..<second + 1 {
        let index = row * (second + 1) + column
        sum += sums[index]
        sums[index] = sums[index - second - 1] + sum
      }
    }
    return DoubleMatrix(rows: first + 1, columns: second + 1, elements: sums)
  }

  private func forEachOffset(of axes: [Int], strides: [Int], _ body: (Int) -> Void) {
    guard let axis = axes.first else { return body(0) }
    for index in 0..<shape[axis] {
      forEachOffset(of: Array(axes.dropFirst()), strides: strides) {
        body(index * strides[axis] + $0)
      }
    }
  }

  /// The decomposition of the same tensor at given ranks, each clipped to its mode's extent.
  ///
  /// - Throws: `.didNotConverge` from LAPACK.
  public func truncated(
    _ tensor: Tensor, ranks: [Int], options: TuckerOptions = TuckerOptions()
  ) throws(LinearAlgebraError) -> TuckerDecomposition {
    precondition(tensor.shape == shape && ranks.count == modes.count, "ranks \(ranks) of \(modes)")
    let ranks = zip(modes, ranks).map { min(max($1, 0), shape[$0]) }
    // Rows of each basis; transposed into factors at the end.
    var bases = zip(self.bases, ranks).map { $0.firstRows($1) }
    var core = project(tensor, on: bases, except: nil)
    var errors = [error(of: core)]
    // Nothing to alternate over with one truncated mode, and below a thousandth of the norm Float
    // cannot see an improvement.
    let truncated = modes.indices.filter { ranks[$0] < shape[modes[$0]] && ranks[$0] > 0 }
    if truncated.count > 1, errors[0] > 1e-3 {
      for _ in 0..<options.maximumSweeps {
        let previous = (bases, core)
        for index in truncated {
          let projected = project(tensor, on: bases, except: index)
          bases[index] = try projected.modeGram(modes[index])
            .symmetricEigen(leading: ranks[index]).vectors
          if index == truncated[truncated.count - 1] {
            core = projected.multiplied(by: bases[index], mode: modes[index])
          }
        }
        let error = error(of: core)
        // Rounding can undo a converged sweep; the better one is kept.
        guard error <= errors[errors.count - 1] else {
          (bases, core) = previous
          break
        }
        errors.append(error)
        if errors[errors.count - 2] - error < options.tolerance { break }
      }
    }
    let result = TuckerDecomposition(
      modes: modes, core: core, factors: bases.map { $0.transposed() }, squaredNorm: squaredNorm,
      errors: errors)
    return errors[errors.count - 1] < 3e-3 ? remeasured(result, against: tensor) : result
  }

  /// ‖T‖² − ‖core‖² cancels when little is lost; the distance itself does not.
  private func remeasured(
    _ result: TuckerDecomposition, against tensor: Tensor
  ) -> TuckerDecomposition {
    let error = tensor.relativeError(of: result.reconstructed())
    return TuckerDecomposition(
      modes: result.modes, core: result.core, factors: result.factors, squaredNorm: squaredNorm,
      errors: result.errors.dropLast().map { max($0, error) } + [error])
  }

  private func project(_ tensor: Tensor, on bases: [Matrix], except skipped: Int?) -> Tensor {
    var result = tensor
    // The last axis first: it is one product, and it shrinks the tensor for the others.
    for index in modes.indices.sorted(by: { modes[$0] > modes[$1] }) where index != skipped {
      result = result.multiplied(by: bases[index], mode: modes[index])
    }
    return result
  }

  private func error(of core: Tensor) -> Double {
    guard squaredNorm > 0 else { return 0 }
    return (max(0, squaredNorm - sumOfSquares(core.elements.span)) / squaredNorm).squareRoot()
  }
}
