import Datasets
import Foundation
import HDF5
public import LinearAlgebra
import ModelFile
import Tensors

/// Writes matrices of Double to the kinds of files that matrices are read from.
public enum MatrixFiles {
  /// Writes named matrices to a new `.npz` or `.h5` file, or a single one to `.npy` or `.csv`.
  ///
  /// The kind follows the name's end; values keep their full precision.
  /// - Throws: `PipelineError` for another end, or several matrices for a file of one; what writing
  ///   throws. Nothing is left behind.
  public static func write(
    _ matrices: [(name: String, matrix: DoubleMatrix)], to path: String, force: Bool
  ) throws {
    switch (path as NSString).pathExtension.lowercased() {
    case "npz":
      let raw = matrices.map { (name: $0.name, tensor: RawTensor(float64: $0.matrix)) }
      try AtomicFile.write(try NumPyArchive.encoded(raw: raw), to: path, force: force)
    case "h5", "hdf5":
      let writer = try HDF5Writer(inMemory: path)
      for (name, matrix) in matrices {
        try writer.writeDataset(
          name, extents: [matrix.rows, matrix.columns], datatype: .float(.float64),
          bytes: RawTensor(float64: matrix).bytes)
      }
      try AtomicFile.write(try writer.image(), to: path, force: force)
    case "npy" where matrices.count == 1:
      try AtomicFile.write(
        NumPyFile.encoded(RawTensor(float64: matrices[0].matrix)), to: path, force: force)
    case "csv" where matrices.count == 1:
      try AtomicFile.write(csv(matrices[0].matrix), to: path, force: force)
    default:
      throw PipelineError(
        place: path,
        reason: matrices.count == 1
          ? "expected a name that ends in .csv, .npy, .npz or .h5"
          : "expected a name that ends in .npz or .h5, for \(matrices.count) matrices")
    }
  }

  /// Rows of a matrix as text, with a header where names are given; labels come first.
  public static func csv(
    _ matrix: DoubleMatrix, header: [String]? = nil, labels: [String]? = nil
  ) -> String {
    var text = header.map { CSVTable.line($0) } ?? ""
    for row in 0..<matrix.rows {
      let values = matrix.elements[row * matrix.columns..<(row + 1) * matrix.columns]
      text += CSVTable.line((labels.map { [$0[row]] } ?? []) + values.map { "\($0)" })
    }
    return text
  }
}

extension RawTensor {
  /// A matrix of Double as it is stored.
  init(float64 matrix: DoubleMatrix) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * matrix.elements.count)
    for value in matrix.elements {
      let pattern = value.bitPattern
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: pattern >> shift))
      }
    }
    self.init(shape: [matrix.rows, matrix.columns], scalarType: .float64, bytes: bytes)
  }
}
