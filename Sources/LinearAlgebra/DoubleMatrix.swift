public import Tensors

/// A dense row-major matrix of Double, for statistics and small eigenproblems.
public struct DoubleMatrix: Sendable, Hashable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The values, row after row, `rows × columns` of them.
  ///
  /// Whoever changes them keeps their count: an observer here would copy the array at every write.
  public var elements: [Double]

  /// Makes a matrix; `elements` must have `rows × columns` values.
  public init(rows: Int, columns: Int, elements: [Double]) {
    precondition(
      rows >= 0 && columns >= 0 && elements.count == rows * columns,
      "\(elements.count) elements for a matrix of \(rows)×\(columns)")
    self.rows = rows
    self.columns = columns
    self.elements = elements
  }

  /// Makes a matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.init(
      rows: rows, columns: columns, elements: [Double](repeating: 0, count: rows * columns))
  }

  /// Widens a Float matrix.
  public init(_ matrix: Matrix) {
    self.init(
      rows: matrix.rows, columns: matrix.columns, elements: matrix.elements.map { Double($0) })
  }

  /// Sees a tensor as a matrix: the last axis is the columns, all others together the rows.
  public init(_ tensor: Tensor) { self.init(Matrix(tensor)) }

  /// The identity of order `order`.
  public static func identity(_ order: Int) -> DoubleMatrix {
    var result = DoubleMatrix(rows: order, columns: order)
    for index in 0..<order { result[index, index] = 1 }
    return result
  }

  /// One element.
  @inlinable public subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// The matrix rounded to Float, as a tensor of shape [rows × columns].
  public var tensor: Tensor { Matrix(self).tensor }

  /// The transpose.
  public func transposed() -> DoubleMatrix {
    DoubleMatrix(
      rows: columns, columns: rows,
      elements: transpose(elements.span, rows: rows, columns: columns))
  }

  /// The first `count` rows.
  public func firstRows(_ count: Int) -> DoubleMatrix {
    precondition(count <= rows, "\(count) of \(rows) rows")
    return DoubleMatrix(
      rows: count, columns: columns, elements: Array(elements.prefix(count * columns)))
  }

  /// The first `count` columns.
  public func firstColumns(_ count: Int) -> DoubleMatrix {
    precondition(count <= columns, "\(count) of \(columns) columns")
    return DoubleMatrix(
      rows: rows, columns: count,
      elements: leadingColumns(elements.span, rows: rows, columns: columns, count: count))
  }

  /// The diagonal.
  public var diagonal: [Double] { (0..<min(rows, columns)).map { self[$0, $0] } }

  /// Σ x².
  public var squaredNorm: Double { sumOfSquares(elements.span) }

  /// Whether no element is NaN or infinite.
  public var isFinite: Bool {
    let span = elements.span
    for index in span.indices where !span[index].isFinite { return false }
    return true
  }

  /// `100×100`.
  package var shapeDescription: String { "\(rows)×\(columns)" }
}
