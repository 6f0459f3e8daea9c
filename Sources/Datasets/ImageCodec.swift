internal import CImages

/// PNG and JPEG pictures, read by libpng and libjpeg where the build has them.
public enum ImageCodec {
  /// Whether this build can read pictures (package trait `Images`).
  public static var isAvailable: Bool { modelc_images_available() != 0 }

  /// What a picture's header says.
  public struct Size: Sendable, Hashable {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int
    /// Whether it has colour.
    public var isColour: Bool
  }

  /// Reads a picture's header.
  ///
  /// - Throws: `.refused` with the library's reason, or if it has more than 64 Mi pixels.
  public static func size(of bytes: [UInt8], place: String) throws(DatasetError) -> Size {
    var size = modelc_image_size()
    let reason = unsafe call { message, capacity in
      // The library reads exactly `count` bytes and fills the struct.
      unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe modelc_image_header(buffer.baseAddress, buffer.count, &size, message, capacity)
      }
    }
    if let reason { throw DatasetError(.refused(reason), at: place) }
    guard size.width > 0, size.height > 0, Int(size.width) * Int(size.height) <= 64 << 20 else {
      throw DatasetError(
        .refused("\(size.width)×\(size.height) pixels, at most 64 Mi are read"), at: place)
    }
    return Size(
      width: Int(size.width), height: Int(size.height), isColour: size.is_colour != 0)
  }

  /// Decodes a picture to [height × width × channels] bytes; `channels` is 1 (grey) or 3 (RGB).
  ///
  /// - Throws: `.refused` with the library's reason.
  public static func decode(
    _ bytes: [UInt8], size: Size, channels: Int, place: String
  ) throws(DatasetError) -> [UInt8] {
    precondition(channels == 1 || channels == 3)
    let capacity = size.width * size.height * channels
    var reason: String?
    let pixels = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { pixels, initialized in
      unsafe pixels.initialize(repeating: 0)
      reason = unsafe call { message, messageCapacity in
        // The library compares the size with `capacity` before it writes a pixel.
        unsafe bytes.withUnsafeBufferPointer { buffer in
          unsafe modelc_image_decode(
            buffer.baseAddress, buffer.count, Int32(channels), pixels.baseAddress, capacity,
            message, messageCapacity)
        }
      }
      initialized = capacity
    }
    if let reason { throw DatasetError(.refused(reason), at: place) }
    return pixels
  }

  /// Encodes [height × width × channels] bytes as PNG; nil if the build cannot or the sizes differ.
  public static func png(
    _ pixels: [UInt8], width: Int, height: Int, channels: Int
  ) -> [UInt8]? {
    guard isAvailable, width > 0, height > 0, pixels.count == width * height * channels,
      width <= 1 << 20, height <= 1 << 20
    else { return nil }
    let capacity = pixels.count * 2 + 4096 + height * 16
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { output, initialized in
      // libpng writes at most `capacity` bytes and returns how many.
      initialized = unsafe pixels.withUnsafeBufferPointer { buffer in
        unsafe modelc_image_encode_png(
          buffer.baseAddress, UInt32(width), UInt32(height), Int32(channels),
          output.baseAddress, capacity)
      }
    }
    return bytes.isEmpty ? nil : bytes
  }

  /// Runs a C call that fails with −1 and a text.
  private static func call(
    _ body: (UnsafeMutablePointer<CChar>?, Int) -> Int32
  ) -> String? {
    var message = [CChar](repeating: 0, count: 256)
    let status = unsafe message.withUnsafeMutableBufferPointer { buffer in
      unsafe body(buffer.baseAddress, buffer.count)
    }
    guard status != 0 else { return nil }
    let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: text, as: UTF8.self)
  }
}
