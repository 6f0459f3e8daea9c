extension LayerKind {
  /// Whether a weight holds variances, which are never negative.
  package func isVariance(_ name: String) -> Bool {
    switch self {
    case .batchNormalization: name == "moving_variance"
    case .dataNormalization: name == "variance"
    default: false
    }
  }
}
