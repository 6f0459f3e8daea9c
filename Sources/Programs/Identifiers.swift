/// Names one value (an activation) of a program.
public struct ValueID: Sendable, Hashable {
  /// The position in the order of creation, inputs and results alike.
  public let rawValue: Int

  /// Names the value created at that position.
  public init(rawValue: Int) { self.rawValue = rawValue }
}

/// Names one parameter of a program.
public struct ParameterID: Sendable, Hashable {
  /// The position in ``Program/parameters``, and in the list of tensors that travels beside it.
  public let rawValue: Int

  /// Names the parameter declared at that position.
  public init(rawValue: Int) { self.rawValue = rawValue }
}
