import Programs
import Tensors

/// Appends the operation of one ready-to-run kernel.
struct KernelLowering {
  let place: LoweringPlace
  let component: String

  /// Declares the component's parameter under a shape of equal count.
  func declare(_ shape: Shape, in program: inout ProgramBuilder) -> ParameterID {
    program.parameter(
      name: "\(place.path)/\(component)", shape: shape, isTrainable: place.isTrainable)
  }

  /// Applies a kernel of the role's dense shape.
  func apply(
    shape: Shape, to x: ValueID, as role: KernelRole, into program: inout ProgramBuilder
  ) throws(LoweringError) -> ValueID {
    switch role {
    case .dense:
      guard shape.order == 2 else {
        throw LoweringError.unsupported(
          origin: place.path, reason: "expected a kernel [inputs×outputs], found [\(shape)]")
      }
      let kernel = declare(shape, in: &program)
      return try program.append(.matmul(kernel), x, origin: place.path)
    case .conv2D(let geometry):
      return try convolve(shape, geometry, x, into: &program)
    case .conv1D(let geometry):
      return try convolve(Shape([1] + shape.extents), geometry, x, into: &program)
    }
  }

  /// A convolution; one that only mixes channels is a product over the last axis.
  private func convolve(
    _ shape: Shape, _ geometry: Conv2DGeometry, _ x: ValueID, into program: inout ProgramBuilder
  ) throws(LoweringError) -> ValueID {
    if shape.order == 4, shape[0] == 1, shape[1] == 1, geometry.isPointwise {
      let kernel = declare([shape[2], shape[3]], in: &program)
      return try program.append(.matmul(kernel), x, origin: place.path)
    }
    let kernel = declare(shape, in: &program)
    return try program.append(.conv2D(kernel, geometry), x, origin: place.path)
  }
}

extension Conv2DGeometry {
  /// Whether the window moves over every position of one image, unpadded.
  var isPointwise: Bool { strides == .one && padding == .zero && groups == 1 }
}
