import Glibc
import Synchronization

/// The temporary files that this process is writing, readable from a signal handler.
///
/// Each slot holds the address of a C string or 0. Whoever swaps an address out owns the string,
/// so a handler and the ordinary path never both act on one.
enum TemporaryRegistry {
  private static let slotCount = 64
  private static let slots = InlineArray<64, Atomic<UInt>>({ _ in Atomic(0) })

  /// Enters a path; nil if every slot is taken, in which case a signal leaves the file behind.
  static func enter(_ path: String) -> UInt? {
    // strdup's result is owned by the slot until `leave` or a handler takes it.
    guard let string = unsafe strdup(path) else { return nil }
    let address = UInt(bitPattern: string)
    for index in 0..<slotCount {
      let (entered, _) = slots[index].compareExchange(
        expected: 0, desired: address, ordering: .sequentiallyConsistent)
      if entered { return address }
    }
    unsafe free(string)
    return nil
  }

  /// Removes an entry; a handler that took it first keeps the string.
  static func leave(_ address: UInt) {
    for index in 0..<slotCount {
      let (left, _) = slots[index].compareExchange(
        expected: address, desired: 0, ordering: .sequentiallyConsistent)
      if left {
        // The address came from strdup and has just been taken out, so nobody else holds it.
        unsafe free(UnsafeMutableRawPointer(bitPattern: address))
        return
      }
    }
  }

  /// Unlinks every entered file; calls nothing that a signal handler may not.
  static func unlinkAll() {
    for index in 0..<slotCount {
      let address = slots[index].exchange(0, ordering: .sequentiallyConsistent)
      // A non-zero entry is a live C string from strdup; it leaks on purpose: free is not allowed.
      guard let string = unsafe UnsafePointer<CChar>(bitPattern: address) else { continue }
      _ = unsafe unlink(string)
    }
  }

  /// Runs the lazy initialisation, so that a handler never does.
  static func prepare() { _ = slots[0].load(ordering: .relaxed) }
}
