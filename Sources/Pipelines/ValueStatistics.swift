public import Models
public import Tensors

/// What the values of one stored tensor are like.
public struct ValueStatistics: Sendable, Hashable {
  /// `<layer>/<weight>/<component>`.
  public let path: String
  /// The extents.
  public let shape: Shape
  /// The stored type.
  public let type: String
  /// The smallest finite value; nil if there is none.
  public let minimum: Double?
  /// The largest finite value.
  public let maximum: Double?
  /// The mean of the finite values.
  public let mean: Double?
  /// The standard deviation of the finite values.
  public let deviation: Double?
  /// The number of zeros.
  public let zeroCount: Int
  /// The number of NaN.
  public let nanCount: Int
  /// The number of infinite values.
  public let infiniteCount: Int

  /// Looks at one tensor.
  init(path: String, parameter: Parameter) throws {
    let tensor = try parameter.tensor()
    var low = Float.infinity
    var high = -Float.infinity
    var sum = 0.0
    var squares = 0.0
    var zeros = 0
    var nans = 0
    var infinite = 0
    let span = tensor.elements.span
    for index in span.indices {
      let value = span[index]
      guard value.isFinite else {
        if value.isNaN { nans += 1 } else { infinite += 1 }
        continue
      }
      low = min(low, value)
      high = max(high, value)
      sum += Double(value)
      squares += Double(value) * Double(value)
      if value == 0 { zeros += 1 }
    }
    let count = tensor.count - nans - infinite
    self.path = path
    shape = parameter.shape
    type = parameter.encodingName
    minimum = count > 0 ? Double(low) : nil
    maximum = count > 0 ? Double(high) : nil
    let mean = count > 0 ? sum / Double(count) : nil
    self.mean = mean
    deviation = mean.map { max(squares / Double(count) - $0 * $0, 0).squareRoot() }
    zeroCount = zeros
    nanCount = nans
    infiniteCount = infinite
  }
}

extension Model {
  /// Looks at the values of every stored tensor, one after another.
  public func valueStatistics() throws -> [ValueStatistics] {
    try layers.flatMap { layer in
      try layer.weights.flatMap { named in
        try named.weight.components.map { component in
          let name = named.weight.kind == .dense ? "" : "/\(component.name)"
          return try ValueStatistics(
            path: "\(layer.path)/\(named.name)\(name)", parameter: component.parameter)
        }
      }
    }
  }
}
