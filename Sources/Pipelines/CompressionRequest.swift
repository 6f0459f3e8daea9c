public import Compression
public import ModelFile
public import Models
public import Training

/// What `compress` is asked to do.
public struct CompressionRequest: Sendable {
  /// Where the decisions come from.
  public enum Source: Sendable {
    /// A target to plan for.
    case planning(PlanningOptions)
    /// A plan made earlier.
    case plan(CompressionPlan)
  }

  /// The model's file.
  public var input: String
  /// The file to write.
  public var output: String
  /// Where the decisions come from.
  public var source: Source
  /// What is learned from data; nil compresses by the weights alone.
  public var data: CompressionData?
  /// Settings of the factorisations.
  public var settings: FactorizationSettings
  /// How int8 scales are chosen.
  public var scale: ScaleChoice
  /// Threads.
  public var threads: Int
  /// How the container is stored.
  public var storage: StorageOptions
  /// Whether layers that carry code may be written into the Keras view.
  public var allowsCode: Bool
  /// Whether an existing output is replaced.
  public var force: Bool
  /// Limits of the reading.
  public var readOptions: ReadOptions
  /// What the model must fit into as C; beside it the source only says how to plan.
  public var device: DeviceBudget?
  /// The subcommand and its options without paths, for the record.
  public var command: [String]
  /// The version of modelc, for the record.
  public var toolVersion: String

  /// Makes a request.
  public init(
    input: String, output: String, source: Source, data: CompressionData? = nil,
    settings: FactorizationSettings = FactorizationSettings(),
    scale: ScaleChoice = .squaredError, threads: Int = 1,
    storage: StorageOptions = StorageOptions(), allowsCode: Bool = false, force: Bool = false,
    readOptions: ReadOptions = ReadOptions(), command: [String] = [], toolVersion: String
  ) {
    self.input = input
    self.output = output
    self.source = source
    self.data = data
    self.settings = settings
    self.scale = scale
    self.threads = threads
    self.storage = storage
    self.allowsCode = allowsCode
    self.force = force
    self.readOptions = readOptions
    self.command = command
    self.toolVersion = toolVersion
  }
}

/// What a compression planned and did.
public struct CompressionOutcome: Sendable {
  /// The model before.
  public var before: Inspection
  /// The model after; that of the plan alone has no file.
  public var after: Inspection?
  /// What was planned; nil where a plan was given.
  public var planned: PlannedCompression?
  /// The decisions.
  public var plan: CompressionPlan
  /// One report a kernel; empty for a dry run.
  public var reports: [KernelReport]
  /// What was tried with data, in the order tried; empty without data.
  public var candidates: [ScoredCandidate] = []
  /// The epochs of fine-tuning; empty without it.
  public var history: [EpochRecord] = []
  /// The result on training examples that neither shaped nor chose it; nil without data.
  ///
  /// After fine-tuning they were learned from, like the whole training set.
  public var report: EvaluationResult?
  /// What was found for a device; nil for other targets.
  public var device: DeviceResult?
  /// The file that was written.
  public var written: WrittenFile?
  /// Why the file has no Keras view; nil if it has one.
  public var viewObstacle: String?
  /// Seconds of the whole job.
  public var seconds: Double
}
