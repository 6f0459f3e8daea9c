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
  /// What is pruned: inputs and channels before planning, weights after it.
  public var pruning: PruningSteps
  /// How int8 scales are chosen.
  public var scale: ScaleChoice
  /// Threads.
  public var threads: Int
  /// How the container is stored.
  public var storage: StorageOptions
  /// Whether the layout of the storage may be chosen anew to meet a limit in bytes.
  public var choosesLayout: Bool
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
  /// Where a search keeps what it measured, to go on from; nil keeps nothing.
  public var searchCache: String?
  /// Whether the outcome explains every kernel.
  public var isExplained: Bool

  /// Makes a request.
  public init(
    input: String, output: String, source: Source, data: CompressionData? = nil,
    settings: FactorizationSettings = FactorizationSettings(),
    pruning: PruningSteps = PruningSteps(), scale: ScaleChoice = .squaredError, threads: Int = 1,
    storage: StorageOptions = StorageOptions(), choosesLayout: Bool = false,
    allowsCode: Bool = false, force: Bool = false,
    readOptions: ReadOptions = ReadOptions(), command: [String] = [], toolVersion: String,
    searchCache: String? = nil, isExplained: Bool = false
  ) {
    self.input = input
    self.output = output
    self.source = source
    self.data = data
    self.settings = settings
    self.pruning = pruning
    self.scale = scale
    self.threads = threads
    self.storage = storage
    self.choosesLayout = choosesLayout
    self.allowsCode = allowsCode
    self.force = force
    self.readOptions = readOptions
    self.command = command
    self.toolVersion = toolVersion
    self.searchCache = searchCache
    self.isExplained = isExplained
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
  /// What was pruned, beside the factorisation.
  public var pruned: [PruningReport] = []
  /// Seconds of a forward pass of 256 examples before and after; nil unless something was pruned.
  public var forwardSeconds: [Double]?
  /// What was tried to meet a limit in bytes, the one taken among them; empty for other targets.
  public var combinations: [TriedCombination] = []
  /// Whether batch normalisations were measured anew; nil without data or normalisations.
  public var norms: NormChoice?
  /// The epochs of fine-tuning; empty without it.
  public var history: [EpochRecord] = []
  /// The result on training examples that neither shaped nor chose it; nil without data.
  public var report: EvaluationResult?
  /// What a bound on the accuracy's fall came to; nil for other targets.
  public var accuracyBound: AccuracyBound?
  /// Why each kernel got what it got; empty unless asked for.
  public var explanations: [KernelExplanation] = []
  /// What was found for a device; nil for other targets.
  public var device: DeviceResult?
  /// The file that was written.
  public var written: WrittenFile?
  /// Why the file has no Keras view; nil if it has one.
  public var viewObstacle: String?
  /// Seconds of the whole job.
  public var seconds: Double
}
