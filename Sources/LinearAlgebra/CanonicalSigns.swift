// Singular vectors are unique up to a sign. Ours: in each left vector the entry of largest
// magnitude (the first of equals) is positive.

/// Negates rows whose entry of largest magnitude is negative.
func makeLargestEntryPositive<Scalar: BLASScalar>(
  _ elements: inout [Scalar], rows: Int, columns: Int
) {
  var span = elements.mutableSpan
  for row in 0..<rows {
    var extreme: Scalar = 0
    for index in row * columns..<(row + 1) * columns where abs(span[index]) > abs(extreme) {
      extreme = span[index]
    }
    guard extreme < 0 else { continue }
    for index in row * columns..<(row + 1) * columns { span[index] = -span[index] }
  }
}

/// Gives the columns of `u` [m × k] the canonical sign and turns the rows of `vt` with them.
package func canonicalizeSigns(u: inout [Float], vt: inout [Float], count k: Int) {
  guard k > 0 else { return }
  let m = u.count / k
  let n = vt.count / k
  var extremes = [Float](repeating: 0, count: k)
  for row in 0..<m {
    let line = u.span.extracting(row * k..<(row + 1) * k)
    for column in 0..<k where abs(line[column]) > abs(extremes[column]) {
      extremes[column] = line[column]
    }
  }
  let signs = extremes.map { $0 < 0 ? Float(-1) : 1 }
  guard signs.contains(-1) else { return }
  scaleColumns(&u, by: signs)
  var span = vt.mutableSpan
  for row in 0..<k where signs[row] < 0 {
    for index in row * n..<(row + 1) * n { span[index] = -span[index] }
  }
}

/// Multiplies column j of a row-major matrix by `factors[j]`.
func scaleColumns(_ elements: inout [Float], by factors: [Float]) {
  let columns = factors.count
  guard columns > 0 else { return }
  let rows = elements.count / columns
  var span = elements.mutableSpan
  for row in 0..<rows {
    let base = row * columns
    for column in 0..<columns { span[base + column] *= factors[column] }
  }
}

/// Multiplies row i of a row-major matrix by `factors[i]`.
func scaleRows(_ elements: inout [Float], by factors: [Float]) {
  let rows = factors.count
  guard rows > 0 else { return }
  let columns = elements.count / rows
  var span = elements.mutableSpan
  for row in 0..<rows {
    let factor = factors[row]
    for index in row * columns..<(row + 1) * columns { span[index] *= factor }
  }
}
