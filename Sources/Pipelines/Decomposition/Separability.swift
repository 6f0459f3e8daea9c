public import LinearAlgebra

/// How well classes keep apart in some coordinates.
public struct Separability: Sendable, Hashable {
  /// The share of rows whose nearest other row has their class.
  public let neighbourShare: Double
  /// Mean silhouette: 1 where classes are far apart, 0 where they touch, below 0 where mixed.
  ///
  /// Source: Rousseeuw 1987, with Euclidean distances.
  public let silhouette: Double

  /// Looks at every pair of rows.
  public init(_ coordinates: DoubleMatrix, labels: [Int]) {
    precondition(labels.count == coordinates.rows, "one label a row")
    let count = labels.count
    let width = coordinates.columns
    let classes = Set(labels).sorted()
    let position = Dictionary(uniqueKeysWithValues: zip(classes, classes.indices))
    var sizes = [Int](repeating: 0, count: classes.count)
    for label in labels { sizes[position[label] ?? 0] += 1 }
    var right = 0
    var silhouettes = 0.0
    for row in 0..<count {
      var sums = [Double](repeating: 0, count: classes.count)
      var nearest = (distance: Double.infinity, label: labels[row])
      for other in 0..<count where other != row {
        var square = 0.0
        for column in 0..<width {
          let gap = coordinates[row, column] - coordinates[other, column]
          square += gap * gap
        }
        if square < nearest.distance { nearest = (square, labels[other]) }
        sums[position[labels[other]] ?? 0] += square.squareRoot()
      }
      if nearest.label == labels[row] { right += 1 }
      let own = position[labels[row]] ?? 0
      guard sizes[own] > 1 else { continue }
      let inside = sums[own] / Double(sizes[own] - 1)
      let outside =
        classes.indices.filter { $0 != own }
        .map { sums[$0] / Double(sizes[$0]) }.min() ?? inside
      let larger = max(inside, outside)
      if larger > 0 { silhouettes += (outside - inside) / larger }
    }
    neighbourShare = Double(right) / Double(max(count, 1))
    silhouette = silhouettes / Double(max(count, 1))
  }
}
