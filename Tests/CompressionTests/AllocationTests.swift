import Tensors
import Testing

@testable import Compression

@Suite struct AllocationTests {
  /// Random options of a few kernels; costs are small so that ties and collisions happen.
  private func options(kernels: Int, count: Int, seed: UInt64) -> [[AllocationOption]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<kernels).map { _ in
      (0..<count).map { _ in
        AllocationOption(
          cost: Int.random(in: 1...40, using: &generator),
          error: Double(Int.random(in: 0...30, using: &generator)) / 8)
      }
    }
  }

  /// The least error of all combinations within a budget, and the least cost that has it.
  private func exhaustive(
    _ options: [[AllocationOption]], budget: Int
  ) -> (error: Double, cost: Int)? {
    var best: (error: Double, cost: Int)?
    func descend(_ kernel: Int, _ cost: Int, _ error: Double) {
      if cost > budget { return }
      guard kernel < options.count else {
        if best.map({ (error, cost) < ($0.error, $0.cost) }) ?? true { best = (error, cost) }
        return
      }
      for option in options[kernel] {
        descend(kernel + 1, cost + option.cost, error + option.error)
      }
    }
    descend(0, 0, 0)
    return best
  }

  @Test(arguments: 1...20)
  func programmeEqualsExhaustiveSearch(seed: Int) throws {
    let options = options(kernels: 4, count: 7, seed: UInt64(seed))
    let allocation = ParetoAllocation(options: options, budget: 160)
    let isExact = allocation.isExact
    #expect(isExact)
    for budget in stride(from: 0, through: 160, by: 7) {
      let expected = exhaustive(options, budget: budget)
      guard let position = allocation.position(within: budget) else {
        #expect(expected == nil)
        continue
      }
      let found = allocation.front[position]
      #expect(found.error == expected?.error)
      #expect(found.cost == expected?.cost)
      let selection = allocation.selection(at: position)
      let chosen = zip(options, selection).map { $0[$1] }
      #expect(chosen.reduce(0) { $0 + $1.cost } == found.cost)
      #expect(chosen.reduce(0) { $0 + $1.error } == found.error)
    }
  }

  @Test(arguments: 1...10)
  func bucketsStayWithinTheBudgetAndNearTheOptimum(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let options = (0..<6).map { _ -> [AllocationOption] in
      let scale = generator.uniform() + 0.1
      return (1...60).map { rank in
        AllocationOption(
          cost: rank * 97 + Int.random(in: 0...90, using: &generator), error: scale / Double(rank))
      }
    }
    let exact = ParetoAllocation(options: options, budget: 12_000, entryLimit: 1_000_000)
    let coarse = ParetoAllocation(options: options, budget: 12_000, entryLimit: 200)
    let areExact = [exact.isExact, coarse.isExact]
    #expect(areExact == [true, false])
    for budget in [3000, 6000, 12_000] {
      let best = try #require(exact.position(within: budget).map { exact.front[$0] })
      let position = try #require(coarse.position(within: budget))
      let found = coarse.front[position]
      #expect(found.cost <= budget)
      #expect(found.error >= best.error - 1e-12)
      // Six kernels and 200 buckets move the budget by at most 6/200.
      let tighter = try #require(
        exact.position(within: budget - 12_000 * 6 / 200 - 6).map { exact.front[$0] })
      #expect(found.error <= tighter.error + 1e-12)
      let cost = zip(options, coarse.selection(at: position)).reduce(0) { $0 + $1.0[$1.1].cost }
      #expect(cost == found.cost)
    }
  }

  @Test func budgetBelowTheCheapestHasNoSolution() {
    let options = options(kernels: 3, count: 5, seed: 1)
    let least = options.reduce(0) { $0 + ($1.map(\.cost).min() ?? 0) }
    #expect(ParetoAllocation(options: options, budget: least - 1).front.isEmpty)
    #expect(ParetoAllocation(options: options, budget: least).front.count == 1)
  }

  @Test func frontHoldsNoDominatedOption() {
    let options = options(kernels: 1, count: 200, seed: 9)[0]
    let front = ParetoFront.positions(of: options)
    for (position, option) in options.enumerated() {
      let isBeaten = front.contains {
        options[$0].cost <= option.cost && options[$0].error <= option.error
      }
      #expect(isBeaten, "option \(position) is beaten by none of the front")
    }
    for pair in zip(front, front.dropFirst()) {
      #expect(options[pair.0].cost < options[pair.1].cost)
      #expect(options[pair.0].error > options[pair.1].error)
    }
  }

  @Test func thinningKeepsBothEnds() {
    let options = (1...5000).map { AllocationOption(cost: $0 * 3, error: 1 / Double($0)) }
    let front = ParetoFront.positions(of: options)
    let thinned = ParetoFront.thinned(front, of: options, limit: 64)
    #expect(thinned.count <= 64)
    #expect(thinned.first == 0)
    #expect(thinned.last == 4999)
    #expect(Set(thinned).isSubset(of: Set(front)))
  }
}
