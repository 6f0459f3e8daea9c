import JSON
import Messages

/// A container that cannot be read as one: which file, where in it, and why.
public struct ModelFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Why a container was refused.
  public enum Reason: Sendable, Hashable {
    /// The file is HDF5, but not a container of modelc.
    case notAContainer
    /// A major version that is not known here.
    case version(found: FormatVersion, known: FormatVersion)
    /// Features that must be understood and are not.
    case features([String])
    /// A root attribute of another type or number of elements.
    case attribute(expected: String)
    /// The graph is not the JSON that the format asks for.
    case graph(String)
    /// More bytes than a limit allows.
    case tooLarge(declared: Int, limit: Int)
    /// Tensors of more bytes than are allowed, or than the file can honestly hold.
    case size(String)
    /// A data set of another shape than the graph says.
    case shape(expected: [Int], found: [Int])
    /// A data set of another type than the graph says.
    case type(expected: String, found: String)
    /// The bytes are not those that were written.
    case digest(stored: String, computed: String)
    /// NaN or ∞ among the values.
    case nonFinite(index: Int, value: String)
    /// A negative value where none can be, such as a variance.
    case negative(index: Int, value: String)
    /// Components that do not make up their weight, or ranks that are not theirs.
    case form(String)
    /// Two tensors that claim one data set.
    case shared(with: String)
    /// A graph that does not hold together.
    case model(String)
    /// The packed bytes do not have the layout that the graph implies.
    case packing(String)
  }

  /// The file's name as the caller gave it.
  public let file: String
  /// The place: a data set, an attribute, a member of the graph or a tensor's path.
  public let place: String
  /// What is wrong.
  public let reason: Reason

  /// Makes an error from its facts.
  public init(file: String, place: String, reason: Reason) {
    self.file = file
    self.place = place
    self.reason = reason
  }

  /// One line: `file: place: what, both sides; what to do`.
  public var description: String {
    (place.isEmpty ? "\(file): \(reason)" : "\(file): \(place): \(reason)").oneLine()
  }
}

extension ModelFileError.Reason: CustomStringConvertible {
  /// The reason in words, lower case, without the place.
  public var description: String {
    switch self {
    case .notAContainer:
      "not a modelc container: the root attribute 'format' is not '\(Schema.format)'"
    case .version(let found, let known):
      "format version \(found) found, \(known.major).x is known here; use a newer modelc"
    case .features(let names):
      "must-understand feature \(names.map { "'\($0)'" }.joined(separator: ", ")) is not known "
        + "here; use a newer modelc"
    case .attribute(let expected): "expected \(expected)"
    case .graph(let problem), .form(let problem), .model(let problem), .packing(let problem),
      .size(let problem):
      problem
    case .tooLarge(let declared, let limit):
      "\(declared) bytes declared, more than the limit of \(limit)"
    case .shape(let expected, let found):
      "the graph says shape \(expected), the data set has \(found)"
    case .type(let expected, let found):
      "the graph asks for \(expected), the data set holds \(found)"
    case .digest(let stored, let computed):
      "the bytes changed after they were written: digest \(stored.prefix(12))… stored, "
        + "\(computed.prefix(12))… computed; get the file again"
    case .nonFinite(let index, let value):
      "value \(index) is \(value); pass --allow-nonfinite to read it anyway"
    case .negative(let index, let value):
      "value \(index) is \(value), but a variance is at least 0; pass --allow-nonfinite to read it "
        + "anyway"
    case .shared(let other): "has the same data set as \(other)"
    }
  }
}
