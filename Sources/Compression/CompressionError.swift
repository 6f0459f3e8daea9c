import Models
import Tensors
import Messages

/// Why a model could not be compressed as asked.
public enum CompressionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The model has no kernel that a factorisation could replace.
  case noKernels
  /// The target is beyond what the allowed forms reach; `largest` is written so that it works.
  case unreachable(target: String, least: String, advice: String)
  /// A plan or an option names a kernel that the model lacks.
  case unknownKernel(path: String, hint: String)
  /// A form cannot hold a kernel.
  case unsupported(path: String, form: String, reason: String)
  /// Ranks that a kernel cannot have.
  case ranks(path: String, found: [Int], full: [Int])
  /// A numerical routine failed on a kernel.
  case numerics(path: String, reason: String)
  /// A kernel holds NaN or ∞.
  case notFinite(path: String)
  /// Data-aware work was asked for without its statistics.
  case missingStatistics(path: String, reason: String)
  /// The plan was made for another file.
  case anotherSource(expected: String, found: String)

  /// `where: what, both sides; what to do`.
  public var description: String { message.oneLine() }

  private var message: String {
    switch self {
    case .noKernels:
      "the model: no Dense or convolution kernel that could be factorised; nothing to compress"
    case .unreachable(let target, let least, let advice): "\(target): \(least); \(advice)"
    case .unknownKernel(let path, let hint): "\(path): the model has no such kernel\(hint)"
    case .unsupported(let path, let form, let reason): "\(path): \(form) cannot hold it: \(reason)"
    case .ranks(let path, let found, let full):
      "\(path): expected ranks of at most \(CompressionError.list(full)), "
        + "found \(CompressionError.list(found))"
    case .numerics(let path, let reason): "\(path): \(reason)"
    case .notFinite(let path):
      "\(path): holds NaN or infinity; it cannot be factorised, exclude it or train again"
    case .missingStatistics(let path, let reason): "\(path): \(reason)"
    case .anotherSource(let expected, let found):
      "plan: made for the file with digest \(expected.prefix(12)), this one has "
        + "\(found.prefix(12)); make a new plan, or remove source_digest from it"
    }
  }

  static func list(_ ranks: [Int]) -> String { ranks.map(String.init).joined(separator: "×") }
}
