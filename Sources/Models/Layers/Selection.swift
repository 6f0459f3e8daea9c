public import JSON

/// The entries of a vector that are read, in their order; the others are dropped.
///
/// What pruning of inputs leaves: the kernel behind has one row an entry that is kept.
public struct Selection: LayerConfiguration, Hashable {
  /// The entries of the vector before.
  public var inputs: Int
  /// The entries that are kept, ascending, at least one.
  public var positions: [Int]

  /// Makes a selection; positions are ascending and below `inputs`.
  public init(inputs: Int, positions: [Int]) {
    precondition(
      !positions.isEmpty && positions[0] >= 0 && positions[positions.count - 1] < inputs
        && zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 },
      "ascending positions below \(inputs)")
    self.inputs = inputs
    self.positions = positions
  }

  /// The positions as runs of neighbours.
  public var runs: [Range<Int>] {
    var runs: [Range<Int>] = []
    for position in positions {
      if let last = runs.last, last.upperBound == position {
        runs[runs.count - 1] = last.lowerBound..<position + 1
      } else {
        runs.append(position..<position + 1)
      }
    }
    return runs
  }

  /// Reads the settings; `runs` lists starts and counts in turn.
  public init(_ reader: borrowing AttributeReader) throws(AttributeError) {
    let inputs = try reader.integer("inputs", in: 1...1 << 24)
    let flat = try reader.integers("runs", in: 0...1 << 24)
    func refuse(_ found: String) -> AttributeError {
      AttributeError(
        key: "runs", expected: "ascending pairs of start and count below \(inputs)", found: found)
    }
    guard !flat.isEmpty, flat.count % 2 == 0 else { throw refuse("\(flat.count) numbers") }
    var positions: [Int] = []
    var end = 0
    for index in stride(from: 0, to: flat.count, by: 2) {
      let (start, count) = (flat[index], flat[index + 1])
      guard start >= end, count >= 1, count <= inputs, start <= inputs - count else {
        throw refuse("\(start), \(count)")
      }
      positions += start..<start + count
      end = start + count
    }
    self.inputs = inputs
    self.positions = positions
  }

  /// Writes the settings.
  public var attributes: JSONObject {
    [
      "inputs": .integer(inputs), "runs": .list(runs.flatMap { [$0.lowerBound, $0.count] }),
    ]
  }
}
