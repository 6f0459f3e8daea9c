public import Models
public import Tensors

/// How a plan is applied.
public struct ApplyOptions: Sendable {
  /// Settings of the factorisations.
  public var settings: FactorizationSettings
  /// How int8 scales are chosen.
  public var scale: ScaleChoice
  /// Threads.
  public var threads: Int
  /// The digest of the model's file, compared with the plan's; nil compares nothing.
  public var sourceDigest: String?

  /// Makes options.
  public init(
    settings: FactorizationSettings = FactorizationSettings(),
    scale: ScaleChoice = .squaredError, threads: Int = 1, sourceDigest: String? = nil
  ) {
    self.settings = settings
    self.scale = scale
    self.threads = threads
    self.sourceDigest = sourceDigest
  }
}

/// What applying a plan did to one kernel.
public struct KernelReport: Sendable, Hashable {
  /// The kernel's path.
  public let path: String
  /// The form afterwards.
  public let form: Weight.Kind
  /// The ranks afterwards.
  public let ranks: [Int]
  /// The kernel's parameters before.
  public let parametersBefore: Int
  /// The kernel's parameters afterwards.
  public let parametersAfter: Int
  /// The kernel's bytes afterwards.
  public let bytesAfter: Int
  /// ‖K − K̂‖_F ÷ ‖K‖_F of what is stored, in Double; 0 where nothing changed, nil where the
  /// original kernel is no longer known.
  public let relativeError: Double?
  /// The route taken; nil where nothing was factorised.
  public let route: String?
  /// The plan's reason.
  public let reason: String
  /// Seconds of this kernel's work.
  public let seconds: Double
}

/// A compressed model and what was done to each kernel.
public struct CompressedModel: Sendable {
  /// The model.
  public let model: Model
  /// One report a kernel, in layer order.
  public let reports: [KernelReport]
}

extension CompressionPlan {
  /// Applies the plan: one large kernel at a time, several small ones where threads allow.
  ///
  /// Analyses of the same model spare computing spectra again. With statistics, biases take up the
  /// mean error of the stored kernels. Tensors that the plan does not touch keep type and bytes.
  /// - Throws: `CompressionError` for a kernel the model lacks, ranks or forms it cannot have,
  ///   a plan for another file; what reading a deferred kernel throws.
  public func applied(
    to model: Model, analyses: KernelAnalyses? = nil, calibration: Calibration? = nil,
    inputMap: Shape? = nil, options: ApplyOptions = ApplyOptions(),
    progress: (@Sendable (CompressionProgress) -> Void)? = nil
  ) throws -> CompressedModel {
    if let sourceDigest, let found = options.sourceDigest, sourceDigest != found {
      throw CompressionError.anotherSource(expected: sourceDigest, found: found)
    }
    let sites = analyses?.kernels.map(\.site) ?? model.kernelSites(inputMap: inputMap)
    let references = model.kernels
    try checkPaths(known: references.map(\.path))
    let work = references.map { reference in
      let site = sites.first { $0.path == reference.path }
      return self[reference.path].map { $0.action == .keep ? 0 : site?.shape.count ?? 0 } ?? 0
    }
    let counter = ProgressCounter(.factorising, sizes: work, report: progress)
    let results = try KernelSchedule(threads: options.threads).run(sizes: work) { index in
      let reference = references[index]
      guard let site = sites.first(where: { $0.path == reference.path }) else {
        throw CompressionError.unknownKernel(path: reference.path, hint: "")
      }
      let application = KernelApplication(
        site: site, weight: model[reference], bias: model[biasOf: reference],
        analysis: analyses?[reference.path], statistics: calibration?[reference.path],
        encoding: encoding, options: options)
      let result = try application.run(self[reference.path])
      counter.finish(reference.path, size: work[index])
      return result
    }
    var compressed = model
    for (reference, result) in zip(references, results) {
      compressed[reference] = result.weight
      if let bias = result.bias, let index = reference.bias {
        compressed.layers[reference.layer].weights[index].weight = Weight(bias)
      }
    }
    if let encoding {
      try compressed.encodeOthers(
        Quantizer(encoding, scale: options.scale), except: Set(references.map(\.path)))
    }
    return CompressedModel(model: compressed, reports: results.map(\.report))
  }

  private func checkPaths(known: [String]) throws(CompressionError) {
    for decision in kernels where !known.contains(decision.path) {
      throw .unknownKernel(
        path: decision.path, hint: NearestName.hint(decision.path, among: known))
    }
  }
}

extension Model {
  /// Encodes every other tensor of two or more axes, such as embeddings and depthwise kernels.
  fileprivate mutating func encodeOthers(_ quantizer: Quantizer, except paths: Set<String>) throws {
    for layer in layers.indices {
      for index in layers[layer].weights.indices {
        let named = layers[layer].weights[index]
        if paths.contains("\(layers[layer].path)/\(named.name)") { continue }
        layers[layer].weights[index].weight = try quantizer.encode(named.weight)
      }
    }
  }
}
