public import JSON

/// What is known of a model beside its graph and weights.
public struct Metadata: Sendable, Hashable {
  /// The names of the classes, in the order of the outputs; nil where unknown.
  public var classNames: [String]?
  /// How raw data becomes the model's input; nil where unknown.
  public var inputScaling: InputScaling?
  /// Measured results, newest last.
  public var evaluations: [Evaluation]
  /// Where the model came from and what was done to it.
  public var provenance: Provenance?

  /// Makes metadata.
  public init(
    classNames: [String]? = nil, inputScaling: InputScaling? = nil,
    evaluations: [Evaluation] = [], provenance: Provenance? = nil
  ) {
    self.classNames = classNames
    self.inputScaling = inputScaling
    self.evaluations = evaluations
    self.provenance = provenance
  }
}

/// input = raw · scale + offset.
public struct InputScaling: Sendable, Hashable {
  /// The factor, such as 1/255.
  public var scale: Double
  /// The summand.
  public var offset: Double

  /// Makes a scaling.
  public init(scale: Double, offset: Double = 0) {
    self.scale = scale
    self.offset = offset
  }
}

/// A measured result on a data set.
public struct Evaluation: Sendable, Hashable {
  /// The data set's name, as its path's last component.
  public var dataset: String
  /// SHA-256 of the data set's content.
  public var datasetDigest: String
  /// The split, such as `test`.
  public var split: String
  /// The number of examples.
  public var count: Int
  /// Mean loss per example.
  public var loss: Double
  /// The share of examples whose largest output is the label; nil without classes.
  public var accuracy: Double?
  /// The day of the measurement, `2026-11-28`.
  public var date: String

  /// Makes a result.
  public init(
    dataset: String, datasetDigest: String, split: String, count: Int, loss: Double,
    accuracy: Double?, date: String
  ) {
    self.dataset = dataset
    self.datasetDigest = datasetDigest
    self.split = split
    self.count = count
    self.loss = loss
    self.accuracy = accuracy
    self.date = date
  }
}

/// Where a model came from: nothing in it depends on time, host or paths.
public struct Provenance: Sendable, Hashable {
  /// The source file's SHA-256.
  public var sourceDigest: String?
  /// The source file's format, such as `keras-h5`.
  public var sourceFormat: String?
  /// The parameters of the uncompressed source.
  public var sourceParameterCount: Int?
  /// The size of the source file in bytes.
  public var sourceByteCount: Int?
  /// The subcommand and options, without paths.
  public var command: [String]
  /// The version of modelc.
  public var toolVersion: String
  /// The seed.
  public var seed: Int?
  /// The plan that was applied, as its JSON.
  public var plan: JSONValue?

  /// Makes a record.
  public init(
    sourceDigest: String? = nil, sourceFormat: String? = nil, sourceParameterCount: Int? = nil,
    sourceByteCount: Int? = nil, command: [String] = [], toolVersion: String, seed: Int? = nil,
    plan: JSONValue? = nil
  ) {
    self.sourceDigest = sourceDigest
    self.sourceFormat = sourceFormat
    self.sourceParameterCount = sourceParameterCount
    self.sourceByteCount = sourceByteCount
    self.command = command
    self.toolVersion = toolVersion
    self.seed = seed
    self.plan = plan
  }
}
