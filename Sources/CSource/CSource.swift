public import Models
public import Programs

/// A model as one C99 file and its header.
///
/// Weights are constant arrays, every form of a weight runs as that form, and all values lie in
/// one static arena whose layout is planned here. `spec/c-export.md` says what the files promise.
public struct CSource {
  /// How a model is written.
  public struct Options: Sendable {
    /// What stands before `_predict`.
    public var prefix: String
    /// How weights are stored; nil keeps each tensor's own type.
    public var storage: WeightStorage?
    /// Whether activations are int8, too; weights then are.
    public var quantizesActivations: Bool
    /// The program that wrote the file, for its first line.
    public var generator: String

    /// Makes options.
    public init(
      prefix: String = "model", storage: WeightStorage? = nil, quantizesActivations: Bool = false,
      generator: String = "modelc"
    ) {
      self.prefix = prefix
      self.storage = storage
      self.quantizesActivations = quantizesActivations
      self.generator = generator
    }
  }

  /// The model.
  public let model: Model
  /// How it is written.
  public let options: Options
  /// Flash and RAM of the result.
  public let footprint: DeviceFootprint
  let device: DeviceProgram
  let values: ParameterValues

  /// Plans the export; no weights are read.
  /// - Throws: `LoweringError` or `CSourceError` naming the layer that cannot be exported.
  public init(_ model: Model, options: Options = Options()) throws {
    guard CName.isPrefix(options.prefix) else {
      throw CSourceError(
        "--name", "'\(options.prefix)' is no C name; use letters, digits and underscores")
    }
    let program = try model.lowered()
    values = try ParameterValues(program, of: model)
    device = try DeviceLowering.lowered(
      program, values: values, storage: options.storage, quantized: options.quantizesActivations)
    self.model = model
    self.options = options
    footprint = DeviceFootprint(device)
  }

  /// The program that is written; ranges are measured on its values.
  public var program: Program { device.program }
  /// The values whose ranges int8 activations need.
  public var measuredValues: [ValueID] { device.measuredValues }
  /// The storages of the weights, in order of appearance: `float32`, `int8 weights`, `int8`.
  public var storageName: String {
    if device.isQuantized { return "int8" }
    var names: [String] = []
    for array in device.arrays {
      guard case .weight(let storage) = array.element else { continue }
      let name = storage == .int8 ? "int8 weights" : storage.rawValue
      if !names.contains(name) { names.append(name) }
    }
    return names.isEmpty ? "float32" : names.joined(separator: " and ")
  }
  /// Multiplications of one prediction.
  public var multiplications: Int { device.multiplications }

  /// The constants of the file; `ranges` are needed for int8 activations.
  /// - Throws: what reading weights throws; `CSourceError` for values that C cannot hold.
  public func constants(ranges: ActivationRanges = ActivationRanges()) throws -> Constants {
    let codes = device.isQuantized ? try device.codeScales(ranges) : [:]
    return Constants(
      values: try ConstantValues(device, values, codes), codes: codes)
  }

  /// The numbers of a C file.
  public struct Constants {
    let values: ConstantValues
    let codes: [Int: CodeScale]
  }
}

/// One example for the self-test.
public struct SelfTestExample: Sendable {
  /// The inputs, in the model's order.
  public var inputs: [[Float]]
  /// The outputs, in the model's order.
  public var outputs: [[Float]]

  /// Makes an example.
  public init(inputs: [[Float]], outputs: [[Float]]) {
    self.inputs = inputs
    self.outputs = outputs
  }

  /// By how much an output may differ: a share of its largest expected number, and above 0 where
  /// all are 0.
  static func bound(_ examples: [SelfTestExample], output: Int, _ tolerance: Float) -> Float {
    let largest = examples.flatMap { $0.outputs[output] }.map { abs($0) }.max() ?? 0
    return min(max(tolerance * largest, 1e-30), .greatestFiniteMagnitude)
  }
}
