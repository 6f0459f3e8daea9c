import Datasets
public import JSON
import Training

extension TrainingSweep {
  /// How networks are trained, for the record; two sweeps with equal settings train alike.
  public var settings: JSONObject {
    let options = options
    var settings: JSONObject = [
      "loss": .string(options.loss.rawValue), "optimizer": .string(options.optimizer.name),
      "learning_rate": .number(options.schedule.base),
      "schedule": .string(options.schedule.shape.text),
      "batch_size": .integer(options.batchSize), "epochs": .integer(options.epochs),
      "validation": validation.json, "keeps": .string(options.keepsBest ? "best" : "last"),
    ]
    if case .sgd(let momentum, _) = options.optimizer, momentum != 0 {
      settings["momentum"] = .number(Double(momentum))
    }
    if options.weightDecay != 0 { settings["weight_decay"] = .number(Double(options.weightDecay)) }
    if options.schedule.warmUpSteps > 0 {
      settings["warm_up_steps"] = .integer(options.schedule.warmUpSteps)
    }
    if options.augmentation.flips { settings["flip"] = .bool(true) }
    if options.augmentation.shift > 0 { settings["shift"] = .integer(options.augmentation.shift) }
    if let patience = options.patience { settings["patience"] = .integer(patience) }
    if options.labelSmoothing != 0 {
      settings["label_smoothing"] = .number(Double(options.labelSmoothing))
    }
    if let averaging = options.averaging { settings["averaging"] = .number(Double(averaging)) }
    if axes.contains(where: { $0.name == .projectRank }) {
      settings["projection"] = .string(projection.rawValue)
      settings["projection_interval"] = projectionInterval.map { .integer($0) } ?? .string("epoch")
      if let oversampling { settings["oversampling"] = .integer(oversampling) }
    }
    return settings
  }
}

extension ValidationSize {
  fileprivate var json: JSONValue {
    switch self {
    case .fraction(let share): .number(share)
    case .count(let count): .integer(count)
    }
  }
}

extension LearningRateSchedule.Shape {
  /// The shape as it is written on the command line.
  fileprivate var text: String {
    switch self {
    case .constant: "constant"
    case .step(let epochs, let factor): "step:\(epochs):\(factor)"
    case .cosine(let floor): floor == 0 ? "cosine" : "cosine to \(floor)"
    }
  }
}
