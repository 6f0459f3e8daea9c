import LinearAlgebra
import Models
import Programs
import Tensors

/// Small models with seeded weights for the tests of this target.
enum SampleModels {
  /// A matrix U·diag(σ)·Vᵀ with orthonormal U and V and σ_j = j^−decay, so that its spectrum is
  /// known.
  static func matrix(
    _ rows: Int, _ columns: Int, decay: Double = 1, seed: UInt64
  ) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    let small = min(rows, columns)
    let u = try Matrix(Tensor.normal([rows, small], generator: &generator)).qr().q
    let v = try Matrix(Tensor.normal([columns, small], generator: &generator)).qr().q
    let scaled = u.elements.enumerated().map { index, value in
      value * Float(sigma(index % small, decay: decay))
    }
    return Matrix(rows: rows, columns: small, elements: scaled).multiplied(
      by: v, transposingOther: true
    ).tensor
  }

  /// σ of ``matrix(_:_:decay:seed:)``, from index 0.
  static func sigma(_ index: Int, decay: Double = 1) -> Double {
    1 / power(Double(index + 1), decay)
  }

  private static func power(_ base: Double, _ exponent: Double) -> Double {
    exponent == 1 ? base : (exponent == 0.5 ? base.squareRoot() : base * base)
  }

  static func dense(
    _ name: String, _ inputs: Int, _ outputs: Int, activation: ActivationFunction = .tanh,
    decay: Double = 1, seed: UInt64
  ) throws -> Layer {
    Layer(
      path: name, kind: .dense(Dense(units: outputs, activation: activation)),
      weights: [
        .init("kernel", Weight(Parameter(try matrix(inputs, outputs, decay: decay, seed: seed)))),
        .init("bias", Weight(Parameter(Tensor.zeros([outputs])))),
      ])
  }

  /// The MLP 784–100–50–10 of 84,060 parameters.
  static func mlp(_ widths: [Int] = [784, 100, 50, 10]) throws -> Model {
    var layers = [Layer(path: "input", kind: .input(Input(shape: [widths[0]])))]
    for index in 1..<widths.count {
      layers.append(
        try dense(
          index == 1 ? "dense" : "dense_\(index - 1)", widths[index - 1], widths[index],
          activation: index == widths.count - 1 ? .softmax : .tanh,
          decay: index == 2 ? 0.5 : 1, seed: UInt64(index)))
    }
    return Model.sequential(name: "mlp", layers: layers)
  }

  static func convolution(
    _ name: String, window: [Int], _ channels: Int, _ filters: Int, seed: UInt64
  ) throws -> Layer {
    let flat = try matrix(window.reduce(1, *) * channels, filters, seed: seed)
    return Layer(
      path: name,
      kind: .convolution(
        Convolution(
          filters: filters, window: Window(size: window, padding: .same), activation: .tanh)),
      weights: [
        .init(
          "kernel",
          Weight(Parameter(flat.reshaped(to: Shape(window + [channels, filters]))))),
        .init("bias", Weight(Parameter(Tensor.zeros([filters])))),
      ])
  }

  /// conv 3×3 (1 → 8), conv 3×3 (8 → 12), pointwise (12 → 6), Flatten, Dense 10, on 8×8 images.
  static func cnn() throws -> Model {
    Model.sequential(
      name: "cnn",
      layers: [
        Layer(path: "input", kind: .input(Input(shape: [8, 8, 1]))),
        try convolution("conv", window: [3, 3], 1, 8, seed: 1),
        try convolution("conv_1", window: [3, 3], 8, 12, seed: 2),
        try convolution("point", window: [1, 1], 12, 6, seed: 3),
        Layer(path: "flatten", kind: .reshaping(.flatten(.channelsLast))),
        try dense("dense", 8 * 8 * 6, 10, activation: .softmax, seed: 4),
      ])
  }
}
