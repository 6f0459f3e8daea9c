import Crypto

/// SHA-256 in the forms in which the container holds it.
enum Digest {
  /// The digest of bytes, in lower-case hexadecimal.
  static func hexadecimal(_ bytes: [UInt8]) -> String {
    hexadecimal(of: SHA256.hash(data: bytes))
  }

  /// The digest of the bytes of floats, in lower-case hexadecimal.
  static func hexadecimal(_ floats: [Float]) -> String {
    var hash = SHA256()
    // The buffer lives for the call, and every byte of a Float is initialised.
    unsafe floats.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
    return hexadecimal(of: hash.finalize())
  }

  /// The digest of bytes, as 32 bytes.
  static func bytes(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  /// Bytes in lower-case hexadecimal.
  static func hexadecimal(of bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Whether a text is a digest as this container writes it.
  static func isHexadecimal(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy {
        $0 &- UInt8(ascii: "0") < 10 || $0 &- UInt8(ascii: "a") < 6
      }
  }

  /// The digest in the root attribute: over the root's facts and the graph, and so over all.
  ///
  /// SHA-256 of format, version, producer and features, each followed by a line feed, and the
  /// graph's bytes; the graph holds the digest of every tensor.
  static func root(
    version: FormatVersion, producer: String, features: String, graph: [UInt8]
  ) -> String {
    var hash = SHA256()
    hash.update(
      data: Array("\(Schema.format)\n\(version)\n\(producer)\n\(features)\n".utf8))
    hash.update(data: graph)
    return hexadecimal(of: hash.finalize())
  }
}
