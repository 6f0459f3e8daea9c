public import Models
import Tensors

/// Measures what each kernel can lose: one kernel at a time, the others as they are.
public struct SensitivityAnalysis {
  /// What is varied.
  public enum Axis: String, Sendable, Hashable, CaseIterable {
    case rank, prune, dtype
  }

  /// A measured loss and accuracy.
  public typealias Measured = (loss: Double, accuracy: Double?)

  private let model: Model
  private let analyses: KernelAnalyses
  private let calibration: Calibration?
  private let axis: Axis
  private let gridCount: Int
  private let tolerance: Double
  private let measure: (KernelReference, Model) throws -> Measured

  /// Prepares an analysis.
  ///
  /// `measure` runs the model in which only the named kernel (and its bias) was changed: what comes
  /// before that kernel may be computed once. About `gridCount` ranks a kernel are tried, evenly in
  /// the logarithm, then those around the knee for `tolerance`.
  public init(
    _ model: Model, analyses: KernelAnalyses, calibration: Calibration? = nil, axis: Axis,
    gridCount: Int = 10, tolerance: Double = 0.01,
    measure: @escaping (KernelReference, Model) throws -> Measured
  ) {
    self.model = model
    self.analyses = analyses
    self.calibration = calibration
    self.axis = axis
    self.gridCount = gridCount
    self.tolerance = tolerance
    self.measure = measure
  }

  /// Measures one kernel.
  /// - Throws: `CompressionError`; what `measure` throws.
  public func run(_ reference: KernelReference) throws -> KernelSensitivity {
    let weight = model[reference]
    let dense = try measure(reference, model)
    let unchanged = KernelSensitivity.Point(
      setting: .ranks(weight.kind, weight.ranks), parameterCount: weight.parameterCount,
      byteCount: weight.byteCount, relativeError: 0, loss: dense.loss, accuracy: dense.accuracy)
    switch axis {
    case .rank: return try overRanks(reference, unchanged: unchanged)
    case .prune:
      let original = try weight.reconstructed()
      let points = try [0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1].map { sparsity in
        let pruned = try MagnitudePruning.pruned(weight, sparsity: sparsity)
        return try point(
          .sparsity(sparsity), pruned, reference,
          error: original.relativeError(
            of: pruned.reconstructed()))
      }
      return KernelSensitivity(
        path: reference.path, unchanged: unchanged, points: points, spectra: [])
    case .dtype:
      let original = try weight.reconstructed()
      let points = try [StoredEncoding.int8, .bfloat16, .float16].map { encoding in
        let encoded = try Quantizer(encoding).encode(weight)
        return try point(
          .encoding(encoding), encoded, reference,
          error: original.relativeError(of: encoded.reconstructed()))
      }
      return KernelSensitivity(
        path: reference.path, unchanged: unchanged, points: points, spectra: [])
    }
  }

  private func point(
    _ setting: KernelSensitivity.Setting, _ weight: Weight, _ reference: KernelReference,
    error: Double, parameterCount: Int? = nil
  ) throws -> KernelSensitivity.Point {
    var changed = model
    changed[reference] = weight
    let measured = try measure(reference, changed)
    return KernelSensitivity.Point(
      setting: setting, parameterCount: parameterCount ?? weight.parameterCount,
      byteCount: weight.byteCount, relativeError: error, loss: measured.loss,
      accuracy: measured.accuracy)
  }

  // MARK: Ranks

  private func overRanks(
    _ reference: KernelReference, unchanged: KernelSensitivity.Point
  ) throws -> KernelSensitivity {
    guard let analysis = analyses[reference.path],
      let prepared = analysis.prepared.first(where: { $0.form == .tucker2 })
        ?? analysis.prepared.first
    else {
      return KernelSensitivity(
        path: reference.path, unchanged: unchanged, points: [], spectra: [])
    }
    let ladder = ranks(of: prepared, at: analysis.site)
    var known: [Int: KernelSensitivity.Point] = [:]
    func measureStep(_ step: Int) throws {
      if known[step] == nil { known[step] = try rankPoint(ladder[step], prepared, reference) }
    }
    for step in SensitivityAnalysis.geometric(upTo: ladder.count, count: gridCount) {
      try measureStep(step - 1)
    }
    func result() -> KernelSensitivity {
      KernelSensitivity(
        path: reference.path, unchanged: unchanged,
        points: known.keys.sorted().compactMap { known[$0] }, spectra: prepared.spectra)
    }
    // Towards the knee: halve the gap below it as long as there is one.
    while let knee = result().knee(tolerance: tolerance) {
      let steps = known.keys.sorted()
      guard let position = steps.first(where: { known[$0] == knee }),
        let below = steps.last(where: { $0 < position }), position - below > 1
      else { break }
      try measureStep((position + below) / 2)
    }
    return result()
  }

  private func rankPoint(
    _ ranks: [Int], _ prepared: any PreparedFactorization, _ reference: KernelReference
  ) throws -> KernelSensitivity.Point {
    let plan = CompressionPlan(kernels: [
      .init(
        path: reference.path, action: .factorize(prepared.form, ranks: ranks),
        weighting: prepared.weighting)
    ])
    let compressed = try plan.applied(to: model, analyses: analyses, calibration: calibration)
    let measured = try measure(reference, compressed.model)
    let weight = compressed.model[reference]
    let report = compressed.reports.first { $0.path == reference.path }
    return KernelSensitivity.Point(
      setting: .ranks(prepared.form, ranks), parameterCount: weight.parameterCount,
      byteCount: weight.byteCount, relativeError: report?.relativeError ?? 0,
      loss: measured.loss, accuracy: measured.accuracy)
  }

  /// Every rank of a matrix; pairs of equal proportion for Tucker-2.
  private func ranks(of prepared: any PreparedFactorization, at site: KernelSite) -> [[Int]] {
    let full = site.form == prepared.form ? site.ranks : site.fullRanks(prepared.form)
    switch prepared.form {
    case .lowRank, .dense: return (1...max(full[0], 1)).map { [$0] }
    case .tucker2:
      let steps = max(full[0], full[1])
      return (1...max(steps, 1)).map { step in
        full.map { max(1, ($0 * step + steps - 1) / steps) }
      }
    case .tensorised:
      return prepared.candidates(limit: 64).map(\.ranks)
    }
  }

  /// About `count` numbers from 1 to `limit`, even in the logarithm.
  static func geometric(upTo limit: Int, count: Int) -> [Int] {
    guard limit > count else { return Array(1...max(limit, 1)) }
    let numbers = (0..<count).map { step in
      Int(power(Double(limit), Double(step) / Double(count - 1)).rounded())
    }
    return Set(numbers).sorted()
  }
}
