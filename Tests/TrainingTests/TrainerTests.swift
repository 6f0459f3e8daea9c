import Datasets
import Models
import Programs
import Tensors
import Testing

@testable import Training

@Suite struct TrainerTests {
  private let data = blobs(count: 200)

  private func options(
    _ optimizer: OptimizerSettings = .adam(), epochs: Int = 3, threads: Int = 1
  ) -> TrainingOptions {
    TrainingOptions(
      optimizer: optimizer, weightDecay: 0.01,
      schedule: LearningRateSchedule(base: 5e-3, shape: .cosine(floor: 0.1), warmUpSteps: 4),
      batchSize: 16, epochs: epochs, seed: 11, threads: threads, augmentation: Augmentation())
  }

  @Test func twoRunsAreTheSameBytes() throws {
    let net = try Net("mlp:6-12-8-3,dropout=0.3,batchnorm")
    let first = try net.trainer(options()).finish(on: data)
    let second = try net.trainer(options()).finish(on: data)
    #expect(first.parameters == second.parameters)
    #expect(first.optimizer == second.optimizer)
    #expect(first.history.map(\.loss) == second.history.map(\.loss))
    #expect(first.parameters != net.parameters)
  }

  @Test func anotherSeedIsAnotherRun() throws {
    let net = try Net("mlp:6-12-3")
    var other = options()
    other.seed = 12
    #expect(
      try net.trainer(options()).finish(on: data).parameters
        != net.trainer(other).finish(on: data).parameters)
  }

  @Test(arguments: [0, 1, 12, 13, 20, 38])
  func aStoppedRunGoesOnToTheSameBytes(stopAfter steps: Int) throws {
    let net = try Net("mlp:6-12-8-3,dropout=0.3,batchnorm")
    let whole = try net.trainer(options()).finish(on: data, validation: data)
    let stopped = try net.trainer(options())
    var taken = 0
    var isDone = steps == 0
    while !isDone {
      let record = try stopped.runEpoch(on: data, scaling: .identity) { _ in
        taken += 1
        return taken == steps
      }
      guard var record else { break }
      let result = try Evaluator(program: net.program, parameters: stopped.state.parameters)
        .evaluate(data, scaling: .identity)
      record.validationLoss = result.loss
      record.validationAccuracy = result.accuracy
      isDone = stopped.finishEpoch(record)
    }
    let resumed = try net.trainer(options(), state: stopped.state)
      .finish(on: data, validation: data)
    #expect(resumed.parameters == whole.parameters)
    #expect(resumed.optimizer == whole.optimizer)
    #expect(resumed.best?.parameters == whole.best?.parameters)
    #expect(
      resumed.history.map { [$0.loss, $0.accuracy, $0.validationLoss, $0.learningRate] }
        == whole.history.map { [$0.loss, $0.accuracy, $0.validationLoss, $0.learningRate] })
  }

  /// Beyond 16,384 weights the threads also share the update itself.
  @Test(arguments: [OptimizerSettings.adam(), .sgd(), .sgd(momentum: 0.9)])
  func sharedUpdatesAreTheSameSteps(rule: OptimizerSettings) throws {
    let wide = blobs(count: 64, shape: [150])
    let net = try Net("mlp:150-120-3", inputShape: [150])
    let one = try net.trainer(options(rule, epochs: 1)).finish(on: wide)
    let two = try net.trainer(options(rule, epochs: 1, threads: 2)).finish(on: wide)
    for (left, right) in zip(one.parameters, two.parameters) {
      #expect(zip(left.elements, right.elements).allSatisfy { abs($0 - $1) <= 2e-4 })
    }
    let again = try net.trainer(options(rule, epochs: 1, threads: 2)).finish(on: wide)
    #expect(again.parameters == two.parameters)
  }

  @Test func shardsGiveTheSameStepsButForRounding() throws {
    let net = try Net("mlp:6-12-8-3,dropout=0.2")
    let one = try net.trainer(options(epochs: 1)).finish(on: data)
    let three = try net.trainer(options(epochs: 1, threads: 3)).finish(on: data)
    for (left, right) in zip(one.parameters, three.parameters) {
      #expect(zip(left.elements, right.elements).allSatisfy { abs($0 - $1) <= 1e-4 })
    }
    #expect(abs(one.history[0].loss - three.history[0].loss) <= 1e-5)
    #expect(one.history[0].accuracy == three.history[0].accuracy)
  }

  static let rules: [OptimizerSettings] = [
    .sgd(), .sgd(momentum: 0.9), .sgd(momentum: 0.9, isNesterov: true), .adam(),
  ]

  @Test(arguments: rules)
  func everyRuleLearns(rule: OptimizerSettings) throws {
    var options = options(rule, epochs: 12)
    options.schedule = LearningRateSchedule(base: rule == .adam() ? 1e-2 : 5e-2)
    let net = try Net("mlp:6-16-3")
    let history = try net.trainer(options).finish(on: data).history
    #expect((history.last?.accuracy ?? 0) > 0.9, "\(rule.name)")
    #expect((history.last?.loss ?? 1) < 0.5 * history[0].loss)
  }

  @Test func divergenceNamesTheStepAndSavesTheParameters() throws {
    var options = options(.sgd(), epochs: 5)
    options.loss = .meanSquaredError
    options.schedule = LearningRateSchedule(base: 1e4)
    let net = try Net("mlp:6-12-3,output=linear")
    let trainer = try net.trainer(options)
    let error = #expect(throws: TrainingError.self) { _ = try trainer.finish(on: data) }
    guard case .diverged(let epoch, let step, let loss, _) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(epoch == 0 && step > 0 && !(loss <= 1e4))
    #expect(error?.description.contains("step \(step + 1)") == true)
    #expect(error?.description.contains("100 times smaller") == true)
  }

  @Test func masksKeepTheirZeros() throws {
    var net = try Net("mlp:6-12-3")
    for index in stride(from: 0, to: net.parameters[0].count, by: 5) {
      net.parameters[0].elements[index] = 0
    }
    for rule in [OptimizerSettings.adam(), .sgd(momentum: 0.9, isNesterov: true)] {
      let trained = try net.trainer(
        options(rule), isMasked: net.program.parameters.indices.map { $0 == 0 }
      ).finish(on: data).parameters
      let isZero = trained[0].elements.map { $0 == 0 }
      #expect(isZero == isZero.indices.map { $0 % 5 == 0 })
      let free = try net.trainer(options(rule)).finish(on: data).parameters[0]
      #expect(!free.elements.contains(0))
    }
  }

  @Test func frozenLayersStayAsTheyAre() throws {
    var model = try Net("mlp:6-12-8-3,batchnorm").model
    let frozen = ["dense", "batch_normalization_1"]
    for index in model.layers.indices where frozen.contains(model.layers[index].path) {
      model.layers[index].isTrainable = false
    }
    let net = try Net(model)
    let trained = try net.trainer(options()).finish(on: data).parameters
    for (index, declaration) in net.program.parameters.enumerated() {
      let isFrozen = frozen.contains { declaration.name.hasPrefix("\($0)/") }
      #expect((trained[index] == net.parameters[index]) == isFrozen, "\(declaration.name)")
    }
  }

  /// As in Keras: not trainable means the running statistics, with or without γ and β.
  @Test(arguments: [true, false], [true, false])
  func aFrozenNormUsesItsRunningStatistics(scales: Bool, isTrainable: Bool) throws {
    var model = try ModelArchitecture.make(
      "mlp:6-5-3,batchnorm", inputShape: [6], classCount: 3, seed: 5)
    let index = try #require(model.layers.firstIndex { $0.path == "batch_normalization" })
    model.layers[index].kind = .batchNormalization(
      BatchNormalization(centers: scales, scales: scales))
    model.layers[index].weights = []
    model = try model.initialised(seed: 5)
    model.layers[index].isTrainable = isTrainable
    let net = try Net(model)
    let one = data.subset(0..<1)
    // A batch of one has a variance of 0: its own statistics would hide the example.
    let loss = try net.gradients(one).loss
    let expected = try Evaluator(program: net.program, parameters: net.parameters)
      .evaluate(one, scaling: .identity).loss
    #expect((abs(loss - expected) <= 1e-6) == !isTrainable)
    let trained = try net.trainer(options()).finish(on: data).parameters
    for (position, declaration) in net.program.parameters.enumerated()
    where declaration.name.contains("moving_") {
      #expect((trained[position] == net.parameters[position]) == !isTrainable)
    }
  }

  @Test func patienceEndsTrainingAndTheBestEpochIsKept() throws {
    var options = options(epochs: 50)
    options.patience = 2
    let trainer = try Net("mlp:6-12-3").trainer(options)
    let losses = [0.9, 0.5, 0.6, 0.4, 0.45, 0.41, 0.3]
    var seen: [[Tensor]] = []
    for (index, loss) in losses.enumerated() {
      var record = try #require(
        try trainer.runEpoch(on: data, scaling: .identity) { _ in false })
      record.validationLoss = loss
      seen.append(trainer.state.parameters)
      let ends = trainer.finishEpoch(record)
      #expect(ends == (index == 5))
      if ends { break }
    }
    #expect(trainer.state.best?.epoch == 3)
    #expect(trainer.result == seen[3])
    options.keepsBest = false
    #expect(try Net("mlp:6-12-3").trainer(options).finish(on: data).best == nil)
  }

  @Test func accuracyDecidesBeforeLoss() {
    func record(_ loss: Double?, _ accuracy: Double?) -> EpochRecord {
      EpochRecord(
        epoch: 1, loss: 0, accuracy: nil, validationLoss: loss, validationAccuracy: accuracy,
        learningRate: 0, seconds: 0)
    }
    #expect(record(0.5, 0.9).isBetter(than: record(0.4, 0.8)))
    #expect(record(0.4, 0.9).isBetter(than: record(0.5, 0.9)))
    #expect(!record(0.5, 0.9).isBetter(than: record(0.5, 0.9)))
    #expect(!record(.nan, nil).isBetter(than: record(0.5, nil)))
  }

  @Test func valuesAreLearnedByMeanSquaredError() throws {
    let inputs = blobs(count: 150)
    let batch = try inputs.batch(0..<150)
    let targets = Tensor(
      shape: [150, 2],
      elements: (0..<150).flatMap { row in
        let x = batch.inputs.elements[row * 6..<row * 6 + 6]
        return [x.reduce(0, +), 0.5 * (x.first ?? 0)]
      })
    let data = Dataset(name: "sums", inputs: batch.inputs, targets: targets)
    var options = options(epochs: 40)
    options.loss = .meanSquaredError
    options.schedule = LearningRateSchedule(base: 2e-2)
    let net = try Net("mlp:6-2,output=linear", classCount: 2)
    let history = try net.trainer(options).finish(on: data).history
    #expect(history[39].loss < 0.01 * history[0].loss)
    #expect(history[39].accuracy == nil)
  }

  @Test func classesAreLearnedByBinaryCrossEntropy() throws {
    var options = options(epochs: 10)
    options.loss = .binaryCrossEntropy
    options.schedule = LearningRateSchedule(base: 1e-2)
    let net = try Net("mlp:6-12-3,output=sigmoid")
    #expect((try net.trainer(options).finish(on: data).history[9].accuracy ?? 0) > 0.9)
  }

  /// It was left out in silence where the loss is not made at the logits.
  @Test(arguments: [
    ("mlp:6-8-3", Loss.binaryCrossEntropy), ("mlp:6-8-3,output=linear", .crossEntropy),
  ])
  func labelsAreSmoothedAtASoftmaxOrNotAtAll(network: String, loss: Loss) throws {
    var options = options()
    options.loss = loss
    options.labelSmoothing = 0.1
    let error = #expect(throws: TrainingError.self) { _ = try Net(network).trainer(options) }
    #expect(error?.description.contains("label smoothing") == true)
  }

  @Test func dataThatDoNotFitAreRefused() throws {
    let trainer = try Net("mlp:6-12-3").trainer(options())
    let wide = #expect(throws: TrainingError.self) {
      _ = try trainer.finish(on: blobs(count: 10, shape: [7]))
    }
    #expect(
      wide?.description == "blobs: the model takes [6], 6 values, the data have [7], 7 values")
    #expect(throws: DatasetError.self) { _ = try trainer.finish(on: blobs(count: 90, classes: 4)) }
    let values = Dataset(
      name: "values", inputs: Tensor.zeros([4, 6]), targets: Tensor.zeros([4, 2]))
    let narrow = #expect(throws: TrainingError.self) { _ = try trainer.finish(on: values) }
    #expect(narrow?.description == "values: the model has 3 outputs, the data 2 targets")
  }
}
