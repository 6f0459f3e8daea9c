import Tensors

/// How much of the training set is held out.
public enum ValidationSize: Sendable, Hashable {
  /// A share between 0 and 1.
  case fraction(Double)
  /// A number of samples.
  case count(Int)

  /// Reads `0.1`, `10%` or `6000`; nil for anything else, and for a share that is not below 1.
  public init?(_ text: String) {
    if text.hasSuffix("%"), let percent = Double(text.dropLast()), percent >= 0, percent < 100 {
      self = .fraction(percent / 100)
    } else if let count = Int(text), count >= 0 {
      self = .count(count)
    } else if let fraction = Double(text), fraction >= 0, fraction < 1 {
      self = .fraction(fraction)
    } else {
      return nil
    }
  }

  /// The number of samples out of `total`, rounded to nearest.
  public func sampleCount(of total: Int) -> Int {
    switch self {
    case .fraction(let fraction): Int((fraction * Double(total)).rounded())
    case .count(let count): count
    }
  }
}

extension Dataset {
  /// The samples at the given positions, in that order.
  public func subset(_ indices: [Int]) -> Dataset {
    var result = self
    result.selection = .list(indices.map { selection[$0] })
    return result
  }

  /// Consecutive samples.
  public func subset(_ range: Range<Int>) -> Dataset {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "no samples \(range)")
    var result = self
    switch selection {
    case .range(let rows):
      result.selection = .range(
        rows.lowerBound + range.lowerBound..<rows.lowerBound + range.upperBound)
    case .list(let rows): result.selection = .list(Array(rows[range]))
    }
    return result
  }

  /// At most `limit` samples: the first ones, or, where the samples are sorted by class, evenly
  /// spaced ones, so that no class is lost.
  public func limited(to limit: Int) -> Dataset {
    guard limit < count else { return self }
    precondition(limit >= 0, "a limit of \(limit) samples")
    if let labels, let first = labels.first, labels.contains(where: { $0 != first }),
      zip(labels, labels.dropFirst()).allSatisfy({ $0 <= $1 })
    {
      return subset((0..<limit).map { $0 * count / limit })
    }
    return subset(0..<limit)
  }

  /// Holds out samples at random, every class in proportion; both parts keep their order.
  ///
  /// The same seed and size give the same parts. With classes, the held-out number of each is its
  /// share rounded down or up, such that the total is exact.
  ///
  /// - Throws: `.refused` unless both parts have samples (or nothing is to be held out).
  public func split(
    validation size: ValidationSize, seed: UInt64
  ) throws(DatasetError) -> (training: Dataset, validation: Dataset) {
    let wanted = size.sampleCount(of: count)
    guard wanted < count else {
      throw DatasetError(
        .refused("\(wanted) of \(count) examples held out leave none to learn from"), at: name)
    }
    var generator = SeededGenerator(seed: seed)
    var isHeldOut = [Bool](repeating: false, count: count)
    for (members, share) in strata(heldOut: wanted) {
      for index in members.shuffled(using: &generator).prefix(share) { isHeldOut[index] = true }
    }
    let training = subset((0..<count).filter { !isHeldOut[$0] })
    var validation = subset((0..<count).filter { isHeldOut[$0] })
    validation = validation.renamed(.validation)
    return (training, validation)
  }

  /// The members of each class and how many of them to hold out, by the largest remainders.
  private func strata(heldOut wanted: Int) -> [(members: [Int], share: Int)] {
    guard let labels else { return [(Array(0..<count), wanted)] }
    var members: [Int: [Int]] = [:]
    for (index, label) in labels.enumerated() { members[label, default: []].append(index) }
    let classes = members.keys.sorted()
    var shares = classes.map { wanted * (members[$0]?.count ?? 0) / count }
    let remainders = classes.map { wanted * (members[$0]?.count ?? 0) % count }
    let order = classes.indices.sorted {
      (remainders[$1], $0) < (remainders[$0], $1)
    }
    for position in order.prefix(wanted - shares.reduce(0, +)) { shares[position] += 1 }
    return classes.indices.map { (members[classes[$0]] ?? [], shares[$0]) }
  }

  func renamed(_ split: DatasetSplit) -> Dataset {
    var result = Dataset(
      name: name, kind: kind, split: split, storage: storage, supervision: supervision,
      classNames: classNames, suggestedScaling: suggestedScaling)
    result.selection = selection
    result.inputShape = inputShape
    return result
  }
}
