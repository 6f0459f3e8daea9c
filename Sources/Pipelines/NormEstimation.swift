public import Datasets
public import Models
import Programs
public import Training

extension Model {
  /// The model with the running statistics of its batch normalisations measured on examples.
  ///
  /// Compression changes what they normalise; weights stay as they are, and so do normalisations
  /// that are not trainable.
  /// - Throws: `LoweringError` naming a layer that cannot be run; what reading data throws.
  public func withEstimatedNorms(
    on dataset: Dataset, scaling: SampleScaling,
    settings: BatchNormEstimation = BatchNormEstimation()
  ) throws -> Model {
    let program = try lowered()
    let values = try settings.parameters(
      parameterValues(for: program), of: program, measuredOn: dataset, scaling: scaling)
    return try replacingParameters(of: program, with: values)
  }
}
