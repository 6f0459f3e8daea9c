import Datasets
import Models
import Programs
import Tensors
import Testing

@testable import Training

@Suite struct BatchNormEstimationTests {
  private let data = blobs(count: 90, shape: [4, 4, 2])

  private func values(_ net: Net, _ suffix: String, _ parameters: [Tensor]) throws -> [Float] {
    let index = try #require(
      net.program.parameters.firstIndex { $0.name.hasSuffix("\(suffix)/values") })
    return parameters[index].elements
  }

  /// What the first normalisation reads: the convolution before it, run by itself.
  private func moments(_ net: Net) throws -> (means: [Double], variances: [Double]) {
    var model = net.model
    model.outputs = [Model.Endpoint(call: 1)]
    let part = try Net(model)
    let channels = part.program.outputShapes[0].last
    var sums = [Double](repeating: 0, count: channels)
    var squares = sums
    var count = 0.0
    let outputs = try Evaluator.outputs(of: part, on: data)
    for start in stride(from: 0, to: outputs.count, by: channels) {
      count += 1
      for channel in 0..<channels {
        let value = Double(outputs[start + channel])
        sums[channel] += value
        squares[channel] += value * value
      }
    }
    let means = sums.map { $0 / count }
    return (means, zip(squares, means).map { $0 / count - $1 * $1 })
  }

  @Test(arguments: [1, 7, 90, 500])
  func statisticsBecomeThoseOfTheData(batchSize: Int) throws {
    let net = try Net(
      "cnn:5s-pool-dense4,batchnorm,dropout=0.5", inputShape: [4, 4, 2], classCount: 3)
    let result = try BatchNormEstimation(sampleCount: 1000, batchSize: batchSize).parameters(
      net.parameters, of: net.program, measuredOn: data, scaling: .identity)
    let expected = try moments(net)
    let means = try values(net, "batch_normalization/moving_mean", result)
    let variances = try values(net, "batch_normalization/moving_variance", result)
    for channel in means.indices {
      #expect(abs(Double(means[channel]) - expected.means[channel]) <= 1e-5)
      #expect(
        abs(Double(variances[channel]) - expected.variances[channel])
          <= 1e-4 * expected.variances[channel])
    }
    for (index, declaration) in net.program.parameters.enumerated() {
      let isStatistic = declaration.name.contains("/moving_")
      #expect((result[index] != net.parameters[index]) == isStatistic, "\(declaration.name)")
    }
  }

  @Test func onlyAsManyExamplesAsAskedAreUsed() throws {
    let net = try Net("cnn:5s-dense4,batchnorm", inputShape: [4, 4, 2], classCount: 3)
    func estimate(_ count: Int, seed: UInt64) throws -> [Tensor] {
      try BatchNormEstimation(sampleCount: count, batchSize: 16, seed: seed).parameters(
        net.parameters, of: net.program, measuredOn: data, scaling: .identity)
    }
    #expect(try estimate(20, seed: 1) == estimate(20, seed: 1))
    #expect(try estimate(20, seed: 1) != estimate(20, seed: 2))
    #expect(try estimate(20, seed: 1) != estimate(90, seed: 1))
  }

  @Test func dropoutIsOff() throws {
    func estimate(_ options: String) throws -> [Tensor] {
      let net = try Net(
        "cnn:5s-pool\(options)-dense4,batchnorm", inputShape: [4, 4, 2], classCount: 3)
      let plain = try Net("cnn:5s-pool-dense4,batchnorm", inputShape: [4, 4, 2], classCount: 3)
      return try BatchNormEstimation().parameters(
        plain.parameters, of: net.program, measuredOn: data, scaling: .identity)
    }
    #expect(try estimate("-drop0.5") == estimate(""))
  }

  @Test func frozenNormalisationsKeepTheirs() throws {
    var model = try Net(
      "cnn:5s-dense4,batchnorm", inputShape: [4, 4, 2], classCount: 3
    ).model
    for index in model.layers.indices { model.layers[index].isTrainable = false }
    let net = try Net(model)
    let result = try BatchNormEstimation().parameters(
      net.parameters, of: net.program, measuredOn: data, scaling: .identity)
    #expect(result == net.parameters)
  }

  @Test func scaledWeightsAreRepaired() throws {
    var net = try Net("cnn:6s-dense8,batchnorm", inputShape: [4, 4, 2], classCount: 3)
    let options = TrainingOptions(
      schedule: LearningRateSchedule(base: 5e-3), batchSize: 10, epochs: 12)
    net.parameters = try net.trainer(options).finish(on: data).parameters
    func accuracy(_ parameters: [Tensor]) throws -> Double {
      try Evaluator(program: net.program, parameters: parameters)
        .evaluate(data, scaling: .identity).accuracy ?? 0
    }
    let before = try accuracy(net.parameters)
    // A normalisation undoes scale and shift before it, once its statistics follow.
    var damaged = net.parameters
    for index in damaged[0].elements.indices { damaged[0].elements[index] *= 4 }
    for index in damaged[1].elements.indices { damaged[1].elements[index] += 20 }
    let repaired = try BatchNormEstimation().parameters(
      damaged, of: net.program, measuredOn: data, scaling: .identity)
    #expect(try accuracy(repaired) >= before - 0.05)
    #expect(try accuracy(damaged) < before)
  }
}
