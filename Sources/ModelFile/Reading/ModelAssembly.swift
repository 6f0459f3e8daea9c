import HDF5
import Models
import Tensors

/// Puts a model together from a container's graph, with its values deferred to the file.
struct ModelAssembly {
  private let container: Container
  private let options: ReadOptions
  private let source: any TensorSource
  private let file: HDF5File

  init(_ container: Container, options: ReadOptions) throws {
    self.container = container
    self.options = options
    file = container.file
    var entries: [String: ContainerSource.Entry] = [:]
    var places: [UInt64: String] = [:]
    var total = container.graph.expandedByteCount
    var whole = 0
    for layer in container.graph.layers {
      for weight in layer.weights {
        // What the factors stand for, as float32: tables sum it up and `expand` writes it.
        let (sum, overflow) = whole.addingReportingOverflow(4 * weight.denseShape.count)
        whole = overflow ? Int.max : sum
        guard whole <= options.maximumByteCount else {
          throw ModelFileError(
            file: file.name, place: "\(layer.path)/\(weight.name)",
            reason: .size(
              "the dense kernels take \(whole) bytes, more than the limit of "
                + "\(options.maximumByteCount) bytes; raise it with --max-size"))
        }
        let isVariance = layer.kind.isVariance(weight.name)
        let gaps = Dictionary(
          weight.components.compactMap { component in
            component.gaps.map { (component.values.path, $0) }
          }, uniquingKeysWith: { first, _ in first })
        for (place, values) in weight.allValues(in: layer.path) {
          let identity = try container.store.identity(of: values, place: place)
          if let other = places.updateValue(place, forKey: identity) {
            throw ModelFileError(file: file.name, place: place, reason: .shared(with: other))
          }
          entries[values.path] = ContainerSource.Entry(
            place: place, values: values, gaps: gaps[values.path], isVariance: isVariance)
          let (sum, overflow) = total.addingReportingOverflow(values.byteCount)
          total = overflow ? Int.max : sum
          if let problem = options.refusal(declaring: total, in: file.fileSize) {
            throw ModelFileError(file: file.name, place: place, reason: .size(problem))
          }
        }
      }
    }
    source = ContainerSource(
      file: file.name, store: container.store, entries: entries,
      allowsNonFinite: options.allowsNonFinite)
  }

  /// The model, checked as a whole.
  func model() throws -> Model {
    let graph = container.graph
    let model = Model(
      name: graph.name, layers: try graph.layers.map(layer), calls: graph.calls,
      inputs: graph.inputs, outputs: graph.outputs, metadata: graph.metadata)
    do throws(ModelError) {
      try model.validate()
      for layer in model.layers { try layer.checkWeights() }
    } catch {
      throw ModelFileError(file: file.name, place: error.place, reason: .model(error.reason))
    }
    return model
  }

  private func layer(_ stored: StoredGraph.StoredLayer) throws -> Layer {
    Layer(
      path: stored.path, kind: stored.kind,
      weights: try stored.weights.map { weight in
        Layer.NamedWeight(weight.name, try self.weight(weight, in: stored.path))
      }, isTrainable: stored.isTrainable, typePolicy: stored.typePolicy)
  }

  private func weight(_ stored: StoredGraph.StoredWeight, in layer: String) throws -> Weight {
    let place = "\(layer)/\(stored.name)"
    func refuse(_ problem: String) -> ModelFileError {
      ModelFileError(file: file.name, place: place, reason: .form(problem))
    }
    var record: FactorizationRecord?
    if stored.form != .dense {
      record = FactorizationRecord(
        relativeError: stored.relativeError, basis: stored.basis ?? .svd,
        spectra: try stored.spectra.map { try spectrum($0, place) }, route: stored.route)
    } else if stored.basis != nil || !stored.spectra.isEmpty || stored.relativeError != nil
      || stored.route != nil
    {
      throw refuse("a dense weight has no basis, spectra, error or route")
    }
    let components = try stored.components.map { try component($0, place) }
    let weight: Weight
    do throws(WeightFormError) {
      weight = try Weight(
        kind: stored.form, denseShape: stored.denseShape, components: components, record: record)
    } catch {
      throw refuse("\(error)")
    }
    guard weight.ranks == stored.ranks else {
      throw refuse("the graph says ranks \(stored.ranks), the components have \(weight.ranks)")
    }
    return weight
  }

  private func component(_ stored: StoredGraph.Component, _ weight: String) throws -> Component {
    var encoding = Parameter.Encoding.plain
    if let scales = stored.scales {
      encoding = .int8(
        scales: try source.readTensor(
          scales.path, shape: scales.shape, scalarType: scales.type
        ).elements)
    }
    return Component(
      stored.name,
      Parameter(
        deferredTo: source, key: stored.values.path, shape: stored.shape,
        scalarType: stored.values.type, encoding: encoding, isMasked: stored.isMasked))
  }

  private func spectrum(
    _ stored: StoredGraph.StoredSpectrum, _ weight: String
  ) throws -> Spectrum {
    let raw = try source.readRaw(
      stored.values.path, shape: stored.values.shape, scalarType: .float64)
    let values = raw.doubles
    guard values.allSatisfy({ $0 >= 0 }) else {
      throw ModelFileError(
        file: file.name, place: "\(weight) spectrum",
        reason: .form("a singular value is below 0"))
    }
    return Spectrum(values: values, tailEnergy: stored.tailEnergy)
  }
}

extension RawTensor {
  /// float64 scalars as Double, bit by bit.
  var doubles: [Double] {
    precondition(scalarType == .float64, "float64 asked of \(scalarType.rawValue)")
    return (0..<shape.count).map { index in
      var bits: UInt64 = 0
      for byte in bytes[index * 8..<index * 8 + 8].reversed() { bits = bits << 8 | UInt64(byte) }
      return Double(bitPattern: bits)
    }
  }
}
