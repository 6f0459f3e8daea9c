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

/// What an example should give.
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
}

/// The summed loss of a batch and its gradient with respect to what was judged.
public struct LossValue: Sendable {
  /// Σ over the examples, in Double.
  public var total: Double
  /// d(mean loss)/d(outputs), [batch × outputs].
  public var gradient: Tensor
}

extension Loss {
  /// Judges probabilities or values, [batch × outputs].
  public func value(outputs: Tensor, targets: Targets) -> LossValue {
    let batch = targets.count
    let width = outputs.count / max(batch, 1)
    var gradient = [Float](repeating: 0, count: outputs.count)
    var total = 0.0
    let scale = 1 / Float(max(batch, 1))
    for row in 0..<batch {
      for column in 0..<width {
        let index = row * width + column
        let y = target(targets, row, column, width)
        let p = outputs.elements[index]
        let (loss, slope) = term(prediction: p, target: y, width: width)
        total += loss
        gradient[index] = slope * scale
      }
    }
    return LossValue(total: total, gradient: Tensor(shape: outputs.shape, elements: gradient))
  }

  /// Cross-entropy of softmax(logits), fused: the gradient is (p − y) ÷ batch, free of overflow.
  public static func softmaxCrossEntropy(logits: Tensor, targets: Targets) -> LossValue {
    let batch = targets.count
    let width = logits.count / max(batch, 1)
    var gradient = [Float](repeating: 0, count: logits.count)
    var total = 0.0
    let scale = 1 / Float(max(batch, 1))
    for row in 0..<batch {
      let start = row * width
      var peak = -Float.infinity
      for column in 0..<width { peak = max(peak, logits.elements[start + column]) }
      var sum: Float = 0
      for column in 0..<width {
        let value = exp(logits.elements[start + column] - peak)
        gradient[start + column] = value
        sum += value
      }
      let logSum = Double(log(sum)) + Double(peak)
      for column in 0..<width {
        let y = Loss.crossEntropy.target(targets, row, column, width)
        if y != 0 { total += Double(y) * (logSum - Double(logits.elements[start + column])) }
        gradient[start + column] = (gradient[start + column] / sum - y) * scale
      }
    }
    return LossValue(total: total, gradient: Tensor(shape: logits.shape, elements: gradient))
  }

  @inline(__always)
  private func target(_ targets: Targets, _ row: Int, _ column: Int, _ width: Int) -> Float {
    switch targets {
    case .labels(let labels): labels[row] == column ? 1 : 0
    case .values(let tensor): tensor.elements[row * width + column]
    }
  }

  /// The loss of one output and its derivative; probabilities are clipped as Keras does.
  private func term(prediction p: Float, target y: Float, width: Int) -> (Double, Float) {
    let epsilon: Float = 1e-7
    switch self {
    case .crossEntropy:
      if y == 0 { return (0, 0) }
      let clipped = min(max(p, epsilon), 1 - epsilon)
      return (-Double(y) * log(Double(clipped)), -y / clipped)
    case .binaryCrossEntropy:
      let clipped = min(max(p, epsilon), 1 - epsilon)
      let loss =
        -Double(y) * log(Double(clipped)) - Double(1 - y) * log(1 - Double(clipped))
      return (loss, (clipped - y) / (clipped * (1 - clipped)))
    case .meanSquaredError:
      let difference = p - y
      return (
        Double(difference) * Double(difference) / Double(width), 2 * difference / Float(width)
      )
    }
  }
}
