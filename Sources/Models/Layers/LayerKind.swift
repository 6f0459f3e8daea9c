public import JSON

/// The kinds of layer, each with its settings; one that modelc does not know is `opaque`.
public enum LayerKind: Sendable, Hashable {
  case input(Input)
  case dense(Dense)
  case embedding(Embedding)
  case convolution(Convolution)
  case depthwiseConvolution(DepthwiseConvolution)
  case separableConvolution(SeparableConvolution)
  case transposedConvolution(TransposedConvolution)
  case batchNormalization(BatchNormalization)
  case featureNormalization(FeatureNormalization)
  case dataNormalization(DataNormalization)
  case rescaling(Rescaling)
  case pooling(Pooling)
  case globalPooling(GlobalPooling)
  case activation(ActivationLayer)
  case parametricReLU(ParametricReLU)
  case merge(Merge)
  case concatenate(Concatenate)
  case bordering(Bordering)
  case upSampling(UpSampling)
  case reshaping(Reshaping)
  case selection(Selection)
  case regularisation(Regularisation)
  case opaque(Opaque)

  /// The kind's name in files.
  public enum Name: String, Sendable, Hashable, CaseIterable {
    case input, dense, embedding, convolution
    case depthwiseConvolution = "depthwise-convolution"
    case separableConvolution = "separable-convolution"
    case transposedConvolution = "transposed-convolution"
    case batchNormalization = "batch-normalization"
    case featureNormalization = "feature-normalization"
    case dataNormalization = "data-normalization"
    case rescaling, pooling
    case globalPooling = "global-pooling"
    case activation
    case parametricReLU = "parametric-relu"
    case merge, concatenate, bordering
    case upSampling = "up-sampling"
    case reshaping, selection, regularisation, opaque
  }

  /// Reads the settings of the kind called `name`.
  /// - Throws: `AttributeError` naming the attribute, what was expected and what was found.
  public init(name: Name, attributes: JSONObject) throws(AttributeError) {
    let reader = AttributeReader(attributes)
    switch name {
    case .input: self = .input(try Input(reader))
    case .dense: self = .dense(try Dense(reader))
    case .embedding: self = .embedding(try Embedding(reader))
    case .convolution: self = .convolution(try Convolution(reader))
    case .depthwiseConvolution: self = .depthwiseConvolution(try DepthwiseConvolution(reader))
    case .separableConvolution: self = .separableConvolution(try SeparableConvolution(reader))
    case .transposedConvolution: self = .transposedConvolution(try TransposedConvolution(reader))
    case .batchNormalization: self = .batchNormalization(try BatchNormalization(reader))
    case .featureNormalization: self = .featureNormalization(try FeatureNormalization(reader))
    case .dataNormalization: self = .dataNormalization(try DataNormalization(reader))
    case .rescaling: self = .rescaling(try Rescaling(reader))
    case .pooling: self = .pooling(try Pooling(reader))
    case .globalPooling: self = .globalPooling(try GlobalPooling(reader))
    case .activation: self = .activation(try ActivationLayer(reader))
    case .parametricReLU: self = .parametricReLU(try ParametricReLU(reader))
    case .merge: self = .merge(try Merge(reader))
    case .concatenate: self = .concatenate(try Concatenate(reader))
    case .bordering: self = .bordering(try Bordering(reader))
    case .upSampling: self = .upSampling(try UpSampling(reader))
    case .reshaping: self = .reshaping(try Reshaping(reader))
    case .selection: self = .selection(try Selection(reader))
    case .regularisation: self = .regularisation(try Regularisation(reader))
    case .opaque: self = .opaque(try Opaque(reader))
    }
  }

  /// The kind's name and its settings.
  public var named: (name: Name, configuration: any LayerConfiguration) {
    switch self {
    case .input(let settings): (.input, settings)
    case .dense(let settings): (.dense, settings)
    case .embedding(let settings): (.embedding, settings)
    case .convolution(let settings): (.convolution, settings)
    case .depthwiseConvolution(let settings): (.depthwiseConvolution, settings)
    case .separableConvolution(let settings): (.separableConvolution, settings)
    case .transposedConvolution(let settings): (.transposedConvolution, settings)
    case .batchNormalization(let settings): (.batchNormalization, settings)
    case .featureNormalization(let settings): (.featureNormalization, settings)
    case .dataNormalization(let settings): (.dataNormalization, settings)
    case .rescaling(let settings): (.rescaling, settings)
    case .pooling(let settings): (.pooling, settings)
    case .globalPooling(let settings): (.globalPooling, settings)
    case .activation(let settings): (.activation, settings)
    case .parametricReLU(let settings): (.parametricReLU, settings)
    case .merge(let settings): (.merge, settings)
    case .concatenate(let settings): (.concatenate, settings)
    case .bordering(let settings): (.bordering, settings)
    case .upSampling(let settings): (.upSampling, settings)
    case .reshaping(let settings): (.reshaping, settings)
    case .selection(let settings): (.selection, settings)
    case .regularisation(let settings): (.regularisation, settings)
    case .opaque(let settings): (.opaque, settings)
    }
  }

  /// The settings under their names in files.
  public var attributes: JSONObject { named.configuration.attributes }
}
