public import Tensors

/// Samples with their labels or targets, read when they are needed.
///
/// Inputs stay in their stored type (bytes stay bytes) until a batch is asked for. A data set is a
/// value: subsets share the storage.
public struct Dataset: Sendable {
  /// The path's last component, for messages and records.
  public let name: String
  /// What kind of source this came from.
  public let kind: DatasetKind
  /// Which part of the source this is.
  public let split: DatasetSplit
  /// The shape of one input, without the batch; images are height × width (× channels).
  public internal(set) var inputShape: Shape
  /// The type in which inputs are stored.
  public var scalarType: ScalarType { storage.scalarType }
  /// The names of the classes in the order of the labels; nil where the source has none.
  public let classNames: [String]?
  /// The scaling that suits the stored values (bytes: 1/255); never applied by itself.
  public let suggestedScaling: SampleScaling?

  let storage: any SampleStorage
  let supervision: Supervision
  var selection: RowSelection

  /// What is to be predicted, for every sample of the storage.
  enum Supervision: Sendable {
    case none
    case classes([Int])
    case targets(Tensor)
  }

  init(
    name: String, kind: DatasetKind, split: DatasetSplit, storage: any SampleStorage,
    supervision: Supervision, classNames: [String]? = nil,
    suggestedScaling: SampleScaling? = nil
  ) {
    self.name = name
    self.kind = kind
    self.split = split
    self.storage = storage
    self.inputShape = storage.rowShape.order == 0 ? [1] : storage.rowShape
    self.supervision = supervision
    self.classNames = classNames
    self.suggestedScaling =
      suggestedScaling ?? (storage.scalarType == .uint8 ? .bytesToUnit : nil)
    self.selection = .range(0..<storage.count)
  }

  /// Makes a data set of values in memory, with one class per sample.
  ///
  /// `inputs` is [samples × …]; labels count from 0.
  public init(
    name: String, inputs: Tensor, labels: [Int], classNames: [String]? = nil,
    split: DatasetSplit = .all
  ) {
    precondition(inputs.shape.order >= 1 && inputs.shape[0] == labels.count)
    self.init(
      name: name, kind: .memory, split: split, storage: Dataset.resident(inputs),
      supervision: .classes(labels), classNames: classNames)
  }

  /// Makes a data set of values in memory, with a target per sample.
  ///
  /// `inputs` is [samples × …], `targets` [samples × outputs].
  public init(name: String, inputs: Tensor, targets: Tensor, split: DatasetSplit = .all) {
    precondition(inputs.shape.order >= 1 && targets.shape.order >= 1)
    precondition(inputs.shape[0] == targets.shape[0])
    self.init(
      name: name, kind: .memory, split: split, storage: Dataset.resident(inputs),
      supervision: .targets(targets))
  }

  private static func resident(_ inputs: Tensor) -> ResidentSamples {
    ResidentSamples(
      count: inputs.shape[0], rowShape: Shape(Array(inputs.shape.extents.dropFirst())),
      scalarType: .float32, content: RawTensor(inputs).bytes)
  }

  /// The number of samples.
  public var count: Int { selection.count }

  /// One class per sample, counted from 0; nil where the samples have none.
  public var labels: [Int]? {
    guard case .classes(let classes) = supervision else { return nil }
    return selection.map { classes[$0] }
  }

  /// The shape of one target; nil where the samples have classes or nothing.
  public var targetShape: Shape? {
    guard case .targets(let targets) = supervision else { return nil }
    return Shape(Array(targets.shape.extents.dropFirst()))
  }

  /// The number of classes: of names where there are any, else the largest label plus one.
  ///
  /// It is that of the whole source, so that a subset without the last class keeps it.
  public var classCount: Int? {
    guard case .classes(let classes) = supervision else { return nil }
    return max(classNames?.count ?? 0, (classes.max() ?? -1) + 1)
  }

  /// The class of one sample; nil where the samples have none.
  public func label(at index: Int) -> Int? {
    guard case .classes(let classes) = supervision else { return nil }
    return classes[selection[index]]
  }

  /// The same samples under the shape a model expects, such as 28×28×1 for 28×28.
  ///
  /// - Throws: `.shape` unless both have equally many values, in the same order of axes longer
  ///   than 1, or one of them is flat.
  public func reshaped(to shape: Shape) throws(DatasetError) -> Dataset {
    let significant = { (shape: Shape) in shape.extents.filter { $0 != 1 } }
    let isFlat = significant(shape).count <= 1 || significant(inputShape).count <= 1
    guard shape.count == inputShape.count,
      isFlat || significant(shape) == significant(inputShape)
    else {
      throw DatasetError(
        .shape(
          expected: "[\(shape)] as the model's input, \(shape.count) values",
          found: "[\(inputShape)], \(inputShape.count) values"), at: name)
    }
    var result = self
    result.inputShape = shape
    return result
  }

  /// Checks that every label is one of `classCount` classes.
  ///
  /// - Throws: `.label` that names the first one that is not.
  public func checkLabels(classCount: Int) throws(DatasetError) {
    guard case .classes(let classes) = supervision else { return }
    for index in 0..<count where classes[selection[index]] >= classCount {
      throw DatasetError(
        .label(classes[selection[index]], sample: index, classCount: classCount), at: name)
    }
  }
}

/// Which samples of a storage a data set shows, in order.
enum RowSelection: Sendable {
  case range(Range<Int>)
  case list([Int])

  var count: Int {
    switch self {
    case .range(let range): range.count
    case .list(let rows): rows.count
    }
  }

  subscript(index: Int) -> Int {
    switch self {
    case .range(let range):
      precondition(index >= 0 && index < range.count, "no sample \(index)")
      return range.lowerBound + index
    case .list(let rows): return rows[index]
    }
  }

  func map<Result>(_ transform: (Int) -> Result) -> [Result] {
    switch self {
    case .range(let range): range.map(transform)
    case .list(let rows): rows.map(transform)
    }
  }
}
