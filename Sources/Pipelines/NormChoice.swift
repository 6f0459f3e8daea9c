import Models
import Training

/// Whether measuring batch normalisations anew helped a compressed model, by its held-out losses.
public struct NormChoice: Sendable, Hashable {
  /// Mean loss with the statistics that the source had.
  public var lossBefore: Double
  /// Mean loss with the statistics measured on the calibration examples.
  public var lossAfter: Double

  /// Whether the measured statistics were taken.
  public var isTaken: Bool { lossAfter < lossBefore }

  /// The better of a model and itself with measured statistics; nil without normalisations to
  /// measure.
  static func better(
    _ model: Model, parts: BoundParts, threads: Int
  ) throws -> (model: Model, choice: NormChoice)? {
    let isNormalised = model.layers.contains { layer in
      if case .batchNormalization = layer.kind { return layer.isTrainable }
      return false
    }
    guard isNormalised else { return nil }
    let measured = try model.withEstimatedNorms(
      on: parts.calibration.dataset, scaling: parts.calibration.scaling)
    let choice = NormChoice(
      lossBefore: try model.evaluated(on: parts.choice, threads: threads).loss,
      lossAfter: try measured.evaluated(on: parts.choice, threads: threads).loss)
    return (choice.isTaken ? measured : model, choice)
  }
}
