import Archives
public import Tensors

extension NumPyArchive {
  /// The bytes of an archive of arrays in their stored types, under their names.
  ///
  /// - Throws: ``DatasetError`` for a name that a zip archive cannot have.
  public static func encoded(
    raw arrays: [(name: String, tensor: RawTensor)]
  ) throws(DatasetError) -> [UInt8] {
    try reading { () throws(ArchiveError) in
      var writer = ZipWriter()
      for (name, tensor) in arrays {
        try writer.add(name + ".npy", NumPyFile.encoded(tensor), method: .stored)
      }
      return try writer.finish()
    }
  }
}
