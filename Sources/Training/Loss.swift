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
  /// The mean of −y log p − (1 − y) log(1 − p) over the outputs, as in Keras.
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

  /// Cross-entropy of p = softmax(logits), fused and free of overflow.
  ///
  /// The gradient is (p·Σy − y)·scale, where Σy is 1 for labels.
  static func judgeLogits(
    _ logits: Span<Float>, targets: Targets, width: Int, scale: Float,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    var total = 0.0
    for row in 0..<targets.count {
      let start = row * width
      let logSum = softmax(logits, start: start, width: width, at: start, into: &gradient)
      switch targets {
      case .labels(let labels):
        let label = start + labels[row]
        total += logSum - Double(logits[label])
        gradient[label] -= 1
        for index in start..<start + width { gradient[index] *= scale }
      case .values(let tensor):
        var sum: Float = 0
        for index in start..<start + width { sum += tensor.elements[index] }
        for index in start..<start + width {
          let target = tensor.elements[index]
          if target != 0 { total += Double(target) * (logSum - Double(logits[index])) }
          gradient[index] = (gradient[index] * sum - target) * scale
        }
      }
    }
    return total
  }

  /// What spreading a `share` of each label evenly over the classes adds to ``judgeLogits``:
  /// Σ_c (y_c − y'_c)·logit_c with y' = (1 − ε)·y + ε/n, and ε·(y − 1/n)·scale to the gradient.
  ///
  /// Source: Szegedy et al. 2016. Rows of values are left as they are.
  static func smooth(
    _ logits: Span<Float>, share: Float, targets: Targets, width: Int, scale: Float,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    guard case .labels(let labels) = targets else { return 0 }
    var total = 0.0
    let each = 1 / Float(width)
    for (row, label) in labels.enumerated() {
      for column in 0..<width {
        let index = row * width + column
        let moved = share * ((column == label ? 1 : 0) - each)
        total += Double(moved * logits[index])
        gradient[index] += moved * scale
      }
    }
    return total
  }

  /// Writes softmax(logits ÷ temperature) of the row at `start` to `place` of the result.
  ///
  /// - Returns: log Σ exp of the row.
  @discardableResult
  static func softmax(
    _ logits: Span<Float>, start: Int, width: Int, temperature: Float = 1, at place: Int = 0,
    into result: inout MutableSpan<Float>
  ) -> Double {
    var peak = -Float.infinity
    for column in 0..<width { peak = max(peak, logits[start + column] / temperature) }
    var sum: Float = 0
    for column in 0..<width {
      let value = exp(logits[start + column] / temperature - peak)
      result[place + column] = value
      sum += value
    }
    let factor = 1 / sum
    for column in 0..<width { result[place + column] *= factor }
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
      let slope = (clipped - y) / (clipped * (1 - clipped) * Float(width))
      return (loss / Double(width), slope)
    case .meanSquaredError:
      let difference = p - y
      return (
        Double(difference) * Double(difference) / Double(width), 2 * difference / Float(width)
      )
    }
  }
}
