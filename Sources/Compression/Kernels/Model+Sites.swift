public import Models
public import Tensors
import Programs

extension Model {
  /// The factorisable kernels with their shapes and work, in layer order.
  ///
  /// A Dense kernel that reads a flattened map knows the map's axes; for one whose map the graph
  /// does not show, `inputMap` (the data's own shape) or a square number of inputs decides.
  public func kernelSites(inputMap: Shape? = nil) -> [KernelSite] {
    let structure = structure()
    var callsOfLayer = [[Int]](repeating: [], count: layers.count)
    for (index, call) in calls.enumerated() { callsOfLayer[call.layer].append(index) }
    return kernels.map { reference in
      let layer = layers[reference.layer]
      let weight = self[reference]
      let positions = callsOfLayer[reference.layer].map { call -> (input: Int?, output: Int?) in
        let output = structure.outputShapes[call]
        let input = calls[call].inputs.first.flatMap { structure.outputShapes[$0.call] }
        return (
          input.map { $0.extents.dropLast().reduce(1, *) },
          output.map { $0.extents.dropLast().reduce(1, *) }
        )
      }
      var outputs = sum(positions.map(\.output))
      var inputs = sum(positions.map(\.input))
      // A separable convolution's pointwise kernel reads what the depthwise one wrote.
      if case .separableConvolution = layer.kind { inputs = outputs }
      if case .convolution(let settings) = layer.kind,
        settings.window.dataFormat == .channelsFirst
      {
        (inputs, outputs) = (nil, nil)
      }
      return KernelSite(
        path: reference.path, layerPath: layer.path, shape: weight.denseShape,
        structure: reference.structure, form: weight.kind, ranks: weight.ranks,
        parameterCount: weight.parameterCount, byteCount: weight.byteCount,
        scalarType: weight.components[0].parameter.scalarType,
        besideCount: layer.parameterCount - weight.parameterCount,
        hasBias: reference.bias != nil, inputPositions: inputs, outputPositions: outputs,
        mapShape: reference.structure == .matrix
          ? mapShape(
            ofInputTo: callsOfLayer[reference.layer], weight, structure: structure, inputMap)
          : nil)
    }
  }

  private func sum(_ counts: [Int?]) -> Int? {
    counts.isEmpty || counts.contains(nil) ? nil : counts.reduce(0) { saturating($0, $1 ?? 0) }
  }

  /// The map that was flattened into a Dense kernel's input.
  private func mapShape(
    ofInputTo calls: [Int], _ weight: Weight, structure: ModelStructure, _ inputMap: Shape?
  ) -> Shape? {
    if case .tensorised(let form) = weight { return form.mapShape }
    guard let first = calls.first, let source = self.calls[first].inputs.first,
      weight.denseShape.order == 2
    else { return nil }
    let inputs = weight.denseShape[0]
    var endpoint = source
    while true {
      guard let shape = structure.outputShapes[endpoint.call] else { return nil }
      if shape.order > 1 {
        return shape.count == inputs && shape.order <= 3 ? image(shape) : nil
      }
      let call = self.calls[endpoint.call]
      switch layers[call.layer].kind {
      case .reshaping(.flatten(.channelsLast)), .regularisation, .activation, .rescaling:
        guard let input = call.inputs.first else { return nil }
        endpoint = input
      case .input:
        if let inputMap, inputMap.order > 1, inputMap.order <= 3, inputMap.count == inputs {
          return image(inputMap)
        }
        return squareImage(inputs)
      default: return nil
      }
    }
  }

  /// [h × w × c], with one channel where the shape has none.
  private func image(_ shape: Shape) -> Shape? {
    let result = shape.order == 2 ? Shape(shape.extents + [1]) : shape
    return result[0] > 1 && result[1] > 1 ? result : nil
  }

  /// A square image with one channel, or three, if the count allows it.
  private func squareImage(_ count: Int) -> Shape? {
    for channels in [1, 3] where count % channels == 0 {
      let side = Int(Double(count / channels).squareRoot().rounded())
      if side >= 8, side * side * channels == count { return [side, side, channels] }
    }
    return nil
  }
}
