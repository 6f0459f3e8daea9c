import Datasets
import JSON
import Models

extension Metadata {
  /// Records how a model came out of a file.
  ///
  /// The counts of the first source stay through a chain of changes, so that ratios are those of the
  /// whole way.
  mutating func record(
    changeOf source: OpenedModel, parameterCount: Int, digest: String, command: [String],
    toolVersion: String, seed: Int? = nil, plan: JSONValue? = nil
  ) {
    provenance = Provenance(
      sourceDigest: digest, sourceFormat: source.imported.format,
      sourceParameterCount: provenance?.sourceParameterCount ?? parameterCount,
      sourceByteCount: provenance?.sourceByteCount ?? source.fileByteCount, command: command,
      toolVersion: toolVersion, seed: seed, plan: plan)
  }

  /// Records how examples become inputs, and the names of their classes.
  mutating func take(_ data: BoundData) {
    inputScaling = InputScaling(
      scale: Double(data.scaling.scale), offset: Double(data.scaling.offset))
    if classNames == nil { classNames = data.dataset.classNames }
  }
}
