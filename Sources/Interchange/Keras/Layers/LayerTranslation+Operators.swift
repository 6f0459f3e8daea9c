import JSON
import Models

extension LayerTranslator {
  /// One side of an arithmetic operator.
  private enum Operand: Equatable {
    case tensor(Int)
    /// One number, or one for each channel.
    case numbers([Double])
  }

  /// Arithmetic that Keras recorded as a node of its own, such as `x + y` or `2 * x`.
  private enum Arithmetic: String {
    case add, subtract, multiply, divide, maximum, minimum

    /// By Keras 3's class, or by the function that Keras 2 names.
    init?(_ entry: KerasEntry, isOperator: Bool) {
      var name = ""
      if isOperator {
        name = entry.className.lowercased()
      } else if entry.className == "TFOpLambda" {
        let function = entry.configuration["function"]?.string ?? ""
        name = function.split(separator: ".").last.map(String.init) ?? ""
        guard ["math.\(name)", "__operators__.\(name)"].contains(function) else { return nil }
      }
      if name == "truediv" || name == "true_divide" || name == "truedivide" { name = "divide" }
      self.init(rawValue: name)
    }

    var merge: Merge.Operation? { Merge.Operation(rawValue: rawValue) }
  }

  /// The layer that does what an operator does, called once on one or two tensors.
  ///
  /// Whether two tensors have as many axes, as a merging layer needs, is seen in the whole graph.
  func operatorKind() -> LayerKind? {
    guard let arithmetic = Arithmetic(entry, isOperator: isOperator), entry.calls.count == 1,
      let (left, right) = operands(of: entry.calls[0])
    else { return nil }
    func rescaling(_ scale: [Double], _ offset: [Double]) -> LayerKind? {
      guard (scale + offset).allSatisfy(\.isFinite) else { return nil }
      return .rescaling(Rescaling(scale: scale, offset: offset))
    }
    switch (arithmetic, left, right) {
    case (_, .tensor(0), .tensor(1)): return arithmetic.merge.map { .merge(Merge(operation: $0)) }
    case (.add, .tensor(0), .numbers(let c)), (.add, .numbers(let c), .tensor(0)):
      return rescaling([1], c)
    case (.multiply, .tensor(0), .numbers(let c)), (.multiply, .numbers(let c), .tensor(0)):
      return rescaling(c, [0])
    case (.subtract, .tensor(0), .numbers(let c)): return rescaling([1], c.map { -$0 })
    case (.subtract, .numbers(let c), .tensor(0)): return rescaling([-1], c)
    case (.divide, .tensor(0), .numbers(let c)): return rescaling(c.map { 1 / $0 }, [0])
    default: return nil
    }
  }

  private func operands(of call: KerasCall) -> (Operand, Operand)? {
    func operand(_ value: JSONValue?) -> Operand? {
      guard let value else { return nil }
      if InboundNodes.isTensor(value) { return value["tensor"]?.int.map { .tensor($0) } }
      return Self.flat(KerasValue.plain(value)).flatMap { $0.isEmpty ? nil : .numbers($0) }
    }
    let positional = call.arguments["*args"]?.array ?? []
    let keywords = call.arguments.keys.filter { $0 != "*args" && $0 != "name" }
    if isOperator {
      guard keywords.isEmpty, positional.count == 2, let left = operand(positional[0]),
        let right = operand(positional[1])
      else { return nil }
      return (left, right)
    }
    guard keywords == ["y"], positional.count <= 1, let right = operand(call.arguments["y"]),
      let left = positional.isEmpty ? .tensor(0) : operand(positional[0])
    else { return nil }
    return (left, right)
  }
}
