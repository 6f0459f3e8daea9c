import JSON
import Models

extension LayerRewriter {
  /// Pooling, merging, and layers that move, add or drop values: one piece each.
  mutating func appendShaping() {
    switch layer.kind {
    case .pooling(let settings):
      let window = settings.window
      append(
        layer.kind.title,
        [
          "pool_size": .list(window.size), "strides": .list(window.strides),
          "padding": .string(window.padding.rawValue), "data_format": format(window.dataFormat),
        ])
    case .globalPooling(let settings):
      append(
        layer.kind.title,
        ["data_format": format(settings.dataFormat), "keepdims": .bool(settings.keepsAxes)])
    case .merge: append(layer.kind.title, [:])
    case .concatenate(let settings): append("Concatenate", ["axis": .integer(settings.axis)])
    case .bordering(let settings): appendBordering(settings)
    case .upSampling(let settings): appendUpSampling(settings)
    case .reshaping(let operation): appendReshaping(operation)
    case .regularisation(let settings): appendRegularisation(settings)
    default: break
    }
  }

  func format(_ format: DataFormat) -> JSONValue {
    format == .channelsLast ? "channels_last" : "channels_first"
  }

  private mutating func appendBordering(_ settings: Bordering) {
    let key = settings.operation == .pad ? "padding" : "cropping"
    if settings.amounts.count == 1 {
      append(layer.kind.title, [key: .list(settings.amounts[0])])
      return
    }
    append(
      layer.kind.title,
      [
        key: .array(settings.amounts.map { .list($0) }), "data_format": format(settings.dataFormat),
      ])
  }

  private mutating func appendUpSampling(_ settings: UpSampling) {
    switch settings.factors.count {
    case 1: append("UpSampling1D", ["size": .integer(settings.factors[0])])
    case 2:
      append(
        "UpSampling2D",
        [
          "size": .list(settings.factors), "data_format": format(settings.dataFormat),
          "interpolation": .string(settings.interpolation),
        ])
    default:
      append(
        "UpSampling3D",
        ["size": .list(settings.factors), "data_format": format(settings.dataFormat)])
    }
  }

  private mutating func appendReshaping(_ operation: Reshaping) {
    switch operation {
    case .flatten(let dataFormat): append("Flatten", ["data_format": format(dataFormat)])
    case .reshape(let extents): append("Reshape", ["target_shape": .list(extents)])
    case .permute(let axes): append("Permute", ["dims": .list(axes)])
    case .repeatVector(let count): append("RepeatVector", ["n": .integer(count)])
    }
  }

  /// Runs of neighbours that are worth a layer each; more of them are a matrix of zeros and ones.
  private static let largestRunCount = 8
  /// The most entries of such a matrix.
  private static let largestMatrix = 1 << 24

  /// Each run of neighbours is cut out of a column, and the runs are joined; many runs are a Dense
  /// layer that is not trained, with one weight of 1 an entry that is kept.
  ///
  /// Keras has no layer that picks entries by index; along the last axis, Concatenate needs no axis,
  /// which some versions of Keras 3 would forget.
  mutating func appendSelection(_ settings: Selection) {
    let kept = settings.positions.count
    if settings.runs.count > Self.largestRunCount, settings.inputs <= Self.largestMatrix / kept {
      append(
        "Dense",
        [
          "units": .integer(kept), "activation": "linear", "use_bias": false, "trainable": false,
        ],
        weights: [
          KerasView.WeightLink(
            name: "kernel", layer: layer.path, weight: "kernel", component: "",
            selection: settings)
        ])
      return
    }
    append("Reshape", suffix: "column", ["target_shape": [.integer(settings.inputs), 1]])
    let runs = settings.runs
    var parts: [ViewPiece.Operand] = []
    for (index, run) in runs.enumerated() {
      append(
        "Cropping1D", suffix: "run_\(index)",
        ["cropping": .list([run.lowerBound, settings.inputs - run.upperBound])],
        operands: [.piece(0)])
      append(
        "Flatten", suffix: runs.count == 1 ? nil : "run_\(index)_flat",
        ["data_format": format(.channelsLast)])
      parts.append(.piece(pieces.count - 1))
    }
    if runs.count > 1 { append("Concatenate", ["axis": -1], operands: parts) }
  }

  private mutating func appendRegularisation(_ settings: Regularisation) {
    let key =
      switch settings.kind {
      case .gaussianNoise: "stddev"
      case .activityRegularization: "l1"
      default: "rate"
      }
    append(
      settings.kind.className, [key: .number(settings.rate)],
      heedsTraining: settings.kind != .activityRegularization)
  }
}
