import Programs

/// What follows a product at once, while its rows are still in the cache: bias and activation.
struct Epilogue: Sendable {
  var bias: ParameterID?
  var activation: ActivationFunction?

  /// Whether the derivative reads the result.
  var readsResult: Bool { activation != nil && activation != .linear }

  /// Finishes rows of results in place.
  @inline(__always)
  func apply(_ rows: inout MutableSpan<Float>, bias: Span<Float>?) {
    guard let bias else {
      activation?.apply(&rows)
      return
    }
    if activation == .relu() {
      var start = 0
      while start < rows.count {
        var row = rows._mutatingExtracting(start..<start + bias.count)
        for index in row.indices {
          let value = row[index] + bias[index]
          row[index] = value > 0 ? value : 0
        }
        start += bias.count
      }
      return
    }
    rows.addToRows(bias)
    activation?.apply(&rows)
  }

  /// Turns the gradient of finished rows into that of the bare product, in place.
  @inline(__always)
  func applyDerivative(result: Span<Float>, to d: inout MutableSpan<Float>) {
    activation?.applyDerivative(result, to: &d)
  }
}
