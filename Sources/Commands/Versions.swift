import HDF5
import LinearAlgebra

/// The versions of modelc and of the libraries it runs on.
enum Versions {
  /// The version of modelc.
  static let tool = "0.1.0"

  /// What `--version` prints.
  static var text: String {
    "modelc \(tool) (HDF5 \(HDF5Library.version), OpenBLAS on \(BLASThreads.coreName))"
  }
}
