public import Archives
import Messages

/// Why a data set cannot be read or used, and where.
public struct DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong.
  public enum Problem: Sendable, Hashable {
    /// The file or archive beneath cannot be read; the error names its own place.
    case archive(ArchiveError)
    /// An HDF5 file cannot be read; the text names its own place.
    case hdf5(String)
    /// The content is none of the kinds that are read.
    case unrecognised(String)
    /// Fewer or more bytes than the header declares.
    case size(declared: Int, found: Int)
    /// Inputs and labels are not equally many.
    case count(inputs: Int, labels: Int, labelsPlace: String)
    /// A label outside of the classes.
    case label(Int, sample: Int, classCount: Int)
    /// Samples of a shape that does not fit.
    case shape(expected: String, found: String)
    /// Text that is no table of numbers; the place holds line and column.
    case text(expected: String, found: String)
    /// A file, column, array or folder that was asked for or is needed.
    case missing(String)
    /// Content that is refused, and what to do.
    case refused(String)
  }

  /// The file, and the place in it: `train.csv: line 7, column 3`.
  public let place: String
  /// What went wrong there.
  public let problem: Problem

  /// Makes an error.
  public init(_ problem: Problem, at place: String) {
    self.problem = problem
    self.place = place
  }

  init(_ error: ArchiveError) { self.init(.archive(error), at: error.place) }

  /// The message: `where: what, both sides; what to do`.
  public var description: String { message.oneLine() }

  private var message: String {
    switch problem {
    case .archive(let error): error.description
    case .hdf5(let message): message
    case .unrecognised(let what): "\(place): \(what)"
    case .size(let declared, let found):
      "\(place): the header declares \(declared) bytes, \(found) are there"
    case .count(let inputs, let labels, let labelsPlace):
      "\(place): \(inputs) examples, but \(labels) labels in \(labelsPlace)"
    case .label(let label, let sample, let classCount):
      "\(place): label \(label) at example \(sample), expected 0 to \(classCount - 1)"
    case .shape(let expected, let found): "\(place): expected \(expected), found \(found)"
    case .text(let expected, let found): "\(place): expected \(expected), found \(found)"
    case .missing(let what): "\(place): \(what)"
    case .refused(let what): "\(place): \(what)"
    }
  }
}

/// Runs `body` and restates an archive's error as one of a data set.
func reading<Result>(
  _ body: () throws(ArchiveError) -> Result
) throws(DatasetError) -> Result {
  do throws(ArchiveError) {
    return try body()
  } catch {
    throw DatasetError(error)
  }
}
