public import Tensors

/// One tensor that a program needs: its name and shape, never its values.
///
/// Values travel beside the program as a list of tensors in the order of declaration, so that a
/// model can be costed from the headers of its file.
public struct ParameterDeclaration: Sendable, Hashable {
  /// The path of the stored tensor, such as `conv2/kernel/core`.
  public let name: String
  /// The extents.
  public let shape: Shape
  /// Whether an optimiser may change it.
  public let isTrainable: Bool

  /// Declares a parameter.
  public init(name: String, shape: Shape, isTrainable: Bool) {
    self.name = name
    self.shape = shape
    self.isTrainable = isTrainable
  }
}
