public import ArgumentParser
import Models
public import Reports

/// Options that every command has.
struct OutputOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Say nothing on stderr but errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more on stderr.")
  var verbose = false

  var console: Console {
    Console(verbosity: quiet ? .quiet : verbose ? .verbose : .normal)
  }
}

/// Options of commands that read a model.
struct ReadingOptions: ParsableArguments {
  @Option(help: "Refuse files whose tensors take more than this (such as 8G).")
  var maxSize: ByteCount = ByteCount(bytes: 8 << 30)

  @Flag(help: "Let NaN, infinite values and negative variances through.")
  var allowNonfinite = false

  var readOptions: ReadOptions {
    ReadOptions(maximumByteCount: maxSize.bytes, allowsNonFinite: allowNonfinite)
  }
}

/// Options of commands that print a table.
struct FormatOptions: ParsableArguments {
  @Option(help: "How to print the result: table, markdown, json or csv.")
  var format: Table.Format = .table
}

extension Table.Format: ExpressibleByArgument {}

/// A size in bytes, written `65536`, `64K`, `64KiB` or `1.5M`; K is 1,024.
struct ByteCount: ExpressibleByArgument, Sendable {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    var text = argument.uppercased()[...]
    var factor = 1.0
    for suffix in ["IB", "B"] where text.hasSuffix(suffix) {
      text = text.dropLast(suffix.count)
      break
    }
    if let unit = text.last, let power = ["K": 1, "M": 2, "G": 3, "T": 4][String(unit)] {
      for _ in 0..<power { factor *= 1024 }
      text = text.dropLast()
    }
    guard let value = Double(text), value.isFinite, value >= 0, value * factor < 1e18 else {
      return nil
    }
    bytes = Int(value * factor)
  }

  var defaultValueDescription: String { Units.bytes(bytes) }
}
