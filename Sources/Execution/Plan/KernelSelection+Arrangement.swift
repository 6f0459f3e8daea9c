import Programs
import Tensors

/// Kernels that move or merge elements.
extension KernelSelection {
  func arrangement(_ instruction: Instruction) -> any Kernel {
    let x = program.shape(of: instruction.operands[0])
    let y = instruction.shape
    switch instruction.operation {
    case .elementwise(let kind):
      return ElementwiseKernel(
        kind: kind,
        repetitions: instruction.operands.map { operand in
          let shape = program.shape(of: operand)
          return shape == y ? nil : BoxCopy.broadcast(shape, to: y)
        })
    case .concatenate(let axis): return joined(instruction, axis: axis)
    case .pad(let amounts, let value):
      let start = zip(amounts, y.strides).reduce(0) { $0 + $1.0.before * $1.1 }
      let copy = BoxCopy(
        extents: x.extents, sourceStrides: x.strides, targetStrides: y.strides,
        targetStart: start)
      return ArrangementKernel(copies: [copy], background: value)
    case .crop(let amounts):
      let start = zip(amounts, x.strides).reduce(0) { $0 + $1.0.before * $1.1 }
      let copy = BoxCopy(
        extents: y.extents, sourceStrides: x.strides, targetStrides: y.strides,
        sourceStart: start)
      return ArrangementKernel(copies: [copy], background: nil)
    case .upsample(let heightFactor, let widthFactor, .bilinear):
      return BilinearUpsampleKernel(
        height: x[0], width: x[1], channels: x[2], heightFactor: heightFactor,
        widthFactor: widthFactor)
    case .upsample(let heightFactor, let widthFactor, .nearest):
      let strides = x.strides
      let box = Shape([x[0], heightFactor, x[1], widthFactor, x[2]])
      let copy = BoxCopy(
        extents: box.extents, sourceStrides: [strides[0], 0, strides[1], 0, 1],
        targetStrides: box.strides)
      return ArrangementKernel(copies: [copy], background: nil)
    case .repeatVector(let count):
      let copy = BoxCopy(
        extents: [count, x.count], sourceStrides: [0, 1], targetStrides: [x.count, 1])
      return ArrangementKernel(copies: [copy], background: nil)
    case .transpose(let permutation): return transposed(x, permutation, y)
    case .selectLast(let indices): return SelectionKernel(indices: indices, width: x.last)
    default: return IdentityKernel()
    }
  }

  private func joined(_ instruction: Instruction, axis: Int) -> any Kernel {
    let strides = instruction.shape.strides
    var start = 0
    var copies: [BoxCopy] = []
    for operand in instruction.operands {
      let shape = program.shape(of: operand)
      copies.append(
        BoxCopy(
          extents: shape.extents, sourceStrides: shape.strides, targetStrides: strides,
          targetStart: start))
      start += shape[axis] * strides[axis]
    }
    return ArrangementKernel(copies: copies, background: nil)
  }

  private func transposed(_ x: Shape, _ permutation: [Int], _ y: Shape) -> any Kernel {
    let moved = permutation.filter { x[$0] != 1 }
    // Only axes of extent 1 change places: the elements stay where they are.
    if moved == moved.sorted() { return IdentityKernel() }
    let strides = x.strides
    let copy = BoxCopy(
      extents: y.extents, sourceStrides: permutation.map { strides[$0] },
      targetStrides: y.strides)
    return ArrangementKernel(copies: [copy], background: nil)
  }
}
