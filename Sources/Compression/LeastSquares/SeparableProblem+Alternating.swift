import LinearAlgebra

/// Factors along the projected axes and the low-rank kernel on what they leave.
struct SeparableSolution {
  /// One factor [extent × rank] a projected axis, orthonormal columns.
  var factors: [DoubleMatrix]
  /// [d × r].
  var left: DoubleMatrix
  /// [r × m], orthonormal rows in the weighted output space.
  var right: DoubleMatrix
  /// The expected squared error.
  var error: Double
  /// The spectrum of what the projection explains, √λ.
  var values: [Double]
  /// The sweeps made.
  var sweeps = 0
}

extension SeparableProblem {
  /// The best low-rank kernel for given factors.
  func solved(_ factors: [DoubleMatrix], rank: Int) throws(LinearAlgebraError) -> SeparableSolution
  {
    let (moment, cross) = projected(by: factors)
    let inner = try ProjectedKernel(moment: moment, cross: cross, energy: energy)
    let rank = min(rank, inner.values.count)
    return SeparableSolution(
      factors: factors, left: inner.left(rank: rank), right: inner.vectors.firstRows(rank),
      error: inner.errors[rank], values: inner.values.map { $0.squareRoot() })
  }

  /// Improves factors one axis at a time, each by linear least squares with the others fixed,
  /// until a sweep gains less than `tolerance` of the error.
  ///
  /// Axes whose normal equations would exceed `largestSystem` unknowns keep their factors.
  func alternating(
    from factors: [DoubleMatrix], rank: Int, maximumSweeps: Int = 12, tolerance: Double = 2e-3,
    largestSystem: Int = 2048
  ) throws(LinearAlgebraError) -> SeparableSolution {
    var best = try solved(factors, rank: rank)
    let improvable = axes.indices.filter { index in
      let factor = factors[index]
      let others = layout.count / factor.rows
      return factor.columns < factor.rows && factor.rows * factor.columns <= largestSystem
        && others * factor.columns <= largestSystem
    }
    guard !improvable.isEmpty, energy > 0 else { return best }
    for sweep in 1...maximumSweeps {
      let before = best.error
      for index in improvable {
        var factors = best.factors
        factors[index] = try refitted(index, best)
        var next = try solved(factors, rank: rank)
        // Rounding and jitter can undo a converged step: the better one is kept.
        guard next.error < best.error else { continue }
        next.sweeps = sweep
        best = next
      }
      if before - best.error < tolerance * before { break }
    }
    return best
  }

  /// The least-squares factor of one axis, the other factors and the kernel fixed.
  ///
  /// Outputs are taken in the basis of `right`, r of them. With V[a, ρ, o] what direction a at
  /// rest index ρ adds to output o: N[(i, a), (j, b)] = Σ A[(i, ρ), (j, σ)]·Σ_o V[a, ρ, o]V[b, σ, o]
  /// and the right-hand side Σ (A·K·L·Uᵣ)[(i, ρ), o]·V[a, ρ, o].
  private func refitted(
    _ index: Int, _ solution: SeparableSolution
  ) throws(LinearAlgebraError) -> DoubleMatrix {
    let axis = axes[index]
    let extent = layout.extents[axis]
    let rest = layout.count / extent
    let rank = solution.factors[index].columns
    let outputs = solution.right.rows
    // V: the left factor widened along all other projected axes, this axis in front.
    var widened = solution.left
    var wide = projectedLayout(solution.factors.map(\.columns))
    for (other, factor) in zip(axes, solution.factors) where other != axis {
      widened = wide.projected(widened, axis: other, by: factor.transposed())
      wide = wide.replacing(other, by: factor.rows)
    }
    let v = wide.leading(axis, of: widened)
    let normal = normalMatrix(axis: axis, extent: extent, rest: rest, rank: rank, v: v)
    let target = layout.leading(
      axis, of: cross.multiplied(by: solution.right, transposingOther: true))
    let flatTarget = DoubleMatrix(
      rows: extent, columns: rest * outputs, elements: target.elements)
    let flatV = DoubleMatrix(rows: rank, columns: rest * outputs, elements: v.elements)
    let right = flatTarget.multiplied(by: flatV, transposingOther: true)
    let solved = try Cholesky(normal).solve(
      DoubleMatrix(rows: extent * rank, columns: 1, elements: right.elements))
    return try DoubleMatrix(rows: extent, columns: rank, elements: solved.elements)
      .orthonormalColumns()
  }

  private func normalMatrix(
    axis: Int, extent: Int, rest: Int, rank: Int, v: DoubleMatrix
  ) -> DoubleMatrix {
    // G[(a, ρ), (b, σ)], sorted as [(ρ, σ) × (a, b)].
    let gram = v.gram(.rows)
    let gramElements = gram.elements.span
    var sortedGram = [Double](repeating: 0, count: rest * rest * rank * rank)
    for a in 0..<rank {
      for row in 0..<rest {
        for b in 0..<rank {
          for column in 0..<rest {
            sortedGram[((row * rest + column) * rank + a) * rank + b] =
              gramElements[(a * rest + row) * gram.columns + b * rest + column]
          }
        }
      }
    }
    // A with the axis in front on both sides, sorted as [(i, j) × (ρ, σ)].
    let rows = layout.leading(axis, of: moment)
    let both = layout.leading(axis, of: rows.transposed())
    var sortedMoment: [Double] = []
    sortedMoment.reserveCapacity(both.elements.count)
    for i in 0..<extent {
      for j in 0..<extent {
        for row in 0..<rest {
          let start = (i * rest + row) * both.columns + j * rest
          sortedMoment.append(contentsOf: both.elements[start..<start + rest])
        }
      }
    }
    let product = DoubleMatrix(
      rows: extent * extent, columns: rest * rest, elements: sortedMoment
    ).multiplied(
      by: DoubleMatrix(rows: rest * rest, columns: rank * rank, elements: sortedGram))
    let order = extent * rank
    var normal = [Double](repeating: 0, count: order * order)
    let products = product.elements.span
    for i in 0..<extent {
      for j in 0..<extent {
        for a in 0..<rank {
          for b in 0..<rank {
            normal[(i * rank + a) * order + j * rank + b] =
              products[(i * extent + j) * rank * rank + a * rank + b]
          }
        }
      }
    }
    return DoubleMatrix(rows: order, columns: order, elements: normal).symmetrized()
  }
}
