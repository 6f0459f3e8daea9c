import LinearAlgebra

/// A separable problem with the error of many ranks known: outer ranks along the projected axes,
/// and for each of them every rank of the kernel behind.
struct PreparedSeparable: Sendable {
  /// Outer ranks and the errors that they leave.
  struct Entry: Sendable {
    let outer: [Int]
    /// Which family of bases serves them best.
    let family: Int
    /// The error at each inner rank from 0.
    let errors: [Double]
  }

  let problem: SeparableProblem
  let entries: [Entry]
  private let families: [[DoubleMatrix]]

  /// Evaluates all `grid` points; those whose projected input exceeds `largestInput` are skipped
  /// unless nothing else is left.
  init(
    _ problem: SeparableProblem, grid: [[Int]], largestInput: Int
  ) throws(LinearAlgebraError) {
    self.problem = problem
    families = [try problem.bases(ofKernel: false), try problem.bases(ofKernel: true)]
    var best: [[Int]: Entry] = [:]
    for (family, bases) in families.enumerated() {
      let (moment, cross) = problem.projected(by: bases)
      for outer in grid {
        var ranks = problem.layout.extents
        for (axis, rank) in zip(problem.axes, outer) { ranks[axis] = rank }
        guard ranks.reduce(1, *) <= largestInput else { continue }
        let block = problem.layout.leadingBlock(ranks)
        let errors = try ProjectedKernel.errors(
          moment: moment.selecting(block), cross: cross.selectingRows(block),
          energy: problem.energy)
        let entry = Entry(outer: outer, family: family, errors: errors)
        // Families differ most where the rank is small; half of the ranks decide.
        let middle = max(1, entry.errors.count / 4)
        if let present = best[outer], present.errors[middle] <= entry.errors[middle] { continue }
        best[outer] = entry
      }
    }
    entries = grid.compactMap { best[$0] }
  }

  /// The error of ranks that may not be on the grid: that of the largest grid point within them.
  func error(outer: [Int], inner: Int) -> Double {
    let fitting = entries.filter { entry in zip(entry.outer, outer).allSatisfy { $0 <= $1 } }
    let errors = fitting.map { $0.errors[min(inner, $0.errors.count - 1)] }
    return errors.min() ?? problem.energy
  }

  /// The improved factors at given ranks, the better of the starts from both families.
  func solution(outer: [Int], inner: Int) throws(LinearAlgebraError) -> SeparableSolution {
    var best: SeparableSolution?
    for bases in families {
      let start = zip(bases, outer).map { $0.firstColumns($1) }
      let found = try problem.alternating(from: start, rank: inner)
      if best.map({ found.error < $0.error }) ?? true { best = found }
    }
    guard let best else { return try problem.solved([], rank: inner) }
    return best
  }
}
