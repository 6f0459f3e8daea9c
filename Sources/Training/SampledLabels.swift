/// Labels drawn from a model's own predictions, as the Fisher information asks for.
package enum SampledLabels {
  /// Writes p − y for each row, y drawn from p = softmax(logits) by one number in [0, 1) a row.
  package static func writeGradient(
    logits: Span<Float>, width: Int, draws: [Float], gradient: inout MutableSpan<Float>
  ) {
    for (row, draw) in draws.enumerated() {
      let start = row * width
      Loss.softmax(logits, start: start, width: width, into: &gradient)
      var label = width - 1
      var sum: Float = 0
      for column in 0..<width {
        sum += gradient[start + column]
        if draw < sum {
          label = column
          break
        }
      }
      gradient[start + label] -= 1
    }
  }
}
