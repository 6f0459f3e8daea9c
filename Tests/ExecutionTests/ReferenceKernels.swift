#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import Programs
import Tensors

/// Every operation by its definition, in Double, one element at a time: the oracle of the tests.
struct ReferenceKernels {
  let program: Program
  let isTraining: Bool

  /// Runs the program; operands and results have the batch as their first axis.
  func run(_ inputs: [ReferenceTensor], _ parameters: [ReferenceTensor]) -> [ReferenceTensor] {
    var values: [ValueID: ReferenceTensor] = [:]
    for (input, tensor) in zip(program.inputs, inputs) { values[input.value] = tensor }
    for instruction in program.instructions {
      let operands = instruction.operands.compactMap { values[$0] }
      let batch = operands[0].extents[0]
      values[instruction.result] = apply(
        instruction.operation, operands, parameters, [batch] + instruction.shape.extents)
    }
    return program.outputs.compactMap { values[$0] }
  }

  private func apply(
    _ operation: Operation, _ operands: [ReferenceTensor], _ parameters: [ReferenceTensor],
    _ extents: [Int]
  ) -> ReferenceTensor {
    let x = operands[0]
    func p(_ id: ParameterID) -> ReferenceTensor { parameters[id.rawValue] }
    switch operation {
    case .matmul(let id):
      let w = p(id)
      return ReferenceTensor(extents) { at in
        var sum = 0.0
        for e in 0..<w.extents[0] { sum += x[at.dropLast() + [e]] * w[e, at[at.count - 1]] }
        return sum
      }
    case .modeProduct(let id, let axis):
      let w = p(id)
      return ReferenceTensor(extents) { at in
        var sum = 0.0
        for e in 0..<w.extents[0] {
          var source = at
          source[axis + 1] = e
          sum += x[source] * w[e, at[axis + 1]]
        }
        return sum
      }
    case .conv2D(let id, let g): return convolution(x, p(id), g, extents)
    case .depthwiseConv2D(let id, let g): return depthwise(x, p(id), g, extents)
    case .convTranspose2D(let id, let g, _): return transposed(x, p(id), g, extents)
    case .addBias(let id): return ReferenceTensor(extents) { x[$0] + p(id)[$0[$0.count - 1]] }
    case .scale(let id): return ReferenceTensor(extents) { x[$0] * p(id)[$0[$0.count - 1]] }
    case .activation(.softmax), .activation(.logSoftmax):
      return softmax(x, isLogarithmic: operation == .activation(.logSoftmax))
    case .activation(let function): return ReferenceTensor(extents) { activation(function, x[$0]) }
    case .prelu(let id):
      let alpha = p(id)
      return ReferenceTensor(extents) { at in
        let slope = alpha[zip(at.dropFirst(), alpha.extents).map { $1 == 1 ? 0 : $0 }]
        return x[at] > 0 ? x[at] : slope * x[at]
      }
    case .pool2D(let kind, let g): return pool(x, kind, g, extents)
    case .globalPool(let kind, _): return globalPool(x, kind, extents)
    case .embedding(let id):
      return ReferenceTensor(extents) { p(id)[Int(x[Array($0.dropLast())]), $0[$0.count - 1]] }
    case .affine(let scale, let offset):
      return ReferenceTensor(extents) { at in
        let c = at[at.count - 1]
        return x[at] * Double(scale[scale.count == 1 ? 0 : c])
          + Double(offset[offset.count == 1 ? 0 : c])
      }
    case .dropout: return x
    case .elementwise(let kind): return elementwise(operands, kind, extents)
    case .batchNorm, .layerNorm, .groupNorm, .l2Normalize:
      return normalised(operation, x, parameters, isTraining: isTraining)
    default: return arrange(operation, operands, extents)
    }
  }

  private func convolution(
    _ x: ReferenceTensor, _ w: ReferenceTensor, _ g: Conv2DGeometry, _ extents: [Int]
  ) -> ReferenceTensor {
    let (groupInputs, groupOutputs) = (w.extents[2], w.extents[3] / g.groups)
    return ReferenceTensor(extents) { at in
      var sum = 0.0
      for ky in 0..<w.extents[0] {
        for kx in 0..<w.extents[1] {
          for c in 0..<groupInputs {
            let pixel = x.element([
              at[0], at[1] * g.strides.height - g.padding.top + ky * g.dilation.height,
              at[2] * g.strides.width - g.padding.left + kx * g.dilation.width,
              at[3] / groupOutputs * groupInputs + c,
            ])
            sum += (pixel ?? 0) * w[ky, kx, c, at[3]]
          }
        }
      }
      return sum
    }
  }

  private func depthwise(
    _ x: ReferenceTensor, _ w: ReferenceTensor, _ g: Conv2DGeometry, _ extents: [Int]
  ) -> ReferenceTensor {
    let multiplier = w.extents[3]
    return ReferenceTensor(extents) { at in
      var sum = 0.0
      for ky in 0..<w.extents[0] {
        for kx in 0..<w.extents[1] {
          let pixel = x.element([
            at[0], at[1] * g.strides.height - g.padding.top + ky * g.dilation.height,
            at[2] * g.strides.width - g.padding.left + kx * g.dilation.width, at[3] / multiplier,
          ])
          sum += (pixel ?? 0) * w[ky, kx, at[3] / multiplier, at[3] % multiplier]
        }
      }
      return sum
    }
  }

  private func transposed(
    _ x: ReferenceTensor, _ w: ReferenceTensor, _ g: Conv2DGeometry, _ extents: [Int]
  ) -> ReferenceTensor {
    var y = ReferenceTensor(extents)
    for position in x.values.indices {
      let at = x.indices(of: position)
      for ky in 0..<w.extents[0] {
        for kx in 0..<w.extents[1] {
          for c in 0..<w.extents[2] {
            let target = [
              at[0], at[1] * g.strides.height - g.padding.top + ky * g.dilation.height,
              at[2] * g.strides.width - g.padding.left + kx * g.dilation.width, c,
            ]
            guard let old = y.element(target) else { continue }
            y[target] = old + x[at] * w[ky, kx, c, at[3]]
          }
        }
      }
    }
    return y
  }

  private func pool(
    _ x: ReferenceTensor, _ kind: PoolingKind, _ g: Pool2DGeometry, _ extents: [Int]
  ) -> ReferenceTensor {
    ReferenceTensor(extents) { at in
      var inside: [Double] = []
      for ky in 0..<g.window.height {
        for kx in 0..<g.window.width {
          let source = [
            at[0], at[1] * g.strides.height - g.padding.top + ky,
            at[2] * g.strides.width - g.padding.left + kx, at[3],
          ]
          if let value = x.element(source) { inside.append(value) }
        }
      }
      return kind == .max ? inside.max() ?? .nan : inside.reduce(0, +) / Double(inside.count)
    }
  }

  private func globalPool(
    _ x: ReferenceTensor, _ kind: PoolingKind, _ extents: [Int]
  ) -> ReferenceTensor {
    ReferenceTensor(extents) { at in
      let all = x.values.indices.filter {
        let source = x.indices(of: $0)
        return source[0] == at[0] && source[source.count - 1] == at[at.count - 1]
      }.map { x.values[$0] }
      return kind == .max ? all.max() ?? .nan : all.reduce(0, +) / Double(all.count)
    }
  }
}
