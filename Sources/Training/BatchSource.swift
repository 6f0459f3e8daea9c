import Datasets
import Tensors

/// Fills batches from a data set: order by seed and epoch, scaling, augmentation.
struct BatchSource: Sendable {
  let dataset: Dataset
  let scaling: SampleScaling
  var augmentation = Augmentation()
  var seed: UInt64 = 0

  /// The order of an epoch's examples.
  func order(epoch: Int) -> [Int] {
    var generator = SeededGenerator(seed: seed).split(UInt64(epoch))
    return Array(0..<dataset.count).shuffled(using: &generator)
  }

  /// Writes the inputs at `rows` of a step's batch, augmented.
  ///
  /// Each example draws from a generator of its own, so that shards do not change what it draws.
  func fill(
    _ span: inout MutableSpan<Float>, rows: Range<Int>, of step: TrainingStep,
    scratch: inout [Float]
  ) throws {
    try dataset.copyInputs(of: step.indices[rows], scaling: scaling, into: &span)
    guard augmentation.isActive else { return }
    let width = dataset.inputShape.count
    if scratch.count < width { scratch = [Float](repeating: 0, count: width) }
    for (index, row) in rows.enumerated() {
      var generator = SeededGenerator(seed: seed &+ 0x5EED)
        .split(UInt64(step.epoch) << 32 | UInt64(step.position + row))
      var image = span._mutatingExtracting(index * width..<(index + 1) * width)
      augmentation.apply(
        to: &image, shape: dataset.inputShape, scratch: &scratch, generator: &generator)
    }
  }

  /// What the examples should give.
  func targets(of indices: ArraySlice<Int>) throws -> Targets {
    let indices = Array(indices)
    if let labels = dataset.labels(of: indices) { return .labels(labels) }
    if let values = dataset.targets(of: indices) { return .values(values) }
    throw TrainingError.unsuited(
      "\(dataset.name): it has neither labels nor targets to learn from")
  }
}
