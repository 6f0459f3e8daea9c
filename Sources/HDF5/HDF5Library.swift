import CHDF5

/// The C library that writes.
public enum HDF5Library {
  /// Its version, such as `1.10.8`.
  public static var version: String {
    var major: UInt32 = 0
    var minor: UInt32 = 0
    var release: UInt32 = 0
    // The three pointers live for the call only.
    unsafe H5get_libversion(&major, &minor, &release)
    return "\(major).\(minor).\(release)"
  }
}
