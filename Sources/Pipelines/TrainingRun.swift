public import Datasets
import Execution
public import Models
public import Programs
import Tensors
public import Training

/// Trains or fine-tunes a model and brings the result back into it.
///
/// Factorised weights are trained as factors; they are never made dense.
public struct TrainingRun: Sendable {
  /// The model at the start.
  public let model: Model
  /// How it is trained.
  public let options: TrainingOptions
  /// What is learned from.
  public let training: Dataset
  /// What chooses the best epoch; nil keeps the last.
  public let validation: Dataset?
  /// What makes inputs of stored values.
  public let scaling: SampleScaling
  /// Layers that keep their weights, by path.
  public let frozenLayers: Set<String>
  /// A model whose outputs are distilled.
  public let teacher: Model?

  /// What an observer may ask for after an epoch or a step.
  public enum Verdict: Sendable { case goOn, stop }

  /// Prepares a run.
  public init(
    model: Model, options: TrainingOptions, training: Dataset, validation: Dataset?,
    scaling: SampleScaling, frozenLayers: Set<String> = [], teacher: Model? = nil
  ) {
    self.model = model
    self.options = options
    self.training = training
    self.validation = validation
    self.scaling = scaling
    self.frozenLayers = frozenLayers
    self.teacher = teacher
  }

  /// What a run gives.
  public struct Outcome: Sendable {
    /// The model with the parameters that were kept.
    public var model: Model
    /// The finished epochs.
    public var history: [EpochRecord]
    /// The epoch whose parameters were kept, counted from 1.
    public var keptEpoch: Int
    /// Where training stands, to go on from.
    public var state: TrainingState
    /// Whether it was stopped before its end.
    public var wasStopped: Bool
  }

  /// The program that is trained: the model with its frozen layers fixed.
  public func program() throws -> Program {
    var model = model
    for index in model.layers.indices where frozenLayers.contains(model.layers[index].path) {
      model.layers[index].isTrainable = false
    }
    return try model.lowered()
  }

  /// Trains to the end, or until an observer stops it.
  ///
  /// - Parameters:
  ///   - state: a saved state to go on from.
  ///   - adjustInterval: steps after which `adjust` is called, besides the end of each epoch.
  ///   - adjust: changes parameters after each epoch, such as a projection to low rank.
  ///   - onStep: sees the state after every step and may stop the run.
  ///   - onEpoch: sees each finished epoch.
  public func run(
    from state: TrainingState? = nil,
    adjustInterval: Int? = nil,
    adjust: ((inout TrainingState) throws -> Void)? = nil,
    onStep: (TrainingState, _ exampleCount: Int) throws -> Verdict = { _, _ in .goOn },
    onEpoch: (EpochRecord, TrainingState) throws -> Verdict = { _, _ in .goOn }
  ) throws -> Outcome {
    let program = try program()
    if training.classCount != nil {
      try training.checkLabels(classCount: program.outputShapes[0].count)
    }
    let parameters = try model.parameterValues(for: program)
    let trainer = try Trainer(
      program: program, parameters: parameters, isMasked: model.masks(for: program),
      options: options, state: state,
      teacher: try teacher.map {
        let program = try $0.lowered()
        return (program, try $0.parameterValues(for: program))
      })
    var wasStopped = false
    var isDone = trainer.isFinished
    while !isDone {
      let count = training.count
      let batchSize = options.batchSize
      let record = try trainer.runEpoch(on: training, scaling: scaling) { state in
        let isLast = state.position >= count
        if let adjust {
          let step = state.epoch * trainer.stepCount(for: count) + state.position / batchSize
          let isDue = adjustInterval.map { step % $0 == 0 } ?? false
          if isLast || isDue { try adjust(&state) }
        }
        // The end of an epoch is the epoch observer's to judge.
        return try onStep(state, count) == .stop && !isLast
      }
      guard var record else {
        wasStopped = true
        break
      }
      if let validation {
        let result = try Evaluator(
          program: program, parameters: trainer.state.judged, loss: options.loss,
          threads: options.threads
        ).evaluate(validation, scaling: scaling)
        record.validationLoss = result.loss
        record.validationAccuracy = result.accuracy
      }
      isDone = trainer.finishEpoch(record)
      if try onEpoch(record, trainer.state) == .stop, !isDone {
        wasStopped = true
        break
      }
    }
    var result = try model.replacingParameters(of: program, with: trainer.result)
    result.metadata.inputScaling = InputScaling(
      scale: Double(scaling.scale), offset: Double(scaling.offset))
    if result.metadata.classNames == nil { result.metadata.classNames = training.classNames }
    let kept =
      options.keepsBest ? trainer.state.best.map { $0.epoch + 1 } : nil
    return Outcome(
      model: result, history: trainer.state.history,
      keptEpoch: kept ?? trainer.state.history.count, state: trainer.state,
      wasStopped: wasStopped)
  }
}

extension Model {
  /// For each parameter of a program, whether its zeros are pruned connections.
  func masks(for program: Program) -> [Bool] {
    var masked = Set<String>()
    for layer in layers {
      for named in layer.weights {
        for component in named.weight.components where component.parameter.isMasked {
          masked.insert("\(layer.path)/\(named.name)/\(component.name)")
        }
      }
    }
    return program.parameters.map { masked.contains($0.name) }
  }
}
