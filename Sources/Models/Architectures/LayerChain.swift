import Programs
import Tensors

/// Layers that follow one another, named as Keras names them.
struct LayerChain {
  private(set) var layers: [Layer] = []
  private var counts: [String: Int] = [:]
  let options: ArchitectureOptions

  init(input shape: Shape, options: ArchitectureOptions) {
    self.options = options
    append("input", .input(Input(shape: shape.extents.map { $0 })))
  }

  mutating func append(_ name: String, _ kind: LayerKind) {
    let count = counts[name, default: 0]
    counts[name] = count + 1
    layers.append(Layer(path: count == 0 ? name : "\(name)_\(count)", kind: kind))
  }

  mutating func flatten() { append("flatten", .reshaping(.flatten(.channelsLast))) }

  /// A hidden Dense layer, with normalisation and dropout where the options ask for them.
  mutating func hidden(_ units: Int) {
    append("dense", .dense(Dense(units: units, activation: inner)))
    normalise()
    drop(options.dropout)
  }

  mutating func convolve(
    _ filters: Int, size: Int, stride: Int = 1, padding: BorderRule
  ) {
    let window = Window(size: [size, size], strides: [stride, stride], padding: padding)
    append("conv2d", .convolution(Convolution(filters: filters, window: window, activation: inner)))
    normalise()
  }

  mutating func pool(_ kind: PoolingKind, _ size: Int) {
    let window = Window(size: [size, size], strides: [size, size])
    append(
      kind == .max ? "max_pooling2d" : "average_pooling2d",
      .pooling(Pooling(kind: kind, window: window)))
    drop(options.dropout)
  }

  mutating func drop(_ rate: Double) {
    if rate > 0 { append("dropout", .regularisation(Regularisation(kind: .dropout, rate: rate))) }
  }

  mutating func output(_ count: Int) {
    append("dense", .dense(Dense(units: count, activation: options.output)))
  }

  /// The activation inside a layer: none where a normalisation comes first.
  private var inner: ActivationFunction { options.normalises ? .linear : options.activation }

  private mutating func normalise() {
    guard options.normalises else { return }
    append("batch_normalization", .batchNormalization(BatchNormalization()))
    append("activation", .activation(ActivationLayer(function: options.activation)))
  }
}
