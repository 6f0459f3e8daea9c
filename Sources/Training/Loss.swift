#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif
public import Tensors

/// What training makes small.
public enum Loss: String, Sendable, Hashable, CaseIterable {
  /// −Σ y log p over the classes.
  case crossEntropy = "cross-entropy"
  /// −Σ [y log p + (1 − y) log(1 − p)] over the classes.
  case binaryCrossEntropy = "binary-cross-entropy"
  /// Mean squared difference over the outputs.
  case meanSquaredError = "mse"
}

/// What the examples of a batch should give.
public enum Targets: Sendable, Hashable {
  /// One class an example.
  case labels([Int])
  /// One row of values an example, [batch × outputs].
  case values(Tensor)

  /// The number of examples.
  public var count: Int {
    switch self {
    case .labels(let labels): labels.count
    case .values(let tensor): tensor.shape[0]
    }
  }

  /// The wanted value of one output.
  @inline(__always)
  func value(row: Int, column: Int, width: Int) -> Float {
    switch self {
    case .labels(let labels): labels[row] == column ? 1 : 0
    case .values(let tensor): tensor.elements[row * width + column]
    }
  }
}

extension Loss {
  /// Judges probabilities or values, [batch × width], and writes the gradient times `scale`.
  ///
  /// Probabilities are clipped to [1e-7, 1 − 1e-7], as Keras does.
  /// - Returns: the loss summed over the examples, in Double.
  func judge(
    _ outputs: Span<Float>, targets: Targets, width: Int, scale: Float,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    var total = 0.0
    for row in 0..<targets.count {
      for column in 0..<width {
        let index = row * width + column
        let target = targets.value(row: row, column: column, width: width)
        let (loss, slope) = term(prediction: outputs[index], target: target, width: width)
        total += loss
        gradient[index] = slope * scale
      }
    }
    return total
  }

  /// Cross-entropy of softmax(logits), fused: the gradient is (p − y)·scale, free of overflow.
  static func judgeLogits(
    _ logits: Span<Float>, targets: Targets, width: Int, scale: Float,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    var total = 0.0
    for row in 0..<targets.count {
      let start = row * width
      let logSum = softmax(logits, start: start, width: width, into: &gradient)
      for column in 0..<width {
        let target = targets.value(row: row, column: column, width: width)
        if target != 0 { total += Double(target) * (logSum - Double(logits[start + column])) }
        gradient[start + column] = (gradient[start + column] - target) * scale
      }
    }
    return total
  }

  /// Writes softmax(logits ÷ temperature) of one row and returns log Σ exp of the row.
  @discardableResult
  static func softmax(
    _ logits: Span<Float>, start: Int, width: Int, temperature: Float = 1,
    into result: inout MutableSpan<Float>
  ) -> Double {
    var peak = -Float.infinity
    for column in 0..<width { peak = max(peak, logits[start + column] / temperature) }
    var sum: Float = 0
    for column in 0..<width {
      let value = exp(logits[start + column] / temperature - peak)
      result[start + column] = value
      sum += value
    }
    for column in 0..<width { result[start + column] /= sum }
    return Double(log(sum)) + Double(peak)
  }

  /// The loss of one output and its derivative.
  private func term(prediction p: Float, target y: Float, width: Int) -> (Double, Float) {
    let epsilon: Float = 1e-7
    switch self {
    case .crossEntropy:
      if y == 0 { return (0, 0) }
      let clipped = min(max(p, epsilon), 1 - epsilon)
      return (-Double(y) * log(Double(clipped)), -y / clipped)
    case .binaryCrossEntropy:
      let clipped = min(max(p, epsilon), 1 - epsilon)
      let loss = -Double(y) * log(Double(clipped)) - Double(1 - y) * log(1 - Double(clipped))
      return (loss, (clipped - y) / (clipped * (1 - clipped)))
    case .meanSquaredError:
      let difference = p - y
      return (
        Double(difference) * Double(difference) / Double(width), 2 * difference / Float(width)
      )
    }
  }
}
