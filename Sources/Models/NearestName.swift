/// The name that was probably meant.
public enum NearestName {
  /// The candidate with the fewest edits from `name`; nil if every one is far off.
  ///
  /// At most a third of the letters (and at least one) may differ; ties go to the first.
  public static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
    // Nobody mistypes a name of a megabyte.
    guard name.utf8.count <= 200 else { return nil }
    let target = Array(name.lowercased())
    var best: (distance: Int, name: String)?
    for candidate in candidates {
      let letters = Array(candidate.lowercased())
      let limit = max(1, max(target.count, letters.count) / 3)
      guard abs(letters.count - target.count) <= limit else { continue }
      let distance = editDistance(target, letters)
      if distance <= limit, best.map({ distance < $0.distance }) ?? true {
        best = (distance, candidate)
      }
    }
    return best?.name
  }

  /// `; did you mean 'x'?`, or nothing if no candidate is near.
  public static func hint(_ name: String, among candidates: some Sequence<String>) -> String {
    of(name, among: candidates).map { "; did you mean '\($0)'?" } ?? ""
  }

  /// The least number of letters to insert, remove, replace or swap with a neighbour.
  private static func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var before: [Int] = []
    var previous = Array(0...right.count)
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let change = previous[column] + (left[row] == right[column] ? 0 : 1)
        var least = min(change, previous[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          least = min(least, before[column - 1] + 1)
        }
        current.append(least)
      }
      before = previous
      previous = current
    }
    return previous[right.count]
  }
}
