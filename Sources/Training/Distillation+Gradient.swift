import Tensors

extension Distillation {
  /// Replaces the label gradient g by (1 − w)·g + w·T·(softmax(s/T) − softmax(t/T))·scale.
  ///
  /// That is the gradient of w·T²·KL(teacher ‖ student) beside the labels' share.
  func blend(
    student: Span<Float>, teacher: Span<Float>, firstRow: Int, rows: Int, width: Int,
    scale: Float, gradient: inout MutableSpan<Float>
  ) {
    var soft = [Float](repeating: 0, count: width)
    var wanted = [Float](repeating: 0, count: width)
    for row in 0..<rows {
      let start = row * width
      let teacherStart = (firstRow + row) * width
      let studentRow = student.extracting(start..<start + width)
      let teacherRow = teacher.extracting(teacherStart..<teacherStart + width)
      var softSpan = soft.mutableSpan
      Loss.softmax(studentRow, start: 0, width: width, temperature: temperature, into: &softSpan)
      var wantedSpan = wanted.mutableSpan
      Loss.softmax(teacherRow, start: 0, width: width, temperature: temperature, into: &wantedSpan)
      for column in 0..<width {
        let pull = weight * temperature * (soft[column] - wanted[column]) * scale
        gradient[start + column] = (1 - weight) * gradient[start + column] + pull
      }
    }
  }
}

extension Targets {
  /// Some of the examples.
  func rows(_ range: Range<Int>) -> Targets {
    if range == 0..<count { return self }
    switch self {
    case .labels(let labels): return .labels(Array(labels[range]))
    case .values(let tensor): return .values(tensor.rows(range))
    }
  }
}
