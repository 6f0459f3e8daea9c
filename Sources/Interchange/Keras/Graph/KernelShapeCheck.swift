import Models
import Tensors

/// Compares the weights of every layer with the shapes of what it is called on.
///
/// The configuration alone leaves input extents open; they follow from the graph. Where a shape is
/// not known, because it is open or behind a carried layer, nothing is compared.
struct KernelShapeCheck {
  let model: Model

  func run() throws(KerasProblem) {
    let shapes = model.structure().outputShapes
    for call in model.calls {
      guard let input = call.inputs.first, input.output == 0, let shape = shapes[input.call]
      else { continue }
      try check(model.layers[call.layer], on: shape)
    }
  }

  private func check(_ layer: Layer, on input: Shape) throws(KerasProblem) {
    switch layer.kind {
    case .dense: try expect(layer, "kernel", axis: 0, input.last)
    case .convolution(let settings):
      guard let channels = channels(input, settings.window, layer) else { return }
      guard channels % settings.groups == 0 else {
        throw KerasProblem(
          layer.path, "\(channels) input channels do not divide into \(settings.groups) groups")
      }
      try expect(layer, "kernel", axis: settings.window.axes, channels / settings.groups)
    case .depthwiseConvolution(let settings):
      guard let channels = channels(input, settings.window, layer) else { return }
      try expect(layer, "depthwise_kernel", axis: settings.window.axes, channels)
    case .separableConvolution(let settings):
      guard let channels = channels(input, settings.window, layer) else { return }
      try expect(layer, "depthwise_kernel", axis: settings.window.axes, channels)
      let (inner, overflow) = channels.multipliedReportingOverflow(by: settings.multiplier)
      if !overflow { try expect(layer, "pointwise_kernel", axis: settings.window.axes, inner) }
    case .transposedConvolution(let settings):
      guard let channels = channels(input, settings.window, layer) else { return }
      try expect(layer, "kernel", axis: settings.window.axes + 1, channels)
    case .batchNormalization(let settings):
      let axis = settings.axis < 0 ? settings.axis + input.order : settings.axis - 1
      guard axis >= 0, axis < input.order else {
        throw KerasProblem(layer.path, "axis \(settings.axis) of [\(input)]")
      }
      for name in ["gamma", "beta", "moving_mean", "moving_variance"] {
        try expect(layer, name, axis: 0, input[axis])
      }
    case .featureNormalization(let settings):
      for name in ["gamma", "beta"] {
        for (position, axis) in settings.axes.enumerated() {
          let index = axis < 0 ? axis + input.order : axis - 1
          guard index >= 0, index < input.order else {
            throw KerasProblem(layer.path, "axis \(axis) of [\(input)]")
          }
          try expect(layer, name, axis: position, input[index])
        }
      }
    default: break
    }
  }

  private func channels(_ input: Shape, _ window: Window, _ layer: Layer) -> Int? {
    guard input.order == window.axes + 1 else { return nil }
    return window.dataFormat == .channelsLast ? input.last : input[0]
  }

  private func expect(_ layer: Layer, _ name: String, axis: Int, _ extent: Int)
    throws(KerasProblem)
  {
    guard let shape = layer.weight(name)?.denseShape, axis < shape.order else { return }
    guard shape[axis] == extent else {
      throw KerasProblem(
        layer.path,
        "the \(name) is [\(shape)], but axis \(axis) must have extent \(extent) to fit the input",
        advice: "the configuration and the weights are of different models")
    }
  }
}
