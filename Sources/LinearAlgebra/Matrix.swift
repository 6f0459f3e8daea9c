public import Tensors

/// A dense row-major matrix of Float.
///
/// It shares its storage with the tensor it was made from until one of them is changed.
public struct Matrix: Sendable, Hashable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The values, row after row, `rows × columns` of them.
  ///
  /// Whoever changes them keeps their count: an observer here would copy the array at every write.
  public var elements: [Float]

  /// Makes a matrix; `elements` must have `rows × columns` values.
  public init(rows: Int, columns: Int, elements: [Float]) {
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
      rows: rows, columns: columns, elements: [Float](repeating: 0, count: rows * columns))
  }

  /// Sees a tensor as a matrix: the last axis is the columns, all others together the rows.
  public init(_ tensor: Tensor) {
    let columns = tensor.shape.last
    let rows = tensor.shape.order <= 1 ? 1 : tensor.shape.extents.dropLast().reduce(1, *)
    self.init(rows: rows, columns: columns, elements: tensor.elements)
  }

  /// Rounds a Double matrix to Float.
  public init(_ matrix: DoubleMatrix) {
    self.init(
      rows: matrix.rows, columns: matrix.columns, elements: matrix.elements.map { Float($0) })
  }

  /// The identity of order `order`.
  public static func identity(_ order: Int) -> Matrix {
    var result = Matrix(rows: order, columns: order)
    for index in 0..<order { result[index, index] = 1 }
    return result
  }

  /// One element.
  @inlinable public subscript(row: Int, column: Int) -> Float {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  /// The matrix as a tensor of shape [rows × columns], sharing storage.
  public var tensor: Tensor { Tensor(shape: [rows, columns], elements: elements) }

  /// The transpose.
  public func transposed() -> Matrix {
    Matrix(
      rows: columns, columns: rows,
      elements: transpose(elements.span, rows: rows, columns: columns))
  }

  /// The first `count` rows.
  public func firstRows(_ count: Int) -> Matrix {
    precondition(count <= rows, "\(count) of \(rows) rows")
    return Matrix(
      rows: count, columns: columns, elements: Array(elements.prefix(count * columns)))
  }

  /// The first `count` columns.
  public func firstColumns(_ count: Int) -> Matrix {
    precondition(count <= columns, "\(count) of \(columns) columns")
    return Matrix(
      rows: rows, columns: count,
      elements: leadingColumns(elements.span, rows: rows, columns: columns, count: count))
  }

  /// Σ x², accumulated in Double; not finite if and only if an element is not.
  public var squaredNorm: Double { sumOfSquares(elements.span) }

  /// Whether no element is NaN or infinite.
  public var isFinite: Bool { squaredNorm.isFinite }

  /// `784×100`.
  package var shapeDescription: String { "\(rows)×\(columns)" }
}
