import Tensors

extension Model {
  /// Reads every tensor once and checks that its values can be computed with.
  ///
  /// One tensor is in memory at a time.
  /// - Throws: `ModelError` naming the first tensor that holds NaN or ∞, or a variance below 0;
  ///   what reading a deferred tensor throws.
  public func validateValues() throws {
    for layer in layers {
      for named in layer.weights {
        for component in named.weight.components {
          let path = "\(layer.path)/\(named.name)"
          let isWhole = named.weight.kind == .dense
          let place = isWhole ? path : "\(path)/\(component.name)"
          guard component.parameter.scalarType.isFloatingPoint else { continue }
          let values = try component.parameter.tensor().elements
          if let index = Model.firstNonFinite(values) {
            let value = values[index].isNaN ? "NaN" : values[index] > 0 ? "∞" : "-∞"
            throw ModelError(
              place: place,
              reason: "expected finite values, found \(value) at element \(index); "
                + "--allow-nonfinite lets it through")
          }
          if layer.kind.isVariance(named.name), let index = values.firstIndex(where: { $0 < 0 }) {
            throw ModelError(
              place: place,
              reason: "expected variances from 0, found \(values[index]) at element \(index); "
                + "--allow-nonfinite lets it through")
          }
        }
      }
    }
  }

  /// The index of the first NaN or ∞; whole blocks are passed by their sum, which neither leaves.
  private static func firstNonFinite(_ values: [Float]) -> Int? {
    var start = 0
    while start < values.count {
      let end = min(start + 4096, values.count)
      var probe: Float = 0
      // 0 · x is 0 for finite x, and NaN otherwise.
      for index in start..<end { probe += 0 * values[index] }
      if probe != 0 {
        return (start..<end).first { !values[$0].isFinite }
      }
      start = end
    }
    return nil
  }
}
