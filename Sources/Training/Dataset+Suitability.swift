import Datasets
import Tensors

extension Dataset {
  /// Checks that examples fit a program's input and what they ask for its output.
  ///
  /// - Throws: `TrainingError.unsuited` with both sides; `DatasetError` for labels out of range.
  func checkSuits(inputs: Shape, outputs: Int) throws {
    guard inputShape.count == inputs.count else {
      throw TrainingError.unsuited(
        "\(name): the model takes [\(inputs)], \(inputs.count) values, the data have "
          + "[\(inputShape)], \(inputShape.count) values")
    }
    if let targetShape, targetShape.count != outputs {
      throw TrainingError.unsuited(
        "\(name): the model has \(outputs) outputs, the data \(targetShape.count) targets")
    }
    try checkLabels(classCount: outputs)
  }
}
