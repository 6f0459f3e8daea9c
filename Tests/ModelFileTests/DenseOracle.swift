import Models
import Tensors

/// Rebuilds the dense kernel of any form by the formulas of `spec/mathematics.md`, loop by loop.
enum DenseOracle {
  static func kernel(_ weight: Weight) throws -> [Double] {
    var parts: [String: (shape: Shape, values: [Double])] = [:]
    for component in weight.components {
      let tensor = try component.parameter.tensor()
      parts[component.name] = (tensor.shape, tensor.elements.map(Double.init))
    }
    func part(_ name: String) -> [Double] { parts[name]?.values ?? [] }
    let ranks = weight.ranks
    let outputs = weight.denseShape.last
    switch weight.kind {
    case .dense: return part("values")
    case .lowRank:
      return product(part("left"), part("right"), inner: ranks[0], columns: outputs)
    case .tucker2:
      let (p, q) = (ranks[0], ranks[1])
      let channels = weight.denseShape[weight.denseShape.order - 2]
      let window = weight.denseShape.count / channels / outputs
      var result: [Double] = []
      for position in 0..<window {
        let core = Array(part("core")[position * p * q..<(position + 1) * p * q])
        let mixed = product(part("input_factor"), core, inner: p, columns: q)
        result += product(mixed, part("output_factor"), inner: q, columns: outputs)
      }
      return result
    case .tensorised: return tensorised(weight, part)
    }
  }

  /// A row-major product.
  private static func product(
    _ left: [Double], _ right: [Double], inner: Int, columns: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: left.count / inner * columns)
    for row in 0..<left.count / inner {
      for k in 0..<inner {
        for column in 0..<columns {
          result[row * columns + column] += left[row * inner + k] * right[k * columns + column]
        }
      }
    }
    return result
  }

  private static func tensorised(_ weight: Weight, _ part: (String) -> [Double]) -> [Double] {
    guard case .tensorised(let form) = weight else { return [] }
    let map = form.mapShape
    let (a, b) = (form.ranks[0], form.ranks[1])
    let p = form.channelFactor?.shape.last ?? map[2]
    let matrix = product(
      part("left"), part("right"), inner: form.left.shape.last, columns: weight.denseShape.last)
    let outputs = weight.denseShape.last
    var result = [Double](repeating: 0, count: weight.denseShape.count)
    for (i, j, k) in (0..<map[0]).flatMap({ i in
      (0..<map[1]).flatMap { j in (0..<map[2]).map { (i, j, $0) } }
    }) {
      for x in 0..<a {
        for y in 0..<b {
          for z in 0..<p {
            let channel =
              form.channelFactor == nil ? (k == z ? 1 : 0) : part("channel_factor")[k * p + z]
            let factor =
              part("height_factor")[i * a + x] * part("width_factor")[j * b + y] * channel
            for m in 0..<outputs {
              result[((i * map[1] + j) * map[2] + k) * outputs + m] +=
                factor * matrix[((x * b + y) * p + z) * outputs + m]
            }
          }
        }
      }
    }
    return result
  }
}
