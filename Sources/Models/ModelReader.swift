import Messages

/// A reader of one file format.
public protocol ModelReader: Sendable {
  /// The format's name, such as `keras-h5`.
  static var format: String { get }
  /// Makes a reader.
  init()
  /// Reads the model; values may stay in the file.
  /// - Throws: an error whose description names the file, the place and both sides.
  func readModel(at path: String, options: ReadOptions) throws -> ImportedModel
}

/// Limits and permissions of a reading.
public struct ReadOptions: Sendable, Hashable {
  /// The largest total of decoded bytes.
  public var maximumByteCount: Int
  /// Whether NaN, ∞ and negative variances are let through.
  public var allowsNonFinite: Bool

  /// Makes options; 8 GiB and finite values are the default.
  public init(maximumByteCount: Int = 8 << 30, allowsNonFinite: Bool = false) {
    self.maximumByteCount = maximumByteCount
    self.allowsNonFinite = allowsNonFinite
  }

  /// Declared bytes up to this many are believed whatever the file's size.
  private static let freeByteCount = 64 << 20
  /// Above, a file that declares more than this many times its own size is a bomb.
  private static let largestRatio = 200

  /// Why tensors of `declared` bytes in a file of `stored` bytes are refused; nil if they are not.
  ///
  /// Deflate reaches 1032:1 on zeros alone; trained values, pruned ones too, stay below 100:1.
  public func refusal(declaring declared: Int, in stored: Int) -> String? {
    if declared > maximumByteCount {
      return
        "the tensors take \(declared) bytes, more than the limit of \(maximumByteCount) bytes; "
        + "raise it with --max-size"
    }
    if declared > Self.freeByteCount, declared / Self.largestRatio > stored {
      return "\(declared) bytes declared, \(stored) stored: more than \(Self.largestRatio) to 1, "
        + "which no trained weights reach; save the model without compression"
    }
    return nil
  }
}

/// What a reader found.
public struct ImportedModel: Sendable {
  /// Something that the file held and the model does not, or that the user must know.
  public struct Remark: Sendable, Hashable, CustomStringConvertible {
    /// The place in the file or the layer.
    public var place: String
    /// What was dropped or carried, and why.
    public var reason: String

    /// Makes a remark.
    public init(place: String, reason: String) {
      self.place = place
      self.reason = reason
    }

    /// `place: reason`.
    public var description: String { "\(place): \(reason)".oneLine() }
  }

  /// The model.
  public var model: Model
  /// What was left behind or is carried without being known.
  public var remarks: [Remark]
  /// The format's name.
  public var format: String
  /// Whether the file holds weights alone: layers without calls, to look at but not to run.
  public var isWeightsOnly: Bool

  /// Makes a result.
  public init(
    model: Model, remarks: [Remark], format: String, isWeightsOnly: Bool = false
  ) {
    self.model = model
    self.remarks = remarks
    self.format = format
    self.isWeightsOnly = isWeightsOnly
  }
}
