public import JSON
public import Programs

/// Element by element, several inputs become one.
public struct Merge: LayerConfiguration, Hashable {
  /// What is done to the elements.
  public enum Operation: String, Sendable, Hashable, CaseIterable {
    case add, subtract, multiply, average, maximum, minimum
  }

  /// What is done to the elements.
  public var operation: Operation

  /// Makes a merge.
  public init(operation: Operation) { self.operation = operation }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    operation = try reader.choice("operation")
  }

  /// Writes the settings.
  public var attributes: JSONObject { ["operation": .string(operation.rawValue)] }
}

/// Inputs laid end to end along one axis.
public struct Concatenate: LayerConfiguration, Hashable {
  /// The axis, counted with the batch as 0; negative from the end.
  public var axis: Int

  /// Makes a concatenation.
  public init(axis: Int = -1) { self.axis = axis }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    axis = try reader.integer("axis", in: -32...32, default: -1)
  }

  /// Writes the settings.
  public var attributes: JSONObject { ["axis": .integer(axis)] }
}

/// An activation as a layer of its own.
public struct ActivationLayer: LayerConfiguration, Hashable {
  /// The function.
  public var function: ActivationFunction

  /// Makes an activation.
  public init(function: ActivationFunction) { self.function = function }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    function = try reader.activation("function")
  }

  /// Writes the settings.
  public var attributes: JSONObject { ["function": function.json] }
}

/// max(x, 0) + alpha · min(x, 0) with learned alpha, of extent 1 along the shared axes.
public struct ParametricReLU: LayerConfiguration, Hashable {
  /// The axes that share alpha, counted from 1 as Keras does.
  public var sharedAxes: [Int]

  /// Makes a parametric ReLU.
  public init(sharedAxes: [Int] = []) { self.sharedAxes = sharedAxes }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    sharedAxes = try reader.integers("shared_axes", in: 1...32, default: [])
  }

  /// Writes the settings.
  public var attributes: JSONObject { ["shared_axes": .list(sharedAxes)] }
}

/// Noise or dropout while training; at inference values pass unchanged.
public struct Regularisation: LayerConfiguration, Hashable {
  /// What training does.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case dropout
    case spatialDropout1D = "spatial-dropout-1d"
    case spatialDropout2D = "spatial-dropout-2d"
    case spatialDropout3D = "spatial-dropout-3d"
    case alphaDropout = "alpha-dropout"
    case gaussianDropout = "gaussian-dropout"
    case gaussianNoise = "gaussian-noise"
    case activityRegularization = "activity-regularization"
  }

  /// What training does.
  public var kind: Kind
  /// The dropped share, or the noise's standard deviation.
  public var rate: Double

  /// Makes a regularisation.
  public init(kind: Kind, rate: Double) {
    self.kind = kind
    self.rate = rate
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    kind = try reader.choice("noise")
    rate = try reader.number("rate", default: 0)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    ["noise": .string(kind.rawValue), "rate": .number(rate)]
  }
}

/// A layer that modelc carries but does not know: configuration and weights pass unchanged.
public struct Opaque: LayerConfiguration, Hashable {
  /// Keras' class name.
  public var className: String
  /// The package that the class comes from, as its file says; nil where it does not.
  public var module: String?
  /// The layer's configuration as it stood in the file.
  public var configuration: JSONObject
  /// Whether the configuration carries code, which is never run.
  public var carriesCode: Bool
  /// Whether the layer leaves values unchanged at inference, as augmentation does.
  public var isIdentityAtInference: Bool

  /// Makes a carried layer.
  public init(
    className: String, module: String?, configuration: JSONObject, carriesCode: Bool = false,
    isIdentityAtInference: Bool = false
  ) {
    self.className = className
    self.module = module
    self.configuration = configuration
    self.carriesCode = carriesCode
    self.isIdentityAtInference = isIdentityAtInference
  }

  /// Reads the settings.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    className = try reader.string("class_name")
    module = reader.object["module"] == nil ? nil : try reader.string("module")
    configuration = try reader.dictionary("configuration", default: [:])
    carriesCode = try reader.boolean("carries_code", default: false)
    isIdentityAtInference = try reader.boolean("identity_at_inference", default: false)
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    var attributes: JSONObject = ["class_name": .string(className)]
    if let module { attributes["module"] = .string(module) }
    attributes["configuration"] = .object(configuration)
    if carriesCode { attributes["carries_code"] = .bool(true) }
    if isIdentityAtInference { attributes["identity_at_inference"] = .bool(true) }
    return attributes
  }
}
