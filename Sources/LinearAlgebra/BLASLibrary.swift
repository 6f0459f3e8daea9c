import COpenBLAS

/// The OpenBLAS that is linked.
public enum BLASLibrary {
  /// Its version, such as `0.3.21`.
  public static var version: String {
    guard let config = unsafe openblas_get_config() else { return "unknown" }
    // A static, terminated string: `OpenBLAS 0.3.21 DYNAMIC_ARCH …`.
    let words = unsafe String(cString: config).split(separator: " ")
    return words.count > 1 ? String(words[1]) : "unknown"
  }

  /// The processor for which it chose its kernels, such as `Haswell`.
  public static var coreName: String {
    guard let name = unsafe openblas_get_corename() else { return "unknown" }
    // OpenBLAS returns a static, terminated string.
    return unsafe String(cString: name)
  }
}
