public import Models
import Tensors

/// Which forms a plan may choose.
public enum FormChoice: Sendable, Hashable {
  /// The best for each kernel.
  case automatic
  /// One form; kernels that it cannot hold are kept.
  case only(Weight.Kind)
}

/// What is known of one kernel before ranks are chosen.
public struct KernelAnalysis: Sendable {
  /// The kernel.
  public let site: KernelSite
  /// The factorisations that serve it, each prepared for every rank.
  public let prepared: [any PreparedFactorization]
  /// Why a form does not serve it, by the form's name.
  public let obstacles: [(form: Weight.Kind, reason: String)]

  /// The prepared factorisation of a form and a weighting.
  public func prepared(_ form: Weight.Kind, _ weighting: Weighting)
    -> (any PreparedFactorization)?
  {
    prepared.first { $0.form == form && $0.weighting == weighting }
      ?? prepared.first { $0.form == form && site.form != .dense }
  }
}

/// The spectra of a model's kernels: computed once, they serve every target and the applying.
public struct KernelAnalyses: Sendable {
  /// One entry a kernel, in layer order.
  public let kernels: [KernelAnalysis]

  /// The analysis of a kernel.
  public subscript(path: String) -> KernelAnalysis? { kernels.first { $0.site.path == path } }

  /// What an analysis computes.
  public struct Options: Sendable {
    /// The forms to prepare.
    public var forms: FormChoice
    /// What errors are measured against.
    public var weighting: Weighting
    /// Settings of the factorisations.
    public var settings: FactorizationSettings
    /// Threads.
    public var threads: Int

    /// Makes options.
    public init(
      forms: FormChoice = .automatic, weighting: Weighting = .none,
      settings: FactorizationSettings = FactorizationSettings(), threads: Int = 1
    ) {
      self.forms = forms
      self.weighting = weighting
      self.settings = settings
      self.threads = threads
    }
  }

  /// Analyses the kernels at `sites`, reading one at a time (several small ones with threads).
  ///
  /// Kernels that are factorised already are analysed from their factors; with a weighting, those
  /// without statistics are not analysed and will be kept.
  /// - Throws: `CompressionError` naming the kernel; what reading a deferred kernel throws.
  public init(
    of model: Model, sites: [KernelSite], calibration: Calibration? = nil, options: Options,
    progress: (@Sendable (CompressionProgress) -> Void)? = nil
  ) throws {
    let references = Dictionary(
      model.kernels.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    let sizes = sites.map(\.shape.count)
    let counter = ProgressCounter(.analysing, sizes: sizes, report: progress)
    kernels = try KernelSchedule(threads: options.threads).run(sizes: sizes) { index in
      let site = sites[index]
      guard let reference = references[site.path] else {
        throw CompressionError.unknownKernel(
          path: site.path, hint: NearestName.hint(site.path, among: references.keys.sorted()))
      }
      let analysis = try KernelAnalysis(
        of: model[reference], at: site, statistics: calibration?[site.path],
        options: options)
      counter.finish(site.path, size: sizes[index])
      return analysis
    }
  }
}

extension KernelAnalysis {
  /// Prepares what the options ask for.
  init(
    of weight: Weight, at site: KernelSite, statistics: KernelStatistics?,
    options: KernelAnalyses.Options
  ) throws {
    self.site = site
    switch weight {
    case .dense(let form):
      (prepared, obstacles) = try KernelAnalysis.prepare(
        { try form.parameter.tensor() }, at: site, statistics: statistics, options: options)
    case _ where options.weighting != .none:
      // Calibration speaks of the kernel that the factors stand for.
      (prepared, obstacles) = try KernelAnalysis.prepare(
        { try weight.reconstructed() }, at: site, statistics: statistics, options: options)
    case .lowRank(let form):
      prepared = [try RetargetedLowRank(form, at: site)]
      obstacles = []
    case .tucker2(let form):
      prepared = [try RetargetedTucker2(form, at: site, settings: options.settings)]
      obstacles = []
    case .tensorised(let form):
      prepared = [try RetargetedTensorised(form, at: site)]
      obstacles = []
    }
  }

  private typealias Obstacle = (form: Weight.Kind, reason: String)

  /// Prepares every wanted form that serves a dense kernel.
  private static func prepare(
    _ kernel: () throws -> Tensor, at site: KernelSite, statistics: KernelStatistics?,
    options: KernelAnalyses.Options
  ) throws -> ([any PreparedFactorization], [Obstacle]) {
    let isWeighted = options.weighting != .none
    var prepared: [any PreparedFactorization] = []
    var obstacles: [Obstacle] = []
    let tensor = !isWeighted || statistics != nil ? try kernel() : nil
    for type in Factorizations.all where isWanted(type, options) {
      let factorization = type.init()
      if let obstacle = factorization.obstacle(to: site) {
        obstacles.append((type.form, obstacle))
      } else if isWeighted, statistics == nil {
        obstacles.append((type.form, "calibration saw no inputs of it"))
      } else if isWeighted, type.form != .lowRank, statistics?.covariance == nil {
        obstacles.append((type.form, "its inputs are too wide to calibrate"))
      } else if type.form == .lowRank, !isWeighted, let tucker = prepared.tucker {
        // The output unfolding is the kernel as a matrix over patches: one spectrum for both.
        prepared.append(
          PreparedSVD(
            site: site, values: tucker.spectra[1].values, spectrum: nil,
            settings: options.settings))
      } else if let tensor {
        prepared.append(
          try factorization.prepare(
            tensor, at: site, statistics: statistics, weighting: options.weighting,
            settings: options.settings))
      }
    }
    return (prepared, obstacles)
  }

  /// The separable form pays only where the inputs' statistics say which pixels matter.
  private static func isWanted(
    _ type: any Factorization.Type, _ options: KernelAnalyses.Options
  ) -> Bool {
    switch options.forms {
    case .automatic: type.form != .tensorised || options.weighting != .none
    case .only(let form): type.form == form
    }
  }
}

extension [any PreparedFactorization] {
  fileprivate var tucker: PreparedTucker2? {
    lazy.compactMap { $0 as? PreparedTucker2 }.first
  }
}
