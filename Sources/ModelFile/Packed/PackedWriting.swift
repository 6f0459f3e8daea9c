import Archives
import Models
import Tensors

/// Collects a small model's values and lays them into one run of bytes.
struct PackedWriting {
  private let isStripped: Bool
  private let leavesZerosOut: Bool
  private var parts: [[UInt8]] = PackedLayout.elementSizes.map { _ in [] }
  private var digests: [UInt8] = []
  private var layers: [StoredGraph.StoredLayer] = []
  /// Whether a tensor was stored without its zeros.
  private(set) var hasSparseValues = false

  init(_ options: StorageOptions) {
    isStripped = options.isStripped
    leavesZerosOut = options.compression != .none
  }

  /// Adds the values of a layer.
  /// - Throws: `ModelFileError` where the model is too large to be packed.
  mutating func add(_ layer: Layer, progress: (String) throws -> Void) throws {
    var weights: [StoredGraph.StoredWeight] = []
    for named in layer.weights {
      var stored = StoredGraph.StoredWeight(named.name, named.weight, isStripped: isStripped)
      for component in named.weight.components {
        let parameter = component.parameter
        let raw = try parameter.raw()
        let sparse = leavesZerosOut ? SparseChoice.sparse(raw, isPacked: true) : nil
        let values = try add(sparse.map { raw.replacing($0) } ?? raw)
        let gaps = try sparse.map { try add(RawTensor(gaps: $0.gaps)) }
        hasSparseValues = hasSparseValues || sparse != nil
        var scales: StoredGraph.Values?
        if case .int8(let numbers) = parameter.encoding {
          scales = try add(RawTensor(Tensor(shape: [numbers.count], elements: numbers)))
        }
        stored.components.append(
          StoredGraph.Component(
            name: component.name, shape: raw.shape, values: values, gaps: gaps, scales: scales,
            isMasked: parameter.isMasked))
        try progress("\(layer.path)/\(named.name)/\(component.name)")
      }
      for spectrum in isStripped ? [] : named.weight.record?.spectra ?? [] {
        stored.spectra.append(
          StoredGraph.StoredSpectrum(
            values: try add(RawTensor(doubles: spectrum.values)),
            tailEnergy: spectrum.tailEnergy))
      }
      weights.append(stored)
    }
    layers.append(
      StoredGraph.StoredLayer(
        path: layer.path, kind: layer.kind, isTrainable: layer.isTrainable,
        typePolicy: layer.typePolicy, weights: weights))
  }

  private mutating func add(_ raw: RawTensor) throws -> StoredGraph.Values {
    guard let part = PackedLayout.elementSizes.firstIndex(of: raw.scalarType.byteCount) else {
      preconditionFailure("scalars of \(raw.scalarType.byteCount) bytes")
    }
    guard parts[part].count + raw.bytes.count <= PackedLayout.byteLimit else {
      throw ModelFileError(
        file: "", place: "packed storage",
        reason: .packing(
          "the model has more than \(PackedLayout.byteLimit) bytes; use the open layout"))
    }
    parts[part] += raw.bytes
    digests += Digest.bytes(raw.bytes).prefix(PackedLayout.digestByteCount)
    return StoredGraph.Values(
      path: "", type: raw.scalarType, shape: raw.shape, digest: "")
  }

  /// The bytes of the packed data set, the seal still zero.
  func bytes(_ model: Model) -> [UInt8] {
    let graph = StoredGraph(model, layers: layers, isStripped: isStripped).bytes
    var directory: [UInt8] = []
    var content: [UInt8] = []
    func append(_ part: [UInt8]) {
      let deflated = Zlib.compress(part, format: .raw, level: 9)
      let isDeflated = deflated.count < part.count
      let stored = isDeflated ? deflated : part
      let entry = UInt32(stored.count) | (isDeflated ? PackedLayout.deflatedBit : 0)
      directory += (0..<4).map { UInt8(truncatingIfNeeded: entry >> (8 * $0)) }
      content += stored
    }
    append(graph)
    for (part, size) in zip(parts, PackedLayout.elementSizes) {
      append(PackedLayout.shuffled(part, elementSize: size))
    }
    return directory + content + Digest.bytes(graph).prefix(PackedLayout.digestByteCount) + digests
      + [UInt8](repeating: 0, count: Seal.byteCount)
  }
}

extension RawTensor {
  /// The scalars that are not zero, as a row of the same type.
  func replacing(_ sparse: SparseValues) -> RawTensor {
    RawTensor(shape: [sparse.count], scalarType: scalarType, bytes: sparse.values)
  }

  /// Gaps as a row of bytes.
  init(gaps: [UInt8]) {
    self.init(shape: [gaps.count], scalarType: .uint8, bytes: gaps)
  }
}
