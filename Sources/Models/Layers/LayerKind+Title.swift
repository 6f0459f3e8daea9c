import Programs

extension LayerKind {
  /// What tables call the kind: the class name that Keras users know.
  public var title: String {
    switch self {
    case .input: "InputLayer"
    case .dense: "Dense"
    case .embedding: "Embedding"
    case .convolution(let settings): "Conv\(settings.window.axes)D"
    case .depthwiseConvolution(let settings): "DepthwiseConv\(settings.window.axes)D"
    case .separableConvolution(let settings): "SeparableConv\(settings.window.axes)D"
    case .transposedConvolution(let settings): "Conv\(settings.window.axes)DTranspose"
    case .batchNormalization: "BatchNormalization"
    case .featureNormalization(let settings):
      settings.kind.rawValue.prefix(1).uppercased() + settings.kind.rawValue.dropFirst()
        + "Normalization"
    case .dataNormalization: "Normalization"
    case .rescaling: "Rescaling"
    case .pooling(let settings):
      (settings.kind == .max ? "Max" : "Average") + "Pooling\(settings.window.axes)D"
    case .globalPooling(let settings):
      "Global" + (settings.kind == .max ? "Max" : "Average") + "Pooling\(settings.axes)D"
    case .activation(let settings):
      switch settings.function {
      case .softmax: "Softmax"
      case .relu: "ReLU"
      default: "Activation"
      }
    case .parametricReLU: "PReLU"
    case .merge(let settings):
      settings.operation.rawValue.prefix(1).uppercased() + settings.operation.rawValue.dropFirst()
    case .concatenate: "Concatenate"
    case .bordering(let settings):
      (settings.operation == .pad ? "ZeroPadding" : "Cropping") + "\(settings.amounts.count)D"
    case .upSampling(let settings): "UpSampling\(settings.factors.count)D"
    case .reshaping(let operation):
      switch operation {
      case .flatten: "Flatten"
      case .reshape: "Reshape"
      case .permute: "Permute"
      case .repeatVector: "RepeatVector"
      }
    case .selection: "Selection"
    case .regularisation(let settings): settings.kind.className
    case .opaque(let settings): settings.className
    }
  }
}

extension Regularisation.Kind {
  /// Keras' class name.
  public var className: String {
    switch self {
    case .dropout: "Dropout"
    case .spatialDropout1D: "SpatialDropout1D"
    case .spatialDropout2D: "SpatialDropout2D"
    case .spatialDropout3D: "SpatialDropout3D"
    case .alphaDropout: "AlphaDropout"
    case .gaussianDropout: "GaussianDropout"
    case .gaussianNoise: "GaussianNoise"
    case .activityRegularization: "ActivityRegularization"
    }
  }
}
