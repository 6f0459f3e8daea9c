import HDF5
import Models
import Tensors

/// Writes the tensors of one layer after another and collects what the graph says about them.
struct NodeWriter {
  private let options: StorageOptions
  private let choice: StorageChoice
  /// Whether views link to the tensors, which must then be whole.
  private let hasViews: Bool
  private var layerNames = NodeNames()
  /// What has been written so far.
  private(set) var layers: [StoredGraph.StoredLayer] = []
  /// The path of each component in the file by its path in the model.
  private(set) var paths: [String: String] = [:]

  init(_ model: Model, options: StorageOptions, hasViews: Bool) {
    self.options = options
    self.hasViews = hasViews
    choice = StorageChoice(
      compression: options.compression,
      isSmallModel: model.byteCount <= StorageChoice.smallModelByteCount)
  }

  /// Writes the tensors of a layer; one at a time is in memory.
  mutating func write(
    _ layer: Layer, to file: borrowing HDF5Writer, progress: (String) throws -> Void
  ) throws {
    var weights: [StoredGraph.StoredWeight] = []
    if !layer.weights.isEmpty {
      let group = "\(Schema.Path.nodes)/\(layerNames.name(for: layer.path))"
      var weightNames = NodeNames()
      for named in layer.weights {
        let path = "\(group)/\(weightNames.name(for: named.name))"
        weights.append(
          try write(
            named, of: layer, at: path, to: file,
            progress: { try progress("\(layer.path)/\(named.name)/\($0)") }))
      }
    }
    layers.append(
      StoredGraph.StoredLayer(
        path: layer.path, kind: layer.kind, isTrainable: layer.isTrainable,
        typePolicy: layer.typePolicy, weights: weights))
  }

  private mutating func write(
    _ named: Layer.NamedWeight, of layer: Layer, at path: String, to file: borrowing HDF5Writer,
    progress: (String) throws -> Void
  ) throws -> StoredGraph.StoredWeight {
    let weight = named.weight
    var stored = StoredGraph.StoredWeight(named.name, weight, isStripped: options.isStripped)
    for component in weight.components {
      let parameter = component.parameter
      let place = "\(path)/\(component.name)"
      let raw = try parameter.raw()
      let sparse =
        hasViews || options.compression == .none
        ? nil : SparseChoice.sparse(raw, isPacked: false)
      let values = try write(
        sparse.map { raw.replacing($0) } ?? raw, at: place, isMasked: parameter.isMasked, to: file)
      let gaps = try sparse.map {
        try write(RawTensor(gaps: $0.gaps), at: "\(place)_gaps", isMasked: true, to: file)
      }
      var scales: StoredGraph.Values?
      if case .int8(let numbers) = parameter.encoding {
        let raw = RawTensor(Tensor(shape: [numbers.count], elements: numbers))
        scales = try write(raw, at: "\(place)_scale", isMasked: false, to: file)
      }
      stored.components.append(
        StoredGraph.Component(
          name: component.name, shape: raw.shape, values: values, gaps: gaps, scales: scales,
          isMasked: parameter.isMasked))
      let key = "\(layer.path)/\(named.name)/\(component.name)"
      if paths[key] == nil { paths[key] = place }
      try progress(component.name)
    }
    let spectra = options.isStripped ? [] : weight.record?.spectra ?? []
    for (mode, spectrum) in spectra.enumerated() {
      let name = spectra.count == 1 ? "spectrum" : "spectrum_\(mode)"
      let values = try write(
        RawTensor(doubles: spectrum.values), at: "\(path)/\(name)", isMasked: false, to: file)
      stored.spectra.append(
        StoredGraph.StoredSpectrum(values: values, tailEnergy: spectrum.tailEnergy))
    }
    if !options.isStripped {
      try file.setAttribute(Schema.Attribute.form, on: path, .text(weight.kind.rawValue))
      try file.setAttribute(
        Schema.Attribute.denseShape, on: path, .integers(weight.denseShape.extents))
    }
    return stored
  }

  private func write(
    _ raw: RawTensor, at path: String, isMasked: Bool, to file: borrowing HDF5Writer
  ) throws -> StoredGraph.Values {
    try file.writeDataset(
      path, extents: raw.shape.extents, datatype: raw.scalarType.stored, bytes: raw.bytes,
      layout: choice.layout(for: raw, isMasked: isMasked))
    return StoredGraph.Values(
      path: path, type: raw.scalarType, shape: raw.shape, digest: Digest.hexadecimal(raw.bytes))
  }
}

extension StoredGraph.StoredWeight {
  /// What the graph says of a weight beside its tensors; components and spectra are added later.
  init(_ name: String, _ weight: Weight, isStripped: Bool) {
    let record = weight.record
    self.init(
      name: name, form: weight.kind, denseShape: weight.denseShape, ranks: weight.ranks,
      components: [], basis: record?.basis, relativeError: record?.relativeError,
      route: isStripped ? nil : record?.route, spectra: [])
  }
}

extension RawTensor {
  /// float64 scalars, bit by bit.
  init(doubles: [Double]) {
    let bytes = doubles.flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt64($0))) }
    }
    self.init(shape: [doubles.count], scalarType: .float64, bytes: bytes)
  }
}

extension StoredGraph {
  /// The graph of a model whose layers have been written.
  init(_ model: Model, layers: [StoredLayer], isStripped: Bool) {
    var metadata = model.metadata
    if isStripped { metadata.provenance = nil }
    self.init(
      name: model.name, layers: layers, calls: model.calls, inputs: model.inputs,
      outputs: model.outputs, metadata: metadata)
  }
}
