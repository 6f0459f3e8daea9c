import Programs
public import Tensors

/// Networks by name.
///
/// `mlp:784-100-50-10`, `lenet-300-100`, `lenet5`, `cnn:32-32-pool-64-64-pool-dense512`, followed
/// by options such as `,dropout=0.25,batchnorm,activation=tanh,output=sigmoid`.
public enum ModelArchitecture {
  /// The names that start an architecture.
  public static let names = ["cnn", "lenet-300-100", "lenet5", "mlp"]

  /// What can be written, for help texts.
  public static let grammar = """
    mlp:784-100-50-10, lenet-300-100, lenet5, or cnn: with parts joined by '-': 32 (a 3×3 \
    convolution; 32k5 for 5×5, 32s and 32v for same and valid borders, 32/2 for strides), pool, \
    pool3, avgpool, gap, dense512, drop0.25. Options follow commas: dropout=RATE, batchnorm, \
    activation=NAME, output=NAME.
    """

  /// Makes a network with fresh weights.
  ///
  /// - Parameters:
  ///   - text: what to make; see ``grammar``.
  ///   - inputShape: the shape of one example; flattened or given one channel as needed.
  ///   - classCount: the number of outputs that the data ask for.
  ///   - seed: decides the weights.
  /// - Throws: `ArchitectureError` that names the part, both sides, and the nearest name.
  public static func make(
    _ text: String, inputShape: Shape, classCount: Int, seed: UInt64
  ) throws(ArchitectureError) -> Model {
    let text = try ArchitectureText(text)
    guard inputShape.count > 0, classCount > 0 else {
      throw text.failure("expected inputs and classes, found [\(inputShape)] and \(classCount)")
    }
    let layers: [Layer]
    switch text.name {
    case "mlp": layers = try mlp(text, inputShape, classCount)
    case "lenet-300-100" where text.parts.isEmpty:
      layers = dense([300, 100], inputShape, classCount, text.options)
    case "lenet5" where text.parts.isEmpty: layers = try lenet5(text, inputShape, classCount)
    case "cnn": layers = try ConvolutionText(text).layers(inputShape, classCount)
    case "lenet5", "lenet-300-100":
      throw text.failure("'\(text.name)' has fixed layers and takes no ':'")
    default:
      throw text.failure(
        "unknown architecture '\(text.name)'"
          + (NearestName.of(text.name, among: names).map { "; did you mean '\($0)'?" }
            ?? "; known are " + names.joined(separator: ", ")))
    }
    do {
      return try Model.sequential(name: text.name, layers: layers).initialised(seed: seed)
    } catch {
      throw text.failure("\(error)")
    }
  }

  private static func mlp(
    _ text: ArchitectureText, _ shape: Shape, _ classCount: Int
  ) throws(ArchitectureError) -> [Layer] {
    var sizes: [Int] = []
    for part in text.parts {
      guard let size = Int(part), size >= 1, size <= Int(Int32.max) else {
        throw text.failure("expected a number of units, found '\(part)'")
      }
      sizes.append(size)
    }
    guard sizes.count >= 2, let inputs = sizes.first, let outputs = sizes.last else {
      throw text.failure("expected inputs and outputs, such as mlp:784-100-50-10")
    }
    guard inputs == shape.count else {
      throw text.failure(
        "it takes \(inputs) inputs, the data have \(shape) = \(shape.count); write "
          + "mlp:\(([shape.count] + sizes.dropFirst()).map(String.init).joined(separator: "-"))")
    }
    guard outputs >= classCount else {
      throw text.failure(
        "it has \(outputs) outputs, the data \(classCount) classes; write "
          + "mlp:\((sizes.dropLast() + [classCount]).map(String.init).joined(separator: "-"))")
    }
    return dense(Array(sizes.dropFirst().dropLast()), shape, outputs, text.options)
  }

  private static func dense(
    _ hidden: [Int], _ shape: Shape, _ outputs: Int, _ options: ArchitectureOptions
  ) -> [Layer] {
    var chain = LayerChain(input: shape, options: options)
    if shape.order != 1 { chain.flatten() }
    for units in hidden { chain.hidden(units) }
    chain.output(outputs)
    return chain.layers
  }

  /// LeCun, Bottou, Bengio and Haffner 1998, with max pooling and ReLU.
  private static func lenet5(
    _ text: ArchitectureText, _ shape: Shape, _ classCount: Int
  ) throws(ArchitectureError) -> [Layer] {
    var chain = LayerChain(input: try text.image(shape), options: text.options)
    chain.convolve(6, size: 5, padding: .same)
    chain.pool(.max, 2)
    chain.convolve(16, size: 5, padding: .valid)
    chain.pool(.max, 2)
    chain.flatten()
    chain.hidden(120)
    chain.hidden(84)
    chain.output(classCount)
    return chain.layers
  }
}

extension ArchitectureText {
  /// The input of a convolutional network: height × width × channels.
  func image(_ shape: Shape) throws(ArchitectureError) -> Shape {
    switch shape.order {
    case 2: return Shape(shape.extents + [1])
    case 3: return shape
    default:
      throw failure(
        "it takes images of height × width × channels, the data have [\(shape)]; use mlp")
    }
  }
}
