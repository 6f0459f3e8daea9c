import Messages

/// Why a Keras file cannot be read, and where.
public struct KerasError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file as the caller gave it.
  public let file: String
  /// The place in it, such as `model_config: conv2` or `/model_weights/conv2`; empty for the whole.
  public let place: String
  /// What is wrong, both sides stated.
  public let problem: String
  /// What to do; empty where nothing can be said.
  public let advice: String

  /// Makes an error from its facts.
  public init(file: String, place: String, problem: String, advice: String = "") {
    self.file = file
    self.place = place
    self.problem = problem
    self.advice = advice
  }

  /// One line: `file: place: problem; advice`.
  public var description: String {
    let location = place.isEmpty ? file : "\(file): \(place)"
    return ("\(location): \(problem)" + (advice.isEmpty ? "" : "; \(advice)")).oneLine()
  }
}

/// A problem before the file's name is known to the code that finds it.
struct KerasProblem: Error {
  let place: String
  let problem: String
  let advice: String

  init(_ place: String, _ problem: String, advice: String = "") {
    self.place = place
    self.problem = problem
    self.advice = advice
  }

  func located(in file: String) -> KerasError {
    KerasError(file: file, place: place, problem: problem, advice: advice)
  }
}
