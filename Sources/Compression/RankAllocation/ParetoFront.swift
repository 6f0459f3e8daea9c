/// What one choice costs and how much it hurts.
package struct AllocationOption: Sendable, Hashable {
  /// The cost in the budget's unit: parameters, bytes or multiplications.
  package let cost: Int
  /// The estimated error, at least 0; errors of different kernels add up.
  package let error: Double

  /// Makes an option.
  package init(cost: Int, error: Double) {
    self.cost = cost
    self.error = error
  }
}

/// The choices that no other choice beats in both cost and error.
package enum ParetoFront {
  /// The positions of the undominated options, cost ascending and error strictly descending.
  ///
  /// Of equal options the first is kept.
  package static func positions(of options: [AllocationOption]) -> [Int] {
    let order = options.indices.sorted {
      (options[$0].cost, options[$0].error, $0) < (options[$1].cost, options[$1].error, $1)
    }
    var front: [Int] = []
    var best = Double.infinity
    for position in order where options[position].error < best || front.isEmpty {
      best = options[position].error
      front.append(position)
    }
    return front
  }

  /// At most `limit` of a front's positions: both ends, and between them steps that are even in
  /// the logarithm of the cost, so that small and large budgets find choices alike.
  package static func thinned(
    _ front: [Int], of options: [AllocationOption], limit: Int
  ) -> [Int] {
    guard front.count > limit, limit >= 2, let first = front.first, let last = front.last
    else { return front }
    // Every front is at least half even in position, so that no region is left bare.
    let half = limit / 2
    var chosen = Set<Int>()
    for step in 0..<half { chosen.insert(step * (front.count - 1) / max(half - 1, 1)) }
    let low = Double(max(options[first].cost, 1))
    let high = Double(max(options[last].cost, 1))
    let ratio = high / low
    var index = 0
    for step in 0..<(limit - half) {
      let target = low * power(ratio, Double(step) / Double(max(limit - half - 1, 1)))
      while index + 1 < front.count, Double(options[front[index + 1]].cost) <= target { index += 1 }
      chosen.insert(index)
    }
    return chosen.sorted().map { front[$0] }
  }
}
