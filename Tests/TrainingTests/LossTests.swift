import Tensors
import Testing

@testable import Training

@Suite struct LossTests {
  private let outputs: [Float] = [0.7, 0.2, 0.1, 0.05, 0.9, 0.05]

  private func judge(
    _ loss: Loss, _ outputs: [Float], _ targets: Targets
  ) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: outputs.count)
    var span = gradient.mutableSpan
    let total = loss.judge(outputs.span, targets: targets, width: 3, scale: 1, gradient: &span)
    return (total, gradient)
  }

  private func judgeLogits(
    _ logits: [Float], _ targets: Targets
  ) -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: logits.count)
    var span = gradient.mutableSpan
    let total = Loss.judgeLogits(
      logits.span, targets: targets, width: 3, scale: 1, gradient: &span)
    return (total, gradient)
  }

  // `keras.losses` 3.15 on the same outputs and one-hot labels 0 and 2, summed over the examples.
  static let values: [(Loss, Double)] = [
    (.crossEntropy, 3.3524072766304016), (.binaryCrossEntropy, 2.0115965008735657),
    (.meanSquaredError, 0.6183333322405815),
  ]

  @Test(arguments: values)
  func lossesAreKeras(loss: Loss, expected: Double) {
    let total = judge(loss, outputs, .labels([0, 2])).loss
    #expect(abs(total - expected) <= 1e-6 * expected)
  }

  @Test func smoothedLabelsAreRowsOfSoftValues() {
    let logits: [Float] = [1.5, -0.5, 0.25, 0.1, 2, -3]
    let share: Float = 0.2
    var (loss, gradient) = judgeLogits(logits, .labels([0, 2]))
    var span = gradient.mutableSpan
    loss += Loss.smooth(
      logits.span, share: share, targets: .labels([0, 2]), width: 3, scale: 1, gradient: &span)
    let rest = share / 3
    let soft = Tensor(
      shape: [2, 3], elements: [1 - 2 * rest, rest, rest, rest, rest, 1 - 2 * rest])
    let expected = judgeLogits(logits, .values(soft))
    #expect(abs(loss - expected.loss) <= 1e-6 * expected.loss)
    for (found, wanted) in zip(gradient, expected.gradient) { #expect(abs(found - wanted) <= 1e-6) }
  }

  @Test(arguments: Loss.allCases)
  func gradientsAreFiniteDifferences(loss: Loss) {
    let soft = Tensor(shape: [2, 3], elements: [0.6, 0.3, 0.1, 0, 0.25, 0.75])
    for targets in [Targets.labels([0, 2]), .values(soft)] {
      let gradient = judge(loss, outputs, targets).gradient
      let expected = finiteDifferences(of: outputs, at: Array(0..<6), step: 1e-3) {
        judge(loss, $0, targets).loss
      }
      for (found, wanted) in zip(gradient, expected) {
        // The third derivative of log at 0.05, times h² ÷ 3.
        #expect(abs(Double(found) - wanted) <= 6e-3)
      }
    }
  }

  static let logits: [[Float]] = [[1, -2, 0.5, 3, 3, -1], [90, -90, 0, 0, 400, -400]]

  @Test(arguments: logits)
  func logitsGiveTheLossOfTheirSoftmax(logits: [Float]) {
    let soft = Tensor(shape: [2, 3], elements: [0.6, 0.3, 0.3, 0, 0.25, 0.75])
    for targets in [Targets.labels([0, 2]), .values(soft)] {
      let (loss, gradient) = judgeLogits(logits, targets)
      #expect(loss.isFinite)
      let expected = finiteDifferences(of: logits, at: Array(0..<6), step: 0.02) {
        judgeLogits($0, targets).loss
      }
      for (found, wanted) in zip(gradient, expected) {
        #expect(abs(Double(found) - wanted) <= 1e-4)
      }
    }
  }

  @Test func softmaxWritesWhereItIsTold() {
    var result: [Float] = [9, 9, 9, 9]
    var span = result.mutableSpan
    let logSum = Loss.softmax([1, 1, 5, 5].span, start: 2, width: 2, at: 2, into: &span)
    #expect(result == [9, 9, 0.5, 0.5])
    #expect(abs(logSum - 5.693147) <= 1e-5)
  }
}
