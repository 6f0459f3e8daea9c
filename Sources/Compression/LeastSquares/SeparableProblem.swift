import LinearAlgebra

/// min E‖(x − μ)K·L − z·left·right·L‖² over factors along some axes of x and a low-rank kernel on
/// the projected input z: what tensorised Dense and data-aware Tucker-2 have in common.
///
/// `moment` is A [n × n], `kernel` K·L [n × m] with L the root of the outputs' curvature or the
/// identity.
struct SeparableProblem {
  let layout: ModeLayout
  /// Which axes are projected; the others stay as they are.
  let axes: [Int]
  let moment: DoubleMatrix
  let kernel: DoubleMatrix
  /// Q = A·K·L.
  let cross: DoubleMatrix
  /// tr(LKᵀAKL).
  let energy: Double

  init(layout: ModeLayout, axes: [Int], moment: DoubleMatrix, kernel: DoubleMatrix) {
    self.layout = layout
    self.axes = axes
    self.moment = moment
    self.kernel = kernel
    cross = moment.multiplied(by: kernel)
    var energy = 0.0
    for index in kernel.elements.indices {
      energy += kernel.elements[index] * cross.elements[index]
    }
    self.energy = max(0, energy)
  }

  /// Full orthonormal bases of the projected axes, leading directions first: from the second
  /// moments of the inputs along each axis, or from the kernel as those moments weight it.
  func bases(ofKernel: Bool) throws(LinearAlgebraError) -> [DoubleMatrix] {
    var bases: [DoubleMatrix] = []
    for axis in axes {
      let axisMoment = layout.modeMoment(axis, of: moment).symmetrized()
      guard ofKernel else {
        bases.append(try axisMoment.symmetricEigen().vectors.transposed())
        continue
      }
      // Leading vectors ũ of S·K₍ₖ₎K₍ₖ₎ᵀ·S with S² the axis' moment; the input directions that
      // serve them are K₍ₖ₎K₍ₖ₎ᵀ·S·ũ. No inverse is taken, so constant features do no harm.
      let root = try axisMoment.symmetricFunction { max($0, 0).squareRoot() }
      let unfolded = layout.leading(axis, of: kernel)
      let rows = layout.extents[axis]
      let wide = DoubleMatrix(
        rows: rows, columns: unfolded.elements.count / rows, elements: unfolded.elements)
      let gram = wide.gram(.rows)
      let whitened = root.multiplied(by: gram).multiplied(by: root).symmetrized()
      let leading = try whitened.symmetricEigen().vectors
      let directions = gram.multiplied(by: root).multiplied(by: leading, transposingOther: true)
      bases.append(try SeparableProblem.completed(directions))
    }
    return bases
  }

  /// Orthonormal columns in the order of `directions`, whose later columns may vanish.
  private static func completed(
    _ directions: DoubleMatrix
  ) throws(LinearAlgebraError) -> DoubleMatrix {
    let largest = directions.elements.reduce(0) { max($0, abs($1)) }
    let (rows, columns) = (directions.rows, directions.columns)
    let scaled = directions.changed { elements in
      for column in 0..<columns {
        var norm = 0.0
        for row in 0..<rows {
          norm += elements[row * columns + column] * elements[row * columns + column]
        }
        norm = norm.squareRoot()
        for row in 0..<rows {
          let index = row * columns + column
          elements[index] = norm > 1e-9 * largest ? elements[index] / norm : row == column ? 1 : 0
        }
      }
    }
    return try scaled.orthonormalColumns()
  }

  /// The moments of the input in given bases: TᵀAT and TᵀQ.
  func projected(by factors: [DoubleMatrix]) -> (moment: DoubleMatrix, cross: DoubleMatrix) {
    var half = moment
    var crossed = cross
    var layout = layout
    for (axis, factor) in zip(axes, factors) {
      half = layout.projected(half, axis: axis, by: factor)
      crossed = layout.projected(crossed, axis: axis, by: factor)
      layout = layout.replacing(axis, by: factor.columns)
    }
    // half = TᵀA; its transpose AᵀT = AT is projected once more.
    var whole = half.transposed()
    layout = self.layout
    for (axis, factor) in zip(axes, factors) {
      whole = layout.projected(whole, axis: axis, by: factor)
      layout = layout.replacing(axis, by: factor.columns)
    }
    return (whole.symmetrized(), crossed)
  }

  /// The layout of the projected input.
  func projectedLayout(_ ranks: [Int]) -> ModeLayout {
    zip(axes, ranks).reduce(layout) { $0.replacing($1.0, by: $1.1) }
  }
}
