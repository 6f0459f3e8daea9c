public import Programs
public import Tensors
import Messages

/// A representation of one dense kernel by stored components.
public protocol WeightForm: Sendable {
  /// The form's name in files and tables.
  static var kind: Weight.Kind { get }
  /// The shape of the kernel that the form stands for.
  var denseShape: Shape { get }
  /// The stored tensors under their names in files, in a fixed order.
  var components: [Component] { get }
  /// The factorisation's ranks, empty for a dense kernel.
  var ranks: [Int] { get }
  /// Rebuilds the form from stored components.
  /// - Throws: `WeightFormError` if one is missing, unknown or of a shape that does not fit.
  init(denseShape: Shape, components: [Component], record: FactorizationRecord?)
    throws(WeightFormError)
  /// Appends the operations that apply the kernel to `x`.
  func lower(
    _ x: ValueID, as role: KernelRole, at place: LoweringPlace, into program: inout ProgramBuilder
  ) throws(LoweringError) -> ValueID
}

/// One stored tensor of a weight and its name in files.
public struct Component: Sendable {
  /// The name, such as `left` or `core`.
  public let name: String
  /// The stored tensor.
  public var parameter: Parameter

  /// Names a parameter.
  public init(_ name: String, _ parameter: Parameter) {
    self.name = name
    self.parameter = parameter
  }
}

/// Where a kernel is being lowered: the prefix of its parameters' names and its origin.
public struct LoweringPlace: Sendable {
  /// The kernel's path, `conv2/kernel`: components are `conv2/kernel/core` and so on.
  public let path: String
  /// Whether training may change the kernel.
  public let isTrainable: Bool

  /// Names a place.
  public init(path: String, isTrainable: Bool) {
    self.path = path
    self.isTrainable = isTrainable
  }
}

/// What a kernel does in its layer.
public enum KernelRole: Sendable, Hashable {
  /// y = x · K over the last axis, K [inputs × outputs].
  case dense
  /// A convolution over one axis, K [width × inputs × outputs].
  case conv1D(Conv2DGeometry)
  /// A convolution over two axes, K [height × width × inputs × outputs].
  case conv2D(Conv2DGeometry)
}

/// Stored components do not make up the form that they claim.
public struct WeightFormError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, both sides stated.
  public let description: String

  /// States what is wrong.
  public init(_ description: String) { self.description = description.oneLine() }
}
