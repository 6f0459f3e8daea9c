public import Datasets
public import Models
public import Programs
import Messages

/// A data set under the shape and scaling that a model's input asks for.
public struct BoundData: Sendable {
  /// The examples, with the input's shape.
  public let dataset: Dataset
  /// What makes inputs of stored values.
  public let scaling: SampleScaling
  /// What the user should know of how the scaling was chosen; nil where the model states it.
  public let remark: String?

  /// Binds examples to the one input of a program.
  ///
  /// The scaling is the model's own record; else the one asked for; else, for a model that starts
  /// with a layer that scales, none; else what suits the stored type (bytes ÷ 255), with a remark.
  /// - Throws: `DatasetError` where the shapes do not fit, `PipelineError` for several inputs.
  public init(
    _ dataset: Dataset, to model: Model, program: Program, requested: SampleScaling?
  ) throws {
    guard let input = program.inputs.first, program.inputs.count == 1 else {
      throw PipelineError(
        place: model.name,
        reason: "data can be given to models with one input, this one has "
          + "\(program.inputs.count)")
    }
    self.dataset = try dataset.reshaped(to: input.shape)
    if let requested {
      scaling = requested
      remark = nil
    } else if let recorded = model.metadata.inputScaling {
      scaling = SampleScaling(scale: Float(recorded.scale), offset: Float(recorded.offset))
      remark = nil
    } else if model.scalesItsInput {
      scaling = .identity
      remark = nil
    } else if let suggested = dataset.suggestedScaling {
      scaling = suggested
      remark =
        "input scaling \(suggested) assumed: the data are bytes and the model records none "
        + "(--scale none overrides)"
    } else {
      scaling = .identity
      remark = nil
    }
  }
}

/// A use case cannot go on.
public struct PipelineError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file, the layer or the option.
  public let place: String
  /// What is wrong, both sides stated, and what to do.
  public let reason: String

  /// States what is wrong.
  public init(place: String, reason: String) {
    self.place = place
    self.reason = reason
  }

  /// `place: reason`.
  public var description: String { "\(place): \(reason)".oneLine() }
}

extension Model {
  /// Whether the first layer after the input scales by itself.
  var scalesItsInput: Bool {
    let readers = calls.filter { call in call.inputs.contains { inputs.contains($0.call) } }
    return readers.contains { call in
      switch layers[call.layer].kind {
      case .rescaling, .dataNormalization, .batchNormalization: true
      default: false
      }
    }
  }
}
