/// The candidate that a mistyped name most likely meant; nil if none is near.
func nearestName(to name: String, among candidates: [String]) -> String? {
  let scored = candidates.map { ($0, editDistance(Array(name), Array($0))) }
  guard let best = scored.min(by: { $0.1 < $1.1 }) else { return nil }
  return best.1 <= max(2, name.count / 3) ? best.0 : nil
}

/// Levenshtein's distance between two words.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var previous = row[0]
    row[0] = i + 1
    for (j, b) in right.enumerated() {
      let substitution = previous + (a == b ? 0 : 1)
      previous = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, previous + 1)
    }
  }
  return row[right.count]
}
