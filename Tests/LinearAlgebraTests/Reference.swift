import Foundation
import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Values that `make_reference.py` took from NumPy, SciPy and TensorLy.
struct Reference: Decodable {
  struct SVDCase: Decodable, CustomTestStringConvertible {
    var name: String
    var rows: Int
    var columns: Int
    var seed: UInt64
    var rank: Int?
    var singularValues: [Double]
    var leadingLeft: [Float]
    var leadingRight: [Float]
    var squaredNorm: Double
    var testDescription: String { name }
    var matrix: Matrix { drawnMatrix(rows, columns, seed: seed, rank: rank) }
  }
  struct RankCase: Decodable, CustomTestStringConvertible {
    var name: String
    var rows: Int
    var columns: Int
    var seed: UInt64
    var signalRank: Int
    var strength: Double
    var rank: Int
    var noiseVariance: Double
    var testDescription: String { name }
  }
  struct TuckerCase: Decodable, CustomTestStringConvertible {
    var name: String
    var shape: [Int]
    var modes: [Int]
    var ranks: [Int]
    var seed: UInt64
    var hosvdError: Double
    var hooiError: Double
    var spectra: [[Double]]
    var testDescription: String { name }
  }
  struct CPCase: Decodable {
    var tensor: TuckerCase
    var rank: Int
    var error: Double
  }
  struct SolveCase: Decodable {
    var order: Int
    var rightHandSides: Int
    var seed: UInt64
    var solution: [Double]
    var eigenvalues: [Double]
    var rootDiagonal: [Double]
  }
  var svd: [SVDCase]
  var evbmf: [RankCase]
  var tucker: [TuckerCase]
  var cp: [CPCase]
  var solve: [SolveCase]

  static let shared: Reference = {
    let path = Fixtures.path("linalg/reference.json")
    do {
      return try JSONDecoder().decode(
        Reference.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch { fatalError("\(path): \(error)") }
  }()
}

/// Uniform numbers in [−½, ½), the same as in `make_reference.py`.
func drawn(_ count: Int, seed: UInt64) -> [Float] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Float(generator.uniform() - 0.5) }
}

/// A matrix of full rank, or the product of two of them with an inner extent of `rank`.
func drawnMatrix(_ rows: Int, _ columns: Int, seed: UInt64, rank: Int? = nil) -> Matrix {
  guard let rank else {
    return Matrix(rows: rows, columns: columns, elements: drawn(rows * columns, seed: seed))
  }
  let left = DoubleMatrix(drawnMatrix(rows, rank, seed: seed))
  let right = DoubleMatrix(drawnMatrix(rank, columns, seed: seed + 1))
  return Matrix(left.multiplied(by: right))
}

/// The largest |aᵀa − I| of the columns or rows.
func orthogonalityDefect(_ matrix: Matrix, _ side: GramSide) -> Double {
  let gram = DoubleMatrix(matrix).gram(side)
  var defect = 0.0
  for row in 0..<gram.rows {
    for column in 0..<gram.columns {
      defect = max(defect, abs(gram[row, column] - (row == column ? 1 : 0)))
    }
  }
  return defect
}

/// ‖a − b‖_F ÷ ‖a‖_F.
func relativeError(_ a: Matrix, _ b: Matrix) -> Double { a.tensor.relativeError(of: b.tensor) }

/// Rounding of Float products and of an SVD in Float, relative to the largest value.
let floatTolerance = 5e-6
