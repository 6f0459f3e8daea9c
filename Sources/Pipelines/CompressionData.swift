public import Compression
public import Datasets
import Models
import Programs
import Tensors
import Training

/// What data-aware compression learns from; test data has no place here.
public struct CompressionData: Sendable {
  /// What errors are measured against.
  public enum WeightingChoice: String, Sendable, Hashable, CaseIterable {
    /// Every weighting that the model allows is tried; the held-out loss decides.
    case automatic = "auto"
    case none, activations, kfac
  }

  /// The examples, from the training part.
  public var dataset: Dataset
  /// The scaling that the user asked for.
  public var scaling: SampleScaling?
  /// How many examples statistics are collected from.
  public var sampleCount: Int
  /// How many further examples choose between candidates.
  public var choiceCount: Int
  /// What errors are measured against.
  public var weighting: WeightingChoice
  /// Epochs of fine-tuning afterwards; 0 for none.
  public var finetuneEpochs: Int

  /// Makes a description of the data.
  public init(
    dataset: Dataset, scaling: SampleScaling? = nil, sampleCount: Int = 4096,
    choiceCount: Int = 2000, weighting: WeightingChoice = .automatic, finetuneEpochs: Int = 0
  ) {
    self.dataset = dataset
    self.scaling = scaling
    self.sampleCount = sampleCount
    self.choiceCount = choiceCount
    self.weighting = weighting
    self.finetuneEpochs = finetuneEpochs
  }
}

/// One candidate of a data-aware compression and its loss on held-out examples.
public struct ScoredCandidate: Sendable, Hashable {
  /// What errors were measured against.
  public var weighting: Weighting
  /// Mean loss on the held-out examples.
  public var loss: Double
  /// Share of right answers there; nil without classes.
  public var accuracy: Double?
  /// Whether it was taken.
  public var isChosen: Bool
}

/// Data bound to a model and cut into parts for statistics and for choices.
struct BoundParts {
  let calibration: BoundData
  let choice: BoundData
  let report: BoundData
  let whole: BoundData
  /// All examples but those of `choice` and `report`: what may be learned from while both judge.
  let learning: BoundData

  /// Draws the parts by seed; they have no example in common.
  init(_ data: CompressionData, model: Model, seed: UInt64) throws {
    let program = try model.lowered()
    let whole = try BoundData(data.dataset, to: model, program: program, requested: data.scaling)
    self.whole = whole
    var generator = SeededGenerator(seed: seed).split(77)
    let order = Array(0..<whole.dataset.count).shuffled(using: &generator)
    let held = min(data.choiceCount, max(order.count / 6, 1))
    let sampleCount = min(data.sampleCount, order.count - 2 * held)
    guard sampleCount > 0 else {
      throw PipelineError(
        place: data.dataset.name, reason: "\(order.count) examples are too few to learn from")
    }
    func part(_ range: Range<Int>) throws -> BoundData {
      try BoundData(
        data.dataset.subset(Array(order[range]).sorted()), to: model, program: program,
        requested: whole.scaling)
    }
    choice = try part(0..<held)
    report = try part(held..<2 * held)
    calibration = try part(2 * held..<2 * held + sampleCount)
    learning = try part(2 * held..<order.count)
  }
}
