import Models
import Tensors

/// Carries out one kernel's decision: factorises, encodes, measures, corrects the bias.
struct KernelApplication {
  let site: KernelSite
  let weight: Weight
  let bias: Parameter?
  let analysis: KernelAnalysis?
  let statistics: KernelStatistics?
  let encoding: StoredEncoding?
  let options: ApplyOptions

  struct Result: Sendable {
    let weight: Weight
    let bias: Parameter?
    let report: KernelReport
  }

  /// What a new weight needs from the old one before that is dropped.
  private struct Outcome {
    var weight: Weight
    var relativeError: Double?
    var bias: Parameter?
  }

  func run(_ decision: CompressionPlan.Decision?) throws -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let outcome =
      switch decision?.action {
      case nil, .keep: try kept()
      case .factorize(let form, let ranks):
        try factorized(form, ranks: ranks, weighting: decision?.weighting ?? .none)
      }
    let seconds = (clock.now - start) / .seconds(1)
    let report = KernelReport(
      path: site.path, form: outcome.weight.kind, ranks: outcome.weight.ranks,
      parametersBefore: site.parameterCount, parametersAfter: outcome.weight.parameterCount,
      bytesAfter: outcome.weight.byteCount, relativeError: outcome.relativeError,
      route: outcome.weight.record?.route, reason: decision?.reason ?? "the plan does not name it",
      seconds: seconds)
    return Result(weight: outcome.weight, bias: outcome.bias, report: report)
  }

  /// The same form, encoded where the plan asks for it.
  private func kept() throws -> Outcome {
    guard let encoding else {
      return Outcome(weight: weight, relativeError: weight.record?.relativeError ?? nothingLost)
    }
    let encoded = try Quantizer(encoding, scale: options.scale).encode(weight)
    let isChanged = zip(encoded.components, weight.components).contains {
      $0.parameter.scalarType != $1.parameter.scalarType
    }
    guard isChanged else {
      return Outcome(weight: weight, relativeError: weight.record?.relativeError ?? nothingLost)
    }
    let original = try weight.reconstructed()
    return Outcome(
      weight: encoded, relativeError: try ResidualError.measure(encoded, against: original),
      bias: try correctedBias(from: original, to: encoded))
  }

  private var nothingLost: Double? { site.form == .dense ? 0 : nil }

  private func factorized(
    _ form: Weight.Kind, ranks: [Int], weighting: Weighting
  ) throws -> Outcome {
    if weight.kind == form, weight.ranks == ranks { return try kept() }
    guard weight.kind == .dense || weighting != .none else {
      return try retargeted(form, ranks: ranks)
    }
    let kernel = try weight.reconstructed()
    guard let factorization = Factorizations.making(form) else {
      throw CompressionError.unsupported(
        path: site.path, form: form.rawValue, reason: "it is no factorisation")
    }
    if let obstacle = factorization.obstacle(to: site) {
      throw CompressionError.unsupported(path: site.path, form: form.rawValue, reason: obstacle)
    }
    let result: Factorized
    if let prepared = analysis?.prepared(form, weighting) {
      result = try prepared.factorize(kernel, ranks: ranks)
    } else {
      result = try factorization.factorize(
        kernel, at: site, ranks: ranks, statistics: statistics, weighting: weighting,
        settings: options.settings)
    }
    return try finished(result.weight, original: kernel)
  }

  /// From the factors of a weight that was compressed before.
  private func retargeted(_ form: Weight.Kind, ranks: [Int]) throws -> Outcome {
    guard form == weight.kind else {
      throw CompressionError.unsupported(
        path: site.path, form: form.rawValue,
        reason: "it is \(weight.kind.rawValue) already; expand the model first")
    }
    let analysis =
      try analysis
      ?? KernelAnalysis(
        of: weight, at: site, statistics: nil,
        options: KernelAnalyses.Options(settings: options.settings))
    guard let prepared = analysis.prepared.first(where: { $0.form == form && $0.isRetargeting })
    else {
      throw CompressionError.unsupported(
        path: site.path, form: form.rawValue, reason: "its factors were not analysed")
    }
    let result = try prepared.factorize(Tensor.zeros([0]), ranks: ranks)
    var weight = try encoded(result.weight)
    // Against the first kernel if its spectrum was recorded, else against the present one.
    let error =
      prepared.energy > 0
      ? (prepared.discardedEnergy(ranks: ranks) / prepared.energy).squareRoot() : 0
    weight.setRelativeError(error)
    return Outcome(weight: weight, relativeError: error)
  }

  private func finished(_ exact: consuming Weight, original: Tensor) throws -> Outcome {
    var weight = try encoded(exact)
    let error = try measured(weight, original: original)
    weight.setRelativeError(error)
    return Outcome(
      weight: weight, relativeError: error,
      bias: try correctedBias(from: original, to: weight))
  }

  private func encoded(_ weight: Weight) throws -> Weight {
    let encoding = encoding ?? StoredEncoding.factors(of: site.scalarType)
    return try Quantizer(encoding, scale: options.scale).encode(weight)
  }

  /// The error of what is stored.
  ///
  /// For a very large kernel whose low rank leaves a clear remainder, ‖K‖² − ‖left‖² is as exact
  /// (right has orthonormal rows) and spares multiplying the kernel out.
  private func measured(_ weight: Weight, original: Tensor) throws -> Double {
    if case .lowRank(let form) = weight, form.record.basis == .svd,
      original.count >= 32_000_000, form.left.scalarType == .float32
    {
      let energy = original.squaredNorm
      let lost = energy - (try form.left.tensor().squaredNorm)
      if energy > 0, lost > 1e-3 * energy { return (lost / energy).squareRoot() }
    }
    return try ResidualError.measure(weight, against: original)
  }

  /// b' = b + μ·K − μ·K̂ with the stored kernel K̂; nil where there are no statistics or no bias.
  private func correctedBias(from original: Tensor, to stored: Weight) throws -> Parameter? {
    guard let statistics, let bias else { return nil }
    let before = try Weight(Parameter(original)).applied(to: statistics.mean)
    let after = try stored.applied(to: statistics.mean)
    var values = try bias.tensor()
    precondition(values.count == before.count, "one bias an output")
    values.withMutableElements { span in
      for index in span.indices { span[index] += Float(before[index] - after[index]) }
    }
    return bias.replacing(with: values)
  }
}

extension Weight {
  /// Records the measured error of a factorised weight.
  mutating func setRelativeError(_ error: Double) {
    switch self {
    case .dense: return
    case .lowRank(var form):
      form.record.relativeError = error
      self = .lowRank(form)
    case .tucker2(var form):
      form.record.relativeError = error
      self = .tucker2(form)
    case .tensorised(var form):
      form.record.relativeError = error
      self = .tensorised(form)
    }
  }
}
