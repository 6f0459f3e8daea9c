import CHDF5
import Synchronization

/// The one door to libhdf5: every call goes through here.
///
/// The library keeps global state (identifiers, the error stack), so one lock is held around a call
/// and the walk of its error stack.
enum Library {
  private static let lock = Mutex<Void>(())

  /// Runs one C call; a negative result becomes an error with the library's own explanation.
  @discardableResult
  static func call<Status: SignedInteger & Sendable>(
    _ operation: @autoclosure () -> String, _ body: () -> Status
  ) throws(HDF5Error.Reason) -> Status {
    let (status, stack) = lock.withLock { _ -> (Status, [String]) in
      modelc_h5_prepare()
      let status = body()
      return (status, status < 0 ? errorStack() : [])
    }
    guard status >= 0 else { throw .library(operation: operation(), stack: stack) }
    return status
  }

  /// Runs one C call whose failure changes nothing any more, such as the release of an identifier.
  static func release<Status>(_ body: () -> Status) {
    lock.withLock { _ in
      modelc_h5_prepare()
      _ = body()
    }
  }

  private static func errorStack() -> [String] {
    // The shim writes at most the given number of bytes and ends them with zero.
    var buffer = [CChar](repeating: 0, count: 4096)
    unsafe buffer.withUnsafeMutableBufferPointer {
      unsafe modelc_h5_errors($0.baseAddress, $0.count)
    }
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// An identifier of libhdf5, released exactly once.
struct Identifier: ~Copyable, Sendable {
  let rawValue: hid_t

  /// Makes an identifier from the call that creates it.
  init(
    _ operation: @autoclosure () -> String, _ body: () -> hid_t
  ) throws(HDF5Error.Reason) {
    rawValue = try Library.call(operation(), body)
  }

  deinit {
    let rawValue = rawValue
    Library.release { H5Idec_ref(rawValue) }
  }

  /// Releases it now and reports what goes wrong.
  consuming func close(_ operation: String, _ body: (hid_t) -> herr_t) throws(HDF5Error.Reason) {
    let rawValue = rawValue
    discard self
    try Library.call(operation) { body(rawValue) }
  }
}
