import Programs

/// An architecture as it is written: `name:part-part-part,option,option=value`.
struct ArchitectureText {
  let text: String
  let name: String
  let parts: [String]
  let options: ArchitectureOptions

  /// Splits the text and reads its options.
  init(_ text: String) throws(ArchitectureError) {
    self.text = text
    var pieces = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let head = pieces.removeFirst()
    let colon = head.firstIndex(of: ":")
    name = String(colon.map { head[..<$0] } ?? head[...])
    let body = colon.map { String(head[head.index(after: $0)...]) } ?? ""
    parts =
      body.isEmpty
      ? [] : body.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    if parts.contains("") {
      throw ArchitectureError(text, "expected a part between two '-', found nothing")
    }
    options = try ArchitectureOptions(pieces, of: text)
  }

  func failure(_ reason: String) -> ArchitectureError { ArchitectureError(text, reason) }
}

/// What may be chosen beside an architecture's layers.
struct ArchitectureOptions {
  /// The share dropped after each pooling and hidden Dense layer.
  var dropout = 0.0
  /// What follows hidden layers.
  var activation = ActivationFunction.relu()
  /// What ends the model.
  var output = ActivationFunction.softmax
  /// Whether hidden layers are batch-normalised before their activation.
  var normalises = false

  /// The names that options have.
  static let names = ["activation", "batchnorm", "dropout", "output"]

  init(_ pieces: [String], of text: String) throws(ArchitectureError) {
    for piece in pieces {
      let sides = piece.split(separator: "=", maxSplits: 1).map(String.init)
      let value = sides.count == 2 ? sides[1] : ""
      func function() throws(ArchitectureError) -> ActivationFunction {
        guard let function = ActivationFunction(plainName: value) else {
          throw ArchitectureError(
            text,
            "unknown activation '\(value)'"
              + NearestName.hint(value, among: ActivationFunction.plainNames))
        }
        return function
      }
      switch sides.first ?? "" {
      case "dropout":
        guard let rate = Double(value), rate >= 0, rate < 1 else {
          throw ArchitectureError(
            text, "dropout: expected a rate from 0 to below 1, found '\(value)'")
        }
        dropout = rate
      case "activation": activation = try function()
      case "output": output = try function()
      case "batchnorm" where sides.count == 1: normalises = true
      case let other:
        throw ArchitectureError(
          text, "unknown option '\(other)'" + NearestName.hint(other, among: Self.names))
      }
    }
  }
}
