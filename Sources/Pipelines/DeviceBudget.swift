public import CSource

/// What a device has room for.
public struct DeviceBudget: Sendable, Hashable {
  /// The most bytes of flash; nil for any number.
  public var flashByteCount: Int?
  /// The most bytes of RAM; nil for any number.
  public var ramByteCount: Int?

  /// Makes a budget.
  public init(flashByteCount: Int? = nil, ramByteCount: Int? = nil) {
    self.flashByteCount = flashByteCount
    self.ramByteCount = ramByteCount
  }

  /// Whether a model fits.
  public func holds(_ footprint: DeviceFootprint) -> Bool {
    flashExcess(footprint) <= 0 && ramExcess(footprint) <= 0
  }

  /// By how many bytes of flash a model is too large; 0 or below if it fits.
  public func flashExcess(_ footprint: DeviceFootprint) -> Int {
    flashByteCount.map { footprint.flashByteCount - $0 } ?? 0
  }

  /// By how many bytes of RAM a model is too large; 0 or below if it fits.
  public func ramExcess(_ footprint: DeviceFootprint) -> Int {
    ramByteCount.map { footprint.ramByteCount - $0 } ?? 0
  }
}

/// What was found for a device.
public struct DeviceResult: Sendable, Hashable {
  /// What was asked.
  public var budget: DeviceBudget
  /// How the C file stores weights; int8 means int8 activations, too.
  public var storage: WeightStorage
  /// Flash and RAM of the result.
  public var footprint: DeviceFootprint
  /// Multiplications of one prediction.
  public var multiplications: Int
  /// The share of the reported examples that the C file's arithmetic gets right; nil without classes.
  public var accuracy: Double?
}
