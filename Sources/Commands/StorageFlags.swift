public import ArgumentParser
public import Compression
import ModelFile

/// How a result is stored, shared by commands that write smaller files.
struct StorageFlags: ParsableArguments {
  /// How tensors lie in the file.
  enum Layout: String, ExpressibleByArgument, CaseIterable {
    case auto, open, packed
  }

  @Option(
    help: """
      How int8 scales are chosen: mse (least squared error), max (nothing is clipped) or \
      percentile (99.9 %).
      """)
  var int8Scale: ScaleChoice = .squaredError

  @Option(
    help: """
      open: a data set a tensor, and a Keras view; packed: one for all, smaller by kilobytes; \
      auto: open, but what is best under --max-bytes.
      """)
  var storage: Layout = .auto

  @Flag(help: "Leave spectra and provenance out of the file.")
  var strip = false

  @Option(help: "Lossless compression of tensors: auto, none or a level from 1 to 9.")
  var deflate: DeflateChoice = .automatic

  /// The options of the container.
  var options: StorageOptions {
    StorageOptions(
      compression: deflate.compression, isStripped: strip,
      layout: storage == .packed ? .packed : .open)
  }

  /// The options as they were given.
  var words: [String] {
    var words: [String] = []
    if int8Scale != .squaredError { words += ["--int8-scale", int8Scale.rawValue] }
    if storage != .auto { words += ["--storage", storage.rawValue] }
    return words
  }
}

extension ScaleChoice: ExpressibleByArgument {}
