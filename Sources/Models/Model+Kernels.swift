/// A weight that a factorisation may replace.
public struct KernelReference: Sendable {
  /// The layer's path and the weight's name, `conv2/kernel`.
  public let path: String
  /// The index of the layer.
  public let layer: Int
  /// The index of the weight within the layer.
  public let weight: Int
  /// The index of the bias within the layer, if there is one.
  public let bias: Int?
  /// How the kernel works; geometries depend on input shapes and are left out.
  public let structure: KernelStructure
}

/// The shape of a factorisable kernel's work.
public enum KernelStructure: Sendable, Hashable {
  /// A matrix [inputs × outputs].
  case matrix
  /// A convolution kernel, window axes first, then inputs and outputs.
  case convolution(windowAxes: Int)
}

extension Model {
  /// The kernels that can be factorised, in layer order.
  ///
  /// Dense kernels, convolutions over one or two axes with one group, and the pointwise kernels of
  /// separable convolutions. Depthwise, grouped, transposed and carried kernels stay as they are.
  public var kernels: [KernelReference] {
    layers.indices.flatMap { index -> [KernelReference] in
      let layer = layers[index]
      func reference(_ name: String, _ structure: KernelStructure) -> [KernelReference] {
        guard let weight = layer.weights.firstIndex(where: { $0.name == name }) else { return [] }
        return [
          KernelReference(
            path: "\(layer.path)/\(name)", layer: index, weight: weight,
            bias: layer.weights.firstIndex { $0.name == "bias" }, structure: structure)
        ]
      }
      switch layer.kind {
      case .dense: return reference("kernel", .matrix)
      case .convolution(let settings) where settings.groups == 1 && settings.window.axes <= 2:
        return reference("kernel", .convolution(windowAxes: settings.window.axes))
      case .separableConvolution(let settings) where settings.window.axes <= 2:
        return reference("pointwise_kernel", .convolution(windowAxes: settings.window.axes))
      default: return []
      }
    }
  }

  /// The weight that a reference names.
  public subscript(kernel: KernelReference) -> Weight {
    get { layers[kernel.layer].weights[kernel.weight].weight }
    set { layers[kernel.layer].weights[kernel.weight].weight = newValue }
  }

  /// The bias beside a kernel.
  public subscript(biasOf kernel: KernelReference) -> Parameter? {
    guard let bias = kernel.bias else { return nil }
    return layers[kernel.layer].weights[bias].weight.components.first?.parameter
  }
}
