public import CSource
public import Models

/// What a model takes as C on a small device, in one storage.
public struct DeviceSummary: Sendable, Hashable {
  /// The storage: `float32`, `float16`, `int8 weights`, or `int8` with int8 activations.
  public var storage: String
  /// Flash and RAM.
  public var footprint: DeviceFootprint

  /// The model as its weights are stored, and with int8 weights and activations; empty where it
  /// cannot be written as C.
  public static func summaries(of model: Model) -> [DeviceSummary] {
    var summaries: [DeviceSummary] = []
    if let own = try? CSource(model) {
      summaries.append(DeviceSummary(storage: own.storageName, footprint: own.footprint))
    }
    if let codes = try? CSource(model, options: .init(quantizesActivations: true)) {
      summaries.append(DeviceSummary(storage: "int8", footprint: codes.footprint))
    }
    return summaries
  }
}
