import Programs
import Tensors
import Testing

@testable import Training

@Suite struct DistillationTests {
  private let teacher: [Float] = [2, 0.5, -1, 0, 1, 3]
  private let student: [Float] = [0.3, -0.4, 1.2, 2, -0.5, 0.1]
  private let targets = Targets.labels([0, 2])

  private func blend(
    _ distillation: Distillation, _ student: [Float]
  ) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: 6)
    var span = gradient.mutableSpan
    let labels = Loss.judgeLogits(
      student.span, targets: targets, width: 3, scale: 0.5, gradient: &span)
    let loss = distillation.blend(
      labelLoss: labels, student: student.span, teacher: teacher.span, width: 3, scale: 0.5,
      gradient: &span)
    return (loss, gradient)
  }

  @Test(arguments: [Float(1), 3, 8], [Float(0), 0.7, 1])
  func gradientIsThatOfTheLoss(temperature: Float, weight: Float) {
    let distillation = Distillation(temperature: temperature, weight: weight)
    let gradient = blend(distillation, student).gradient
    let expected = finiteDifferences(of: student, at: Array(0..<6), step: 0.03) {
      0.5 * blend(distillation, $0).loss
    }
    for (found, wanted) in zip(gradient, expected) {
      #expect(abs(Double(found) - wanted) <= 1e-4)
    }
  }

  @Test func theTeacherItselfHasNothingToLearn() {
    let distillation = Distillation(temperature: 2, weight: 1)
    let (loss, gradient) = blend(distillation, teacher)
    #expect(abs(loss) <= 1e-6)
    #expect(gradient.allSatisfy { abs($0) <= 1e-7 })
  }

  @Test func withoutWeightTheLabelsAlone() {
    var plain = [Float](repeating: 0, count: 6)
    var span = plain.mutableSpan
    let loss = Loss.judgeLogits(
      student.span, targets: targets, width: 3, scale: 0.5, gradient: &span)
    let blended = blend(Distillation(temperature: 3, weight: 0), student)
    #expect(blended.gradient == plain)
    #expect(blended.loss == loss)
  }

  @Test func aStudentComesCloserToItsTeacher() throws {
    let data = blobs(count: 240)
    var teacher = try Net("mlp:6-20-3", seed: 2)
    let taught = try teacher.trainer(
      TrainingOptions(schedule: LearningRateSchedule(base: 1e-2), epochs: 8, keepsBest: false)
    ).finish(on: data)
    teacher.parameters = taught.parameters
    let student = try Net("mlp:6-8-3", seed: 3)
    let options = TrainingOptions(
      schedule: LearningRateSchedule(base: 1e-2), epochs: 6,
      distillation: Distillation(temperature: 2, weight: 1))
    let trainer = try Trainer(
      program: student.program, parameters: student.parameters,
      isMasked: student.program.parameters.map { _ in false }, options: options,
      teacher: (teacher.program, teacher.parameters))
    let history = try trainer.finish(on: data).history
    #expect(history[5].loss < 0.5 * history[0].loss)
    #expect((history[5].accuracy ?? 0) > (taught.history[7].accuracy ?? 1) - 0.05)
  }

  @Test func aTeacherOfOtherClassesIsRefused() throws {
    let student = try Net("mlp:6-8-3")
    let teacher = try Net("mlp:6-8-4", classCount: 4)
    let error = #expect(throws: TrainingError.self) {
      _ = try Trainer(
        program: student.program, parameters: student.parameters,
        isMasked: student.program.parameters.map { _ in false },
        options: TrainingOptions(distillation: Distillation()),
        teacher: (teacher.program, teacher.parameters))
    }
    #expect(error?.description.contains("teacher") == true)
  }
}
