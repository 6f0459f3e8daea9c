public import Models
import Programs
public import Tensors

/// What a model file holds, layer by layer, read from headers alone.
public struct Inspection: Sendable {
  /// One layer.
  public struct LayerRow: Sendable {
    /// The layer's path.
    public var path: String
    /// The class name that Keras users know.
    public var title: String
    /// The forms of its factorised weights, or `dense`; empty without weights.
    public var form: String
    /// The output shape of its first call, without the batch; nil where unknown.
    public var outputShape: Shape?
    /// The factorised kernels' ranks.
    public var ranks: [Int]
    /// Stored scalars.
    public var parameterCount: Int
    /// The scalars that the same layer has with dense kernels.
    public var denseParameterCount: Int
    /// Multiplications for one sample; nil where unknown.
    public var multiplications: Int?
    /// Bytes of the stored scalars.
    public var byteCount: Int
    /// The scalar types of its stored tensors.
    public var types: [String]
    /// The largest recorded relative error of its kernels.
    public var relativeError: Double?
    /// The number of times the layer is called.
    public var callCount: Int
  }

  /// The model's name.
  public var name: String
  /// The file's format.
  public var format: String
  /// The layers, in order.
  public var layers: [LayerRow]
  /// Stored scalars of the whole model.
  public var parameterCount: Int
  /// Scalars with every kernel dense.
  public var denseParameterCount: Int
  /// Scalars that training may change.
  public var trainableParameterCount: Int
  /// Multiplications for one sample; nil if a part is unknown.
  public var multiplications: Int?
  /// Bytes of the stored scalars.
  public var byteCount: Int
  /// The file's size.
  public var fileByteCount: Int
  /// Flash and RAM as C, by storage; empty where the model cannot be written as C.
  public var devices: [DeviceSummary]
  /// Why the model cannot be run, if it cannot.
  public var obstacle: String?
  /// What is known beside the graph.
  public var metadata: Metadata
  /// What the reader left behind or carries.
  public var remarks: [ImportedModel.Remark]

  /// Looks at a model that was read from a file of `fileByteCount` bytes.
  public init(_ imported: ImportedModel, fileByteCount: Int) {
    let model = imported.model
    let structure = model.structure()
    var firstShape: [Int: Shape?] = [:]
    var callCounts: [Int: Int] = [:]
    for (index, call) in model.calls.enumerated() {
      callCounts[call.layer, default: 0] += 1
      if firstShape[call.layer] == nil {
        firstShape[call.layer] = .some(structure.outputShapes[index])
      }
    }
    layers = model.layers.indices.map { index in
      LayerRow(
        model.layers[index], outputShape: firstShape[index] ?? nil,
        callCount: callCounts[index] ?? 0, structure: structure)
    }
    name = model.name
    format = imported.format
    parameterCount = model.parameterCount
    denseParameterCount = layers.reduce(0) { $0 + $1.denseParameterCount }
    trainableParameterCount = model.layers.reduce(0) { $0 + $1.trainableParameterCount }
    multiplications =
      structure.obstacle == nil && !model.calls.isEmpty
      ? structure.totalMultiplications : nil
    byteCount = model.byteCount
    self.fileByteCount = fileByteCount
    devices =
      structure.obstacle == nil && !model.calls.isEmpty ? DeviceSummary.summaries(of: model) : []
    obstacle = structure.obstacle?.description
    metadata = model.metadata
    remarks = imported.remarks
  }
}

extension Inspection.LayerRow {
  init(_ layer: Layer, outputShape: Shape?, callCount: Int, structure: ModelStructure) {
    path = layer.path
    title = layer.kind.title
    self.outputShape = outputShape
    self.callCount = callCount
    let factorised = layer.weights.filter { $0.weight.kind != .dense }
    form =
      layer.weights.isEmpty
      ? ""
      : factorised.isEmpty
        ? "dense" : factorised.map(\.weight.kind.rawValue).joined(separator: ", ")
    ranks = factorised.flatMap(\.weight.ranks)
    parameterCount = layer.parameterCount
    denseParameterCount = layer.weights.reduce(0) { $0 + $1.weight.denseShape.count }
    byteCount = layer.byteCount
    var seen: [String] = []
    for named in layer.weights {
      for component in named.weight.components
      where !seen.contains(component.parameter.encodingName) {
        seen.append(component.parameter.encodingName)
      }
    }
    types = seen
    relativeError = factorised.compactMap(\.weight.record?.relativeError).max()
    multiplications =
      outputShape == nil ? nil : structure.multiplications(ofLayer: layer.path)
  }
}

extension Layer {
  /// The stored scalars that training may change.
  var trainableParameterCount: Int {
    guard isTrainable else { return 0 }
    let fixed: Set<String> = ["moving_mean", "moving_variance", "mean", "variance", "count"]
    return weights.reduce(0) { $0 + (fixed.contains($1.name) ? 0 : $1.weight.parameterCount) }
  }
}
