import Programs
import Tensors

/// Per-channel multiplications and additions after a product, as one: y = x · scale + shift.
struct ChannelMap: Hashable {
  /// `addBias`, `scale`, `affine` and `batchNorm`, in the order in which they run.
  var operations: [Operation] = []
  let channels: Int

  /// Whether an operation is one of those that a map can take in.
  static func holds(_ operation: Operation) -> Bool {
    switch operation {
    case .addBias, .scale, .affine, .batchNorm: true
    default: false
    }
  }

  /// Whether anything is multiplied.
  var hasScale: Bool {
    operations.contains { operation in
      switch operation {
      case .addBias: false
      case .affine(let scale, _): scale.contains { $0 != 1 }
      default: true
      }
    }
  }

  /// Whether anything is added.
  var hasShift: Bool {
    operations.contains { operation in
      switch operation {
      case .scale: false
      case .affine(_, let offset): offset.contains { $0 != 0 }
      default: true
      }
    }
  }

  /// The two vectors, computed in Double.
  func evaluated(_ values: ParameterValues) throws -> (scale: [Double], shift: [Double]) {
    var scale = [Double](repeating: 1, count: channels)
    var shift = [Double](repeating: 0, count: channels)
    for operation in operations {
      switch operation {
      case .addBias(let id):
        let bias = try values.tensor(id).elements
        for channel in shift.indices { shift[channel] += Double(bias[channel]) }
      case .scale(let id):
        let factor = try values.tensor(id).elements
        for channel in shift.indices {
          scale[channel] *= Double(factor[channel])
          shift[channel] *= Double(factor[channel])
        }
      case .affine(let factors, let offsets):
        for channel in shift.indices {
          let factor = Double(factors.count == 1 ? factors[0] : factors[channel])
          let offset = Double(offsets.count == 1 ? offsets[0] : offsets[channel])
          scale[channel] *= factor
          shift[channel] = shift[channel] * factor + offset
        }
      case .batchNorm(let gamma, let beta, let mean, let variance, let epsilon, _):
        let gammas = try gamma.map { try values.tensor($0).elements }
        let betas = try beta.map { try values.tensor($0).elements }
        let means = try values.tensor(mean).elements
        let variances = try values.tensor(variance).elements
        for channel in shift.indices {
          let factor =
            Double(gammas?[channel] ?? 1)
            / (Double(variances[channel]) + Double(epsilon)).squareRoot()
          scale[channel] *= factor
          shift[channel] =
            (shift[channel] - Double(means[channel])) * factor + Double(betas?[channel] ?? 0)
        }
      default: break
      }
    }
    return (scale, shift)
  }
}
