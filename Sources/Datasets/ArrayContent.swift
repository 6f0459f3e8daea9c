import Tensors

/// A named array of a file: samples along its first axis.
struct ArrayContent: Sendable {
  /// File and array, for messages.
  var place: String
  var samples: any SampleStorage
  /// All extents, the samples' axis first.
  var shape: Shape { Shape([samples.count] + samples.rowShape.extents) }

  /// What the array says as labels or targets of `count` samples.
  ///
  /// Whole numbers from 0 are classes, also as [n × 1] and also as floating point below 1,000;
  /// rows with a single 1 among zeros are one-hot classes; everything else are targets.
  func supervision(
    inputs: ArrayContent, classCount: Int?
  ) throws(DatasetError) -> Dataset.Supervision {
    guard samples.count == inputs.samples.count else {
      throw DatasetError(
        .count(inputs: inputs.samples.count, labels: samples.count, labelsPlace: place),
        at: inputs.place)
    }
    let limit = 1 << 30
    guard samples.rowByteCount <= limit / max(samples.count, 1) else {
      throw DatasetError(
        .shape(expected: "labels or targets below 1 GiB", found: "[\(shape)]"), at: place)
    }
    let raw = RawTensor(
      shape: shape, scalarType: samples.scalarType, bytes: try samples.bytes(0..<samples.count))
    let values = raw.tensor()
    guard samples.rowShape.count == 1 else {
      if let classes = ArrayContent.oneHotClasses(values, width: samples.rowShape.count) {
        return .classes(classes)
      }
      return .targets(values)
    }
    if samples.scalarType.isFloatingPoint {
      let areClasses = values.elements.allSatisfy { $0 >= 0 && $0 < 1000 && $0 == $0.rounded() }
      guard areClasses else {
        return .targets(values.reshaped(to: [samples.count, 1]))
      }
    }
    return .classes(
      try ArrayContent.classes(values.elements, classCount: classCount, place: place))
  }

  /// Whole numbers as classes; the first one out of range is an error.
  static func classes(
    _ values: [Float], classCount: Int?, place: String
  ) throws(DatasetError) -> [Int] {
    // More classes than this are regression targets or damage, not labels.
    let bound = classCount ?? 1_000_000
    var classes: [Int] = []
    classes.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard value >= 0, value < Float(bound) else {
        // Unsigned labels may be beyond Int.
        let label = Int(exactly: value.rounded(.towardZero)) ?? (value < 0 ? Int.min : Int.max)
        throw DatasetError(.label(label, sample: index, classCount: bound), at: place)
      }
      classes.append(Int(value))
    }
    return classes
  }

  private static func oneHotClasses(_ values: Tensor, width: Int) -> [Int]? {
    guard width > 1, values.shape.order == 2 else { return nil }
    var classes: [Int] = []
    for start in stride(from: 0, to: values.count, by: width) {
      let row = values.elements[start..<start + width]
      guard let hot = row.firstIndex(of: 1), row.count(where: { $0 != 0 }) == 1 else { return nil }
      classes.append(hot - start)
    }
    return classes
  }
}

extension Dataset {
  /// Pairs inputs with labels; the labels decide between classes, targets and nothing.
  init(
    name: String, kind: DatasetKind, split: DatasetSplit, inputs: ArrayContent,
    labels: ArrayContent?, classNames: [String]? = nil, suggestedScaling: SampleScaling? = nil
  ) throws(DatasetError) {
    guard inputs.samples.count > 0 else {
      throw DatasetError(.refused("no examples"), at: inputs.place)
    }
    guard inputs.samples.rowShape.count > 0 else {
      throw DatasetError(
        .shape(expected: "examples along the first axis", found: "[\(inputs.shape)]"),
        at: inputs.place)
    }
    self.init(
      name: name, kind: kind, split: split, storage: inputs.samples,
      supervision: try labels?.supervision(inputs: inputs, classCount: classNames?.count)
        ?? Supervision.none,
      classNames: classNames, suggestedScaling: suggestedScaling)
  }
}
