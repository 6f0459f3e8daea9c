import CHDF5

/// The C library that writes.
public enum HDF5Library {
  /// Its version, such as `1.10.8`.
  public static var version: String {
    var major: UInt32 = 0
    var minor: UInt32 = 0
    var release: UInt32 = 0
    // Any call starts the library; only the prepared start leaves out its exit handler, which
    // crashes after a failed close.
    modelc_h5_prepare()
    // The three pointers live for the call only.
    unsafe H5get_libversion(&major, &minor, &release)
    return "\(major).\(minor).\(release)"
  }
}
