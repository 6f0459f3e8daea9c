#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif
import Tensors

extension Distillation {
  /// Turns the labels' loss and gradient g into those of the blend.
  ///
  /// Loss: (1 − w)·labels + w·T²·KL(teacher ‖ student) at temperature T, summed over the rows.
  /// Gradient: (1 − w)·g + w·T·(softmax(s/T) − softmax(t/T))·scale, by the student's logits s.
  func blend(
    labelLoss: Double, student: Span<Float>, teacher: Span<Float>, width: Int, scale: Float,
    gradient: inout MutableSpan<Float>
  ) -> Double {
    var soft = [Float](repeating: 0, count: width)
    var wanted = [Float](repeating: 0, count: width)
    var divergence = 0.0
    for start in stride(from: 0, to: student.count, by: width) {
      var softSpan = soft.mutableSpan
      let softSum = Loss.softmax(
        student, start: start, width: width, temperature: temperature, into: &softSpan)
      var wantedSpan = wanted.mutableSpan
      let wantedSum = Loss.softmax(
        teacher, start: start, width: width, temperature: temperature, into: &wantedSpan)
      for column in 0..<width {
        let pull = weight * temperature * (soft[column] - wanted[column]) * scale
        gradient[start + column] = (1 - weight) * gradient[start + column] + pull
        let gap = Double((teacher[start + column] - student[start + column]) / temperature)
        divergence += Double(wanted[column]) * (gap - wantedSum + softSum)
      }
    }
    let share = Double(weight)
    return (1 - share) * labelLoss + share * Double(temperature * temperature) * divergence
  }
}
