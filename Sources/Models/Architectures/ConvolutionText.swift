import Programs
import Tensors

/// The parts of `cnn:…`.
struct ConvolutionText {
  private enum Part {
    case convolution(filters: Int, size: Int, padding: BorderRule?, stride: Int)
    case pool(max: Bool, size: Int)
    case globalPool
    case dense(Int)
    case drop(Double)
  }

  private let text: ArchitectureText
  private let parts: [Part]
  private static let words = ["avgpool", "dense", "drop", "gap", "pool"]

  init(_ text: ArchitectureText) throws(ArchitectureError) {
    self.text = text
    guard !text.parts.isEmpty else {
      throw text.failure("expected layers, such as cnn:32-32-pool-64-64-pool-dense512")
    }
    var parts: [Part] = []
    for part in text.parts { parts.append(try ConvolutionText.parse(part, of: text)) }
    self.parts = parts
  }

  private static func parse(
    _ part: String, of text: ArchitectureText
  ) throws(ArchitectureError) -> Part {
    let letters = part.prefix { $0.isLetter }
    let rest = String(part.dropFirst(letters.count))
    func size(_ string: String, or fallback: Int? = nil) throws(ArchitectureError) -> Int {
      if string.isEmpty, let fallback { return fallback }
      guard let size = Int(string), size >= 1, size <= 1 << 20 else {
        throw text.failure("'\(part)': expected a size from 1, found '\(string)'")
      }
      return size
    }
    switch letters {
    case "": return try convolution(rest, part, of: text)
    case "pool": return .pool(max: true, size: try size(rest, or: 2))
    case "avgpool": return .pool(max: false, size: try size(rest, or: 2))
    case "gap" where rest.isEmpty: return .globalPool
    case "dense": return .dense(try size(rest))
    case "drop":
      guard let rate = Double(rest), rate > 0, rate < 1 else {
        throw text.failure("'\(part)': expected a rate between 0 and 1, such as drop0.25")
      }
      return .drop(rate)
    default:
      throw text.failure(
        "unknown part '\(part)'" + NearestName.hint(String(letters), among: words))
    }
  }

  /// `32`, `32k5`, `32s`, `32v`, `32/2`, in this order.
  private static func convolution(
    _ string: String, _ part: String, of text: ArchitectureText
  ) throws(ArchitectureError) -> Part {
    var rest = string[...]
    func number() -> Int? {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      guard let value = Int(digits), value >= 1, value <= 1 << 20 else { return nil }
      return value
    }
    func take(_ letter: Character) -> Bool {
      guard rest.first == letter else { return false }
      rest = rest.dropFirst()
      return true
    }
    let filters = number()
    let size = take("k") ? number() : 3
    let padding: BorderRule? = take("s") ? .same : take("v") ? .valid : nil
    let stride = take("/") ? number() : 1
    guard let filters, let size, let stride, rest.isEmpty else {
      throw text.failure(
        "'\(part)': expected filters, then k and a size, s or v, / and a stride, such as 64k5s/2")
    }
    return .convolution(filters: filters, size: size, padding: padding, stride: stride)
  }

  /// The layers: Flatten comes before the first Dense layer, the output last.
  ///
  /// Where no border is written, a convolution keeps the size, but for the last before a pooling
  /// that follows another convolution: the pairs of Keras' CIFAR-10 example.
  func layers(_ shape: Shape, _ classCount: Int) throws(ArchitectureError) -> [Layer] {
    var chain = LayerChain(input: try text.image(shape), options: text.options)
    var isFlat = false
    for (index, part) in parts.enumerated() {
      switch part {
      case .convolution, .pool, .globalPool:
        guard !isFlat else {
          throw text.failure("'\(text.parts[index])' follows a flat layer; put it before")
        }
      case .dense:
        if !isFlat { chain.flatten() }
        isFlat = true
      case .drop: break
      }
      switch part {
      case .convolution(let filters, let size, let padding, let stride):
        chain.convolve(
          filters, size: size, stride: stride,
          padding: padding ?? (endsBlock(index) ? .valid : .same))
      case .pool(let max, let size): chain.pool(max ? .max : .average, size)
      case .globalPool:
        chain.append(
          "global_average_pooling2d", .globalPooling(GlobalPooling(kind: .average, axes: 2)))
        isFlat = true
      case .dense(let units): chain.hidden(units)
      case .drop(let rate): chain.drop(rate)
      }
    }
    if !isFlat { chain.flatten() }
    chain.output(classCount)
    return chain.layers
  }

  private func endsBlock(_ index: Int) -> Bool {
    guard index > 0, case .convolution = parts[index - 1], index + 1 < parts.count,
      case .pool = parts[index + 1]
    else { return false }
    return true
  }
}
