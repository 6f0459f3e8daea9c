public import Tensors
import Messages

/// Why a program cannot be run on the given values.
public enum ExecutionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The number of inputs or parameters is not the program's.
  case count(of: String, expected: Int, found: Int)
  /// A tensor's shape is not the program's; an input's first axis is the batch.
  case shape(of: String, expected: String, found: Shape)
  /// A batch is empty, or larger than the executor was made for.
  case batch(expected: Int, found: Int)
  /// An embedding was asked for an entry that its table does not have.
  case entry(origin: String, expected: Int, found: Float)

  /// The activations of a batch do not fit into half of this machine's memory, in bytes.
  case memory(available: Int, needed: Int)

  /// Where, and what, with both sides.
  public var description: String { message.oneLine() }

  private var message: String {
    switch self {
    case .count(let what, let expected, let found):
      "\(what): expected \(expected), found \(found)"
    case .shape(let what, let expected, let found):
      "\(what): expected \(expected), found \(found)"
    case .batch(let expected, let found):
      "batch: expected 1 to \(expected) samples, found \(found)"
    case .entry(let origin, let expected, let found):
      "\(origin): expected an entry from 0 to \(expected - 1), found \(found)"
    case .memory(let available, let needed):
      "activations: this machine has \(available >> 20) MiB of memory for them, found a need of "
        + "\(needed >> 20) MiB; run smaller batches"
    }
  }
}
