import Datasets
import Tensors

/// Fills batches from a data set: order by seed and epoch, scaling, augmentation.
struct BatchSource {
  let dataset: Dataset
  let scaling: SampleScaling
  let augmentation: Augmentation
  let seed: UInt64
  let width: Int
  private var buffer: [Float]
  private var scratch: [Float]

  init(
    _ dataset: Dataset, scaling: SampleScaling, augmentation: Augmentation, seed: UInt64,
    capacity: Int
  ) {
    self.dataset = dataset
    self.scaling = scaling
    self.augmentation = augmentation
    self.seed = seed
    width = dataset.inputShape.count
    buffer = [Float](repeating: 0, count: capacity * width)
    scratch = [Float](repeating: 0, count: augmentation.isActive ? width : 0)
  }

  /// The order of an epoch's examples.
  func order(epoch: Int) -> [Int] {
    var generator = SeededGenerator(seed: seed).split(UInt64(epoch))
    return Array(0..<dataset.count).shuffled(using: &generator)
  }

  /// The inputs of the given examples, [count × input]; later calls overwrite them.
  mutating func inputs(of indices: [Int], epoch: Int, position: Int) throws -> [Float] {
    try dataset.copyInputs(of: indices, scaling: scaling, into: &buffer)
    if augmentation.isActive {
      for row in indices.indices {
        // One generator an example, so that threads and batch sizes do not change what it draws.
        var generator = SeededGenerator(seed: seed &+ 0x5EED)
          .split(UInt64(epoch) << 32 | UInt64(position + row))
        augmentation.apply(
          to: &buffer, start: row * width, shape: dataset.inputShape, scratch: &scratch,
          generator: &generator)
      }
    }
    return buffer
  }

  /// What the examples should give.
  func targets(of indices: [Int]) throws -> Targets {
    if let labels = dataset.labels(of: indices) { return .labels(labels) }
    if let values = dataset.targets(of: indices) { return .values(values) }
    throw TrainingError.unsuited(
      "\(dataset.name): it has neither labels nor targets to learn from")
  }
}
