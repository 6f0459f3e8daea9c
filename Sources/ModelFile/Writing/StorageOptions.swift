/// How a container stores what it holds; the model is the same either way.
public struct StorageOptions: Sendable, Hashable {
  /// Whether tensors are compressed without loss.
  public enum Compression: Sendable, Hashable {
    /// Where it pays: in small files, and for int8, masked and otherwise sparse tensors.
    case automatic
    /// Nowhere: every tensor is one run of bytes.
    case none
    /// Everywhere, by deflate at this level from 1 to 9.
    case deflate(level: Int)
  }

  /// How tensors lie in the file.
  public enum Layout: Sendable, Hashable {
    /// Each tensor is a data set under a readable name; views are possible.
    case open
    /// All tensors lie in one byte data set: for files of some kilobytes, without views.
    case packed
  }

  /// Whether tensors are compressed without loss.
  public var compression: Compression
  /// Whether spectra, provenance and the notes on groups are left out.
  public var isStripped: Bool
  /// How tensors lie in the file.
  public var layout: Layout

  /// Makes options.
  public init(
    compression: Compression = .automatic, isStripped: Bool = false, layout: Layout = .open
  ) {
    self.compression = compression
    self.isStripped = isStripped
    self.layout = layout
  }
}
