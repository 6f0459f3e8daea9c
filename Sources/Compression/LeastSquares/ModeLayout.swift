import LinearAlgebra

/// The axes of a kernel's input index and products along one of them.
///
/// Such as height × width × channels or taps × channels; data is row-major [n₀·n₁·… × columns].
struct ModeLayout: Hashable {
  /// The extents.
  let extents: [Int]

  var count: Int { extents.reduce(1, *) }

  /// The extents before and after an axis, multiplied.
  func around(_ axis: Int) -> (before: Int, after: Int) {
    (
      extents[..<axis].reduce(1, *),
      extents[(axis + 1)...].reduce(1, *)
    )
  }

  func replacing(_ axis: Int, by extent: Int) -> ModeLayout {
    var extents = self.extents
    extents[axis] = extent
    return ModeLayout(extents: extents)
  }

  /// Fᵀ applied along an axis of the rows of `matrix`, F [extent × rank].
  func projected(_ matrix: DoubleMatrix, axis: Int, by factor: DoubleMatrix) -> DoubleMatrix {
    precondition(matrix.rows == count && factor.rows == extents[axis], "a factor of the axis")
    let (before, after) = around(axis)
    let (extent, rank) = (factor.rows, factor.columns)
    let width = after * matrix.columns
    var result = [Double](repeating: 0, count: before * rank * width)
    var span = result.mutableSpan
    for block in 0..<before {
      gemm(
        transA: true, m: rank, n: width, k: extent, a: factor.elements.span, lda: rank,
        b: matrix.elements.span.extracting(block * extent * width..<(block + 1) * extent * width),
        ldb: width, c: &span, at: block * rank * width, ldc: width)
    }
    return DoubleMatrix(rows: before * rank * after, columns: matrix.columns, elements: result)
  }

  /// The rows of `matrix` with an axis moved to the front.
  func leading(_ axis: Int, of matrix: DoubleMatrix) -> DoubleMatrix {
    if axis == 0 { return matrix }
    let (before, after) = around(axis)
    let width = after * matrix.columns
    var result: [Double] = []
    result.reserveCapacity(matrix.elements.count)
    for index in 0..<extents[axis] {
      for block in 0..<before {
        let start = (block * extents[axis] + index) * width
        result.append(contentsOf: matrix.elements[start..<start + width])
      }
    }
    return DoubleMatrix(rows: matrix.rows, columns: matrix.columns, elements: result)
  }

  /// The sum over all other axes of `moment` [count × count]: Σ_ρ M[(i, ρ), (j, ρ)].
  func modeMoment(_ axis: Int, of moment: DoubleMatrix) -> DoubleMatrix {
    let (before, after) = around(axis)
    let extent = extents[axis]
    var result = [Double](repeating: 0, count: extent * extent)
    let values = moment.elements.span
    for block in 0..<before {
      for inner in 0..<after {
        for row in 0..<extent {
          let rowStart = ((block * extent + row) * after + inner) * moment.columns
          for column in 0..<extent {
            let columnIndex = (block * extent + column) * after + inner
            result[row * extent + column] += values[rowStart + columnIndex]
          }
        }
      }
    }
    return DoubleMatrix(rows: extent, columns: extent, elements: result)
  }

  /// The positions of the leading `ranks` block, in row-major order.
  func leadingBlock(_ ranks: [Int]) -> [Int] {
    var positions = [0]
    for (extent, rank) in zip(extents, ranks) {
      positions = positions.flatMap { position in (0..<rank).map { position * extent + $0 } }
    }
    return positions
  }
}

extension DoubleMatrix {
  /// The rows and columns at `positions`.
  func selecting(_ positions: [Int]) -> DoubleMatrix {
    var result: [Double] = []
    result.reserveCapacity(positions.count * positions.count)
    for row in positions {
      for column in positions { result.append(elements[row * columns + column]) }
    }
    return DoubleMatrix(rows: positions.count, columns: positions.count, elements: result)
  }

  /// The rows at `positions`.
  func selectingRows(_ positions: [Int]) -> DoubleMatrix {
    var result: [Double] = []
    result.reserveCapacity(positions.count * columns)
    for row in positions {
      result.append(contentsOf: elements[row * columns..<(row + 1) * columns])
    }
    return DoubleMatrix(rows: positions.count, columns: columns, elements: result)
  }

  /// (A + Aᵀ)/2.
  func symmetrized() -> DoubleMatrix {
    let order = rows
    return changed { elements in
      for row in 0..<order {
        for column in 0..<row {
          let mean = (elements[row * order + column] + elements[column * order + row]) / 2
          elements[row * order + column] = mean
          elements[column * order + row] = mean
        }
      }
    }
  }

  /// The first columns' [rows × count] as orthonormal columns spanning the same space.
  func orthonormalColumns() throws(LinearAlgebraError) -> DoubleMatrix {
    DoubleMatrix(try Matrix(self).qr().q)
  }
}
