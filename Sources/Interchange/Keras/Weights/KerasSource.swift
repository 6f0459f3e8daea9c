import HDF5
import Models
import Synchronization
import Tensors

/// A tensor of a Keras file, known by its header only.
struct StoredTensor {
  /// The path of its data set in the file.
  let path: String
  let shape: Shape
  let scalarType: ScalarType
}

/// The open file that deferred parameters of a Keras model read their values from.
///
/// Each reading looks the data set up again and compares shape and type, so that a file that was
/// exchanged underneath is an error and never a wrong value.
final class KerasSource: TensorSource {
  let file: HDF5File
  /// The bytes that all tensors take on disk at most.
  let storedByteCount: Int
  private let verification: Mutex<(@Sendable () throws -> Void)?>

  /// Takes an open file; `verification` runs once, before the first value is read.
  init(
    file: HDF5File, storedByteCount: Int? = nil,
    verification: (@Sendable () throws -> Void)? = nil
  ) {
    self.file = file
    self.storedByteCount = storedByteCount ?? file.fileSize
    self.verification = Mutex(verification)
  }

  /// Reads the header of a data set.
  func stored(_ path: String) throws -> StoredTensor {
    let dataset = try file.dataset(path)
    guard let scalarType = try Self.scalarType(of: dataset) else {
      throw failure(path, "expected numbers, found \(dataset.datatype)")
    }
    guard dataset.extents.count <= 8, let shape = Shape(checking: dataset.extents),
      dataset.extents.allSatisfy({ $0 > 0 })
    else {
      let extents = dataset.extents.map(String.init).joined(separator: "×")
      throw failure(path, "expected at most 8 axes, each of extent 1 or more, found [\(extents)]")
    }
    // A contiguous data set must lie in the file; small ones may be unwritten and hold zeros.
    if dataset.layoutName == "contiguous", dataset.byteCount > 64 << 10,
      dataset.contiguousOffset == nil
    {
      throw failure(
        path, "\(dataset.byteCount) bytes declared, but the file does not hold them",
        advice: "copy or download the file again")
    }
    return StoredTensor(path: path, shape: shape, scalarType: scalarType)
  }

  func readRaw(_ key: String, shape: Shape, scalarType: ScalarType) throws -> RawTensor {
    let dataset = try checked(key, shape, scalarType)
    return RawTensor(shape: shape, scalarType: scalarType, bytes: try dataset.readBytes())
  }

  func readTensor(_ key: String, shape: Shape, scalarType: ScalarType) throws -> Tensor {
    let dataset = try checked(key, shape, scalarType)
    guard scalarType == .float32 else {
      return RawTensor(shape: shape, scalarType: scalarType, bytes: try dataset.readBytes())
        .tensor()
    }
    return Tensor(shape: shape, elements: try dataset.readFloats())
  }

  private func checked(_ key: String, _ shape: Shape, _ scalarType: ScalarType) throws
    -> HDF5Dataset
  {
    // Left in place where it fails, so that no later reading slips through.
    try verification.withLock { check in
      try check?()
      check = nil
    }
    let dataset = try file.dataset(key)
    guard dataset.extents == shape.extents, try Self.scalarType(of: dataset) == scalarType else {
      let extents = dataset.extents.map(String.init).joined(separator: "×")
      throw failure(
        key, "expected \(scalarType.rawValue) [\(shape)], found \(dataset.datatype) [\(extents)]",
        advice: "the file changed while it was open; run again")
    }
    return dataset
  }

  /// The stored type; Keras keeps bfloat16 as two opaque bytes.
  static func scalarType(of dataset: HDF5Dataset) throws -> ScalarType? {
    switch dataset.datatype {
    case .float(let format, _): return ScalarType(rawValue: format.rawValue)
    case .integer(let size, let isSigned, _):
      return ScalarType(rawValue: (isSigned ? "int" : "uint") + String(8 * size))
    case .boolean: return .bool
    case .opaque(2, _):
      let stated = try dataset.attribute("dtype")?.string()
      return stated == nil || stated == "bfloat16" ? .bfloat16 : nil
    default: return nil
    }
  }

  func failure(_ place: String, _ problem: String, advice: String = "") -> KerasError {
    KerasError(file: file.name, place: place, problem: problem, advice: advice)
  }
}
