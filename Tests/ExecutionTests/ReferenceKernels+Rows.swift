#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif
import Programs
import Tensors

/// Functions of whole rows: normalisations and softmax.
extension ReferenceKernels {
  func normalised(
    _ operation: Operation, _ x: ReferenceTensor, _ parameters: [ReferenceTensor],
    isTraining: Bool
  ) -> ReferenceTensor {
    func p(_ id: ParameterID?) -> ReferenceTensor? { id.map { parameters[$0.rawValue] } }
    switch operation {
    case .batchNorm(let gamma, let beta, let mean, let variance, let epsilon, _):
      func affine(_ at: [Int], _ value: Double) -> Double {
        let c = at[at.count - 1]
        return value * (p(gamma)?[c] ?? 1) + (p(beta)?[c] ?? 0)
      }
      if isTraining {
        return normalise(x, Double(epsilon), key: { [$0[$0.count - 1]] }, affine)
      }
      return ReferenceTensor(x.extents) { at in
        let c = at[at.count - 1]
        let deviation = ((p(variance)?[c] ?? 1) + Double(epsilon)).squareRoot()
        return affine(at, (x[at] - (p(mean)?[c] ?? 0)) / deviation)
      }
    case .layerNorm(let gamma, let beta, let epsilon, let axisCount):
      return normalise(x, Double(epsilon), key: { Array($0.dropLast(axisCount)) }) { at, value in
        let own = Array(at.suffix(axisCount))
        return value * (p(gamma)?[own] ?? 1) + (p(beta)?[own] ?? 0)
      }
    case .groupNorm(let gamma, let beta, let epsilon, let groups):
      let width = x.last / groups
      return normalise(x, Double(epsilon), key: { [$0[0], $0[$0.count - 1] / width] }) {
        at, value in
        let c = at[at.count - 1]
        return value * (p(gamma)?[c] ?? 1) + (p(beta)?[c] ?? 0)
      }
    default:
      return ReferenceTensor(x.extents) { at in
        let squares = (0..<x.last).reduce(0.0) { sum, c in
          let value = x[at.dropLast() + [c]]
          return sum + value * value
        }
        return x[at] / max(squares, 1e-12).squareRoot()
      }
    }
  }

  /// Normalises the elements that share a key, then applies γ and β by index.
  private func normalise(
    _ x: ReferenceTensor, _ epsilon: Double, key: ([Int]) -> [Int],
    _ affine: ([Int], Double) -> Double
  ) -> ReferenceTensor {
    var members: [[Int]: [Double]] = [:]
    for position in x.values.indices {
      members[key(x.indices(of: position)), default: []].append(x.values[position])
    }
    let statistics = members.mapValues { values in
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return (mean, variance)
    }
    return ReferenceTensor(x.extents) { at in
      let (mean, variance) = statistics[key(at)] ?? (0, 0)
      return affine(at, (x[at] - mean) / (variance + epsilon).squareRoot())
    }
  }

  func softmax(_ x: ReferenceTensor, isLogarithmic: Bool) -> ReferenceTensor {
    ReferenceTensor(x.extents) { at in
      let row = (0..<x.last).map { x[at.dropLast() + [$0]] }
      let highest = row.max() ?? 0
      let logarithm = highest + log(row.reduce(0) { $0 + exp($1 - highest) })
      return isLogarithmic ? x[at] - logarithm : exp(x[at] - logarithm)
    }
  }
}
