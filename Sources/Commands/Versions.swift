import HDF5
import LinearAlgebra

/// The versions of modelc and of the libraries it runs on.
enum Versions {
  /// The version of modelc.
  static let tool = "0.1.0"

  /// What `--version` prints; the kernels that OpenBLAS chose decide the last bits of results.
  static var text: String {
    "modelc \(tool) (HDF5 \(HDF5Library.version), "
      + "OpenBLAS \(BLASLibrary.version) for \(BLASLibrary.coreName))"
  }

  /// What records of results hold: nothing of the machine.
  static var record: String {
    "modelc \(tool) (HDF5 \(HDF5Library.version), OpenBLAS \(BLASLibrary.version))"
  }
}
