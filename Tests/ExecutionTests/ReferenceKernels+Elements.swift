#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import Programs
import Tensors

/// Elementwise functions, merging and rearranging.
extension ReferenceKernels {
  func activation(_ function: ActivationFunction, _ x: Double) -> Double {
    func clip(_ value: Double, _ high: Double) -> Double { min(max(value, 0), high) }
    switch function {
    case .linear, .softmax, .logSoftmax: return x
    case .relu(let maximum, let slope, let threshold):
      if let maximum, x >= Double(maximum) { return Double(maximum) }
      return x >= Double(threshold) ? x : Double(slope) * (x - Double(threshold))
    case .elu(let alpha): return x > 0 ? x : Double(alpha) * expm1(x)
    case .selu: return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x))
    case .gelu(approximate: false): return 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
    case .gelu(approximate: true):
      return 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .sigmoid: return 1 / (1 + exp(-x))
    case .tanh: return tanh(x)
    case .swish: return x / (1 + exp(-x))
    case .hardSigmoid2: return clip(0.2 * x + 0.5, 1)
    case .hardSigmoid3: return clip(x + 3, 6) / 6
    case .hardSwish: return x * clip(x + 3, 6) / 6
    case .softplus: return log(1 + exp(x))
    case .softsign: return x / (1 + abs(x))
    case .exponential: return exp(x)
    case .mish: return x * tanh(log(1 + exp(x)))
    }
  }

  func elementwise(
    _ operands: [ReferenceTensor], _ kind: ElementwiseKind, _ extents: [Int]
  ) -> ReferenceTensor {
    ReferenceTensor(extents) { at in
      let values = operands.map { operand in
        operand[zip(at, operand.extents).map { $1 == 1 ? 0 : $0 }]
      }
      switch kind {
      case .add: return values.reduce(0, +)
      case .subtract: return values[0] - values[1]
      case .multiply: return values.reduce(1, *)
      case .average: return values.reduce(0, +) / Double(values.count)
      case .maximum: return values.max() ?? .nan
      case .minimum: return values.min() ?? .nan
      }
    }
  }

  func arrange(
    _ operation: Operation, _ operands: [ReferenceTensor], _ extents: [Int]
  ) -> ReferenceTensor {
    let x = operands[0]
    switch operation {
    case .concatenate(let axis):
      return ReferenceTensor(extents) { at in
        var source = at
        for operand in operands {
          if source[axis + 1] < operand.extents[axis + 1] { return operand[source] }
          source[axis + 1] -= operand.extents[axis + 1]
        }
        return .nan
      }
    case .pad(let amounts, let value):
      return ReferenceTensor(extents) { at in
        x.element([at[0]] + zip(at.dropFirst(), amounts).map { $0 - $1.before }) ?? Double(value)
      }
    case .crop(let amounts):
      return ReferenceTensor(extents) { at in
        x[[at[0]] + zip(at.dropFirst(), amounts).map { $0 + $1.before }]
      }
    case .upsample(let height, let width, .nearest):
      return ReferenceTensor(extents) { x[$0[0], $0[1] / height, $0[2] / width, $0[3]] }
    case .upsample(let height, let width, .bilinear): return bilinear(x, height, width, extents)
    case .repeatVector: return ReferenceTensor(extents) { x[[$0[0]] + $0.dropFirst(2)] }
    case .transpose(let permutation):
      return ReferenceTensor(extents) { at in
        var source = at
        for (axis, from) in permutation.enumerated() { source[from + 1] = at[axis + 1] }
        return x[source]
      }
    case .selectLast(let indices):
      return ReferenceTensor(extents) { x[$0.dropLast() + [indices[$0[$0.count - 1]]]] }
    default:
      var y = x
      y.extents = extents
      return y
    }
  }

  private func bilinear(
    _ x: ReferenceTensor, _ height: Int, _ width: Int, _ extents: [Int]
  ) -> ReferenceTensor {
    ReferenceTensor(extents) { at in
      func clamp(_ value: Int, _ axis: Int) -> Int { min(max(value, 0), x.extents[axis] - 1) }
      let y = (Double(at[1]) + 0.5) / Double(height) - 0.5
      let z = (Double(at[2]) + 0.5) / Double(width) - 0.5
      let (top, left) = (Int(y.rounded(.down)), Int(z.rounded(.down)))
      let (down, right) = (y - Double(top), z - Double(left))
      var sum = 0.0
      for (dy, wy) in [(0, 1 - down), (1, down)] {
        for (dx, wx) in [(0, 1 - right), (1, right)] {
          sum += wy * wx * x[at[0], clamp(top + dy, 1), clamp(left + dx, 2), at[3]]
        }
      }
      return sum
    }
  }
}
