import Tensors

/// What running one sample costs.
public struct Cost: Sendable, Hashable {
  /// Multiplications by kernels (matmul and every convolution), of the whole program.
  public let multiplications: Int
  /// The same by origin, in order of first appearance; origins without any are left out.
  public let multiplicationsByOrigin: [(origin: String, multiplications: Int)]
  /// The bytes of every value at Float32, as if none were reused.
  public let activationBytes: Int
  /// The most bytes alive at once when each value is dropped after its last use.
  public let peakActivationBytes: Int

  /// Whether all figures are equal.
  public static func == (left: Cost, right: Cost) -> Bool {
    left.multiplications == right.multiplications
      && left.activationBytes == right.activationBytes
      && left.peakActivationBytes == right.peakActivationBytes
      && left.multiplicationsByOrigin.elementsEqual(right.multiplicationsByOrigin, by: ==)
  }

  /// Hashes the totals.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(multiplications)
    hasher.combine(activationBytes)
  }
}

extension Program {
  /// What running one sample costs; sums that overflow stay at `Int.max`.
  public var cost: Cost {
    var total = 0
    var order: [String] = []
    var byOrigin: [String: Int] = [:]
    for instruction in instructions where instruction.multiplications > 0 {
      total = saturating(total, instruction.multiplications)
      if byOrigin[instruction.origin] == nil { order.append(instruction.origin) }
      byOrigin[instruction.origin] = saturating(
        byOrigin[instruction.origin] ?? 0, instruction.multiplications)
    }
    let all = shapes.reduce(0) { saturating($0, bytes(of: $1)) }
    return Cost(
      multiplications: total,
      multiplicationsByOrigin: order.map { ($0, byOrigin[$0] ?? 0) },
      activationBytes: all, peakActivationBytes: peakActivationBytes())
  }

  /// The last instruction that reads each value; the instruction count for outputs.
  package func lastUses() -> [Int] {
    var last = [Int](repeating: -1, count: shapes.count)
    for (index, instruction) in instructions.enumerated() {
      for operand in instruction.operands { last[operand.rawValue] = index }
    }
    for output in outputs { last[output.rawValue] = instructions.count }
    return last
  }

  private func peakActivationBytes() -> Int {
    let last = lastUses()
    var alive = inputs.reduce(0) { saturating($0, bytes(of: $1.shape)) }
    var peak = alive
    for (index, instruction) in instructions.enumerated() {
      alive = saturating(alive, bytes(of: instruction.shape))
      peak = max(peak, alive)
      if alive == Int.max { return alive }
      for operand in Set(instruction.operands) where last[operand.rawValue] == index {
        alive -= bytes(of: shape(of: operand))
      }
      if last[instruction.result.rawValue] < 0 { alive -= bytes(of: instruction.shape) }
    }
    return peak
  }
}

private func bytes(of shape: Shape) -> Int {
  let (bytes, overflow) = shape.count.multipliedReportingOverflow(by: 4)
  return overflow ? Int.max : bytes
}

/// The sum of two counts that are not negative; `Int.max` where it cannot be counted.
package func saturating(_ left: Int, _ right: Int) -> Int {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return overflow ? Int.max : sum
}

extension ShapeInference {
  /// Multiplications by kernels for one sample.
  func multiplications(resultShape: Shape) throws(LoweringError) -> Int {
    let count: Int?
    switch operation {
    case .matmul(let id):
      count = product(resultShape.count, try parameter(id)[0])
    case .modeProduct(let id, _):
      count = product(operands[0].count, try parameter(id)[1])
    case .conv2D(let id, _):
      let kernel = try parameter(id)
      count = product(resultShape.count, kernel[0], kernel[1], kernel[2])
    case .depthwiseConv2D(let id, _):
      let kernel = try parameter(id)
      count = product(resultShape.count, kernel[0], kernel[1])
    case .convTranspose2D(let id, _, _):
      let kernel = try parameter(id)
      count = product(operands[0].count, kernel[0], kernel[1], kernel[2])
    default: count = 0
    }
    guard let count else {
      throw .tooLarge(
        origin: origin, operation: operation.name, size: "the number of multiplications")
    }
    return count
  }
}
