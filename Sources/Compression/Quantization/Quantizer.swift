public import Models
public import Tensors

/// How an int8 scale is chosen for each output channel.
public enum ScaleChoice: String, Sendable, Hashable, CaseIterable {
  /// The largest magnitude becomes 127: nothing is clipped.
  case maximum = "max"
  /// The magnitude that 99.9 % of the channel's weights do not exceed becomes 127.
  case percentile
  /// The scale of least squared error, which may clip outliers.
  case squaredError = "mse"
}

/// Encodes kernels and factors for storage.
public struct Quantizer: Sendable, Hashable {
  /// The encoding.
  public var encoding: StoredEncoding
  /// How int8 scales are chosen.
  public var scale: ScaleChoice

  /// Makes a quantiser.
  public init(_ encoding: StoredEncoding, scale: ScaleChoice = .squaredError) {
    self.encoding = encoding
    self.scale = scale
  }

  /// A parameter that holds `tensor` in the encoding.
  public func encode(_ tensor: Tensor, isMasked: Bool = false) -> Parameter {
    guard encoding == .int8 else {
      var parameter = Parameter(tensor, as: encoding.scalarType)
      parameter.isMasked = isMasked
      return parameter
    }
    let scales =
      switch scale {
      case .maximum: maximumScales(tensor)
      case .percentile: percentileScales(tensor, share: 0.999)
      case .squaredError: bestScales(tensor)
      }
    let channels = max(scales.count, 1)
    let bytes = tensor.elements.enumerated().map { index, value in
      UInt8(bitPattern: Quantizer.code(value, scale: scales[index % channels]))
    }
    return Parameter(
      RawTensor(shape: tensor.shape, scalarType: .int8, bytes: bytes),
      encoding: .int8(scales: scales), isMasked: isMasked)
  }

  /// The same weight with its components encoded; tensors of one axis stay as they are.
  /// - Throws: what reading a deferred component throws.
  public func encode(_ weight: Weight) throws -> Weight {
    try weight.mapComponents { component in
      let parameter = component.parameter
      guard parameter.shape.order >= 2, isChange(parameter) else { return parameter }
      return encode(try parameter.tensor(), isMasked: parameter.isMasked)
    }
  }

  private func isChange(_ parameter: Parameter) -> Bool {
    if case .int8 = parameter.encoding { return encoding != .int8 }
    return parameter.scalarType.isFloatingPoint && parameter.scalarType != encoding.scalarType
  }

  /// q = round(w ÷ scale), within −127 … 127.
  private static func code(_ value: Float, scale: Float) -> Int8 {
    guard scale > 0 else { return 0 }
    return Int8(max(-127, min(127, (value / scale).rounded(.toNearestOrEven))))
  }

  private func maximumScales(_ tensor: Tensor) -> [Float] {
    let channels = max(tensor.shape.last, 1)
    var extremes = [Float](repeating: 0, count: tensor.shape.last)
    for (index, value) in tensor.elements.enumerated() {
      extremes[index % channels] = max(extremes[index % channels], abs(value))
    }
    return extremes.map { Quantizer.short($0 / 127) }
  }

  /// The magnitude below which `share` of each channel lies, over 127.
  private func percentileScales(_ tensor: Tensor, share: Double) -> [Float] {
    let channels = max(tensor.shape.last, 1)
    let rows = tensor.count / channels
    let place = max(0, Int((Double(rows) * share).rounded(.up)) - 1)
    return (0..<tensor.shape.last).map { channel in
      let magnitudes = (0..<rows).map { abs(tensor.elements[$0 * channels + channel]) }.sorted()
      return rows > 0 ? Quantizer.short(magnitudes[place] / 127) : 0
    }
  }

  /// The next float32 above with 8 significant bits, or the value itself if it is one.
  ///
  /// A scale is not worth more bits, and bytes of zeros take no room once they are deflated.
  static func short(_ scale: Float) -> Float {
    guard scale > 0, scale.isFinite else { return scale }
    let bits = scale.bitPattern
    guard bits & 0xFFFF != 0 else { return scale }
    let rounded = Float(bitPattern: (bits & ~0xFFFF) + 0x1_0000)
    return rounded.isFinite ? rounded : scale
  }

  /// The best of 40 scales between 0.6 and 1 of the one that clips nothing.
  private func bestScales(_ tensor: Tensor) -> [Float] {
    let largest = maximumScales(tensor)
    let channels = max(largest.count, 1)
    var best = largest
    var leastErrors = [Double](repeating: .infinity, count: largest.count)
    for step in 0..<40 {
      let share = 1 - 0.01 * Float(step)
      var errors = [Double](repeating: 0, count: largest.count)
      for (index, value) in tensor.elements.enumerated() {
        let scale = Quantizer.short(largest[index % channels] * share)
        let rebuilt = Float(Quantizer.code(value, scale: scale)) * scale
        let difference = Double(value) - Double(rebuilt)
        errors[index % channels] += difference * difference
      }
      for channel in largest.indices where errors[channel] < leastErrors[channel] {
        leastErrors[channel] = errors[channel]
        best[channel] = Quantizer.short(largest[channel] * share)
      }
    }
    return best
  }
}
