import Tensors
import Testing

@testable import Training

/// The rules by hand; ten steps against Keras are in `ReplayTests`.
@Suite struct OptimizerTests {
  private func step(
    _ settings: OptimizerSettings, decay: Float = 0, gradients: [[Float]], rate: Float
  ) -> [Float] {
    var parameter = Tensor(shape: [2], elements: [1, -2])
    var optimizer = Optimizer(
      settings: settings, weightDecay: decay, parameters: [parameter], isTrained: [true])
    for gradient in gradients {
      optimizer.beginStep()
      optimizer.update(
        &parameter, index: 0, gradient: gradient.span, learningRate: rate, isMasked: false)
    }
    return parameter.elements
  }

  @Test func descentIsTheGradientTimesTheRate() {
    #expect(step(.sgd(), gradients: [[2, -4]], rate: 0.25) == [0.5, -1])
  }

  @Test func momentumGoesOnWithoutGradient() {
    let found = step(.sgd(momentum: 0.5), gradients: [[2, -4], [0, 0]], rate: 0.25)
    #expect(found == [0.25, -0.5])
  }

  @Test func nesterovLooksAhead() {
    #expect(
      step(.sgd(momentum: 0.5, isNesterov: true), gradients: [[2, -4]], rate: 0.25)
        == [0.25, -0.5])
  }

  @Test func decayIsDecoupled() {
    #expect(step(.sgd(), decay: 0.5, gradients: [[0, 0]], rate: 0.5) == [0.75, -1.5])
    let adam = step(.adam(), decay: 0.5, gradients: [[0, 0]], rate: 0.5)
    #expect(adam == [0.75, -1.5])
  }

  @Test func adamsFirstStepIsTheRate() {
    let found = step(.adam(), gradients: [[3, -1e-3]], rate: 0.1)
    #expect(abs(found[0] - 0.9) <= 1e-5)
    #expect(abs(found[1] + 1.9) <= 1e-3)
  }
}
