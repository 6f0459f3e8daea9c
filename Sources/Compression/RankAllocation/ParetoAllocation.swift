/// One option for each of several kernels, such that the costs fit a budget and the sum of the
/// errors is least: a dynamic programme over Pareto fronts.
///
/// F₀ = {(0, 0)}; for each kernel F' = the undominated pairs of {(c + c', e + e')}, kept while
/// c + c' plus the least that later kernels need fits the budget. The last front holds the least
/// error for every budget up to the given one. It is exact while a front has at most `entryLimit`
/// entries; beyond, the cost axis is cut into that many buckets and the best entry of each stays,
/// with its true cost, so that a budget is never exceeded.
package struct ParetoAllocation: Sendable {
  /// One entry of a front and where it came from.
  private struct Entry {
    var cost: Int
    var error: Double
    var parent: Int32
    var option: Int32
  }

  /// The undominated totals, cost ascending and error descending.
  package let front: [AllocationOption]
  /// Whether no bucketing was needed.
  package let isExact: Bool
  private let trail: [[(parent: Int32, option: Int32)]]

  /// Runs the programme; `options` holds at least one option a kernel.
  ///
  /// Up to `exactLimit` sums a step are listed and sorted; more go straight into buckets.
  /// The front is empty if not even the cheapest options fit the budget.
  package init(
    options: [[AllocationOption]], budget: Int, entryLimit: Int = 20_000, exactLimit: Int? = nil
  ) {
    let exactLimit = exactLimit ?? 50 * entryLimit
    precondition(options.allSatisfy { !$0.isEmpty }, "each kernel has an option")
    // What the kernels from here on need at least.
    var laterMinimum = [Int](repeating: 0, count: options.count + 1)
    for index in options.indices.reversed() {
      laterMinimum[index] = laterMinimum[index + 1] + (options[index].map(\.cost).min() ?? 0)
    }
    var entries = [Entry(cost: 0, error: 0, parent: -1, option: -1)]
    var trail: [[(parent: Int32, option: Int32)]] = []
    var isExact = true
    for (index, choices) in options.enumerated() {
      let room = budget - laterMinimum[index + 1]
      let isBucketed = entries.count * choices.count > exactLimit
      entries =
        isBucketed
        ? ParetoAllocation.bucketed(entries, choices, room: room, count: entryLimit)
        : ParetoAllocation.exact(entries, choices, room: room)
      if entries.count > entryLimit {
        entries = ParetoAllocation.coarsened(entries, count: entryLimit)
        isExact = false
      }
      if isBucketed { isExact = false }
      trail.append(entries.map { ($0.parent, $0.option) })
    }
    front = entries.map { AllocationOption(cost: $0.cost, error: $0.error) }
    self.isExact = isExact
    self.trail = trail
  }

  /// The option of each kernel behind an entry of the front.
  package func selection(at position: Int) -> [Int] {
    var selection: [Int] = []
    var position = position
    for step in trail.reversed() {
      selection.append(Int(step[position].option))
      position = Int(step[position].parent)
    }
    return selection.reversed()
  }

  /// The position of the entry of least error whose cost fits `budget`.
  package func position(within budget: Int) -> Int? {
    front.lastIndex { $0.cost <= budget }
  }

  private static func exact(
    _ entries: [Entry], _ choices: [AllocationOption], room: Int
  ) -> [Entry] {
    var sums: [Entry] = []
    sums.reserveCapacity(entries.count * choices.count)
    for (option, choice) in choices.enumerated() {
      for (parent, entry) in entries.enumerated() {
        let cost = entry.cost + choice.cost
        if cost > room { break }
        sums.append(
          Entry(
            cost: cost, error: entry.error + choice.error, parent: Int32(parent),
            option: Int32(option)))
      }
    }
    sums.sort {
      ($0.cost, $0.error, $0.option, $0.parent) < ($1.cost, $1.error, $1.option, $1.parent)
    }
    return undominated(sums)
  }

  private static func undominated(_ sorted: [Entry]) -> [Entry] {
    var result: [Entry] = []
    var best = Double.infinity
    for entry in sorted where entry.error < best || result.isEmpty {
      best = entry.error
      result.append(entry)
    }
    return result
  }

  /// The best entry of each of `count` equal ranges of cost, without listing all sums.
  private static func bucketed(
    _ entries: [Entry], _ choices: [AllocationOption], room: Int, count: Int
  ) -> [Entry] {
    guard let lowest = entries.first?.cost, let least = choices.map(\.cost).min() else {
      return []
    }
    let base = lowest + least
    guard room >= base else { return [] }
    let width = (room - base) / count + 1
    let scale = 1 / Double(width)
    let bucketCount = (room - base) / width + 1
    var errors = [Double](repeating: .infinity, count: bucketCount)
    var parents = [Int32](repeating: -1, count: bucketCount)
    var winners = [Int32](repeating: -1, count: bucketCount)
    let costs = entries.map(\.cost)
    let priors = entries.map(\.error)
    for (option, choice) in choices.enumerated() {
      let fitting = partition(costs, upTo: room - choice.cost)
      let shift = choice.cost - base
      for parent in 0..<fitting {
        let bucket = Int(Double(costs[parent] + shift) * scale)
        let error = priors[parent] + choice.error
        if error < errors[bucket] {
          errors[bucket] = error
          parents[bucket] = Int32(parent)
          winners[bucket] = Int32(option)
        }
      }
    }
    var result: [Entry] = []
    var best = Double.infinity
    for bucket in 0..<bucketCount where winners[bucket] >= 0 && errors[bucket] < best {
      best = errors[bucket]
      let cost = costs[Int(parents[bucket])] + choices[Int(winners[bucket])].cost
      result.append(
        Entry(cost: cost, error: best, parent: parents[bucket], option: winners[bucket]))
    }
    return result
  }

  /// How many of the ascending costs are at most `limit`.
  private static func partition(_ costs: [Int], upTo limit: Int) -> Int {
    var low = 0
    var high = costs.count
    while low < high {
      let middle = (low + high) / 2
      if costs[middle] <= limit { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The best entry of each of `count` equal ranges of cost.
  private static func coarsened(_ entries: [Entry], count: Int) -> [Entry] {
    guard let first = entries.first?.cost, let last = entries.last?.cost else { return entries }
    let width = (last - first) / count + 1
    var result: [Entry] = []
    var bucket = -1
    for entry in entries {
      let next = (entry.cost - first) / width
      if next == bucket { result.removeLast() }  // the later entry of a bucket has less error
      bucket = next
      result.append(entry)
    }
    return result
  }
}
