import JSON
import Models
import Tensors

/// What `/graph` says: the model without its values, and where each value lies.
struct StoredGraph: Sendable, Hashable {
  /// One tensor in the file.
  struct Values: Sendable, Hashable {
    /// The data set's path; empty in a packed file, where order gives the place.
    var path: String
    var type: ScalarType
    var shape: Shape
    /// SHA-256 of the stored bytes, in hexadecimal; empty in a packed file.
    var digest: String

    /// The bytes of all scalars; shape and type were checked not to overflow.
    var byteCount: Int { shape.count * type.byteCount }
  }

  /// One stored tensor of a form.
  struct Component: Sendable, Hashable {
    var name: String
    /// The shape of the tensor that the values make up.
    var shape: Shape
    /// The stored scalars: all of them, or a row of those that are not zero.
    var values: Values
    /// The zeros before each stored scalar, where they are left out; see `SparseValues`.
    var gaps: Values?
    /// float32 scales, one a channel of the last axis, where the scalars are int8 codes.
    var scales: Values?
    var isMasked: Bool
  }

  /// The singular values of one mode.
  struct StoredSpectrum: Sendable, Hashable {
    var values: Values
    var tailEnergy: Double
  }

  /// One weight in its form.
  struct StoredWeight: Sendable, Hashable {
    var name: String
    var form: Weight.Kind
    var denseShape: Shape
    var ranks: [Int]
    var components: [Component]
    /// nil for a dense weight.
    var basis: FactorizationRecord.Basis?
    var relativeError: Double?
    var route: String?
    var spectra: [StoredSpectrum]
  }

  /// One layer.
  struct StoredLayer: Sendable, Hashable {
    var path: String
    var kind: LayerKind
    var isTrainable: Bool
    var typePolicy: String
    var weights: [StoredWeight]
  }

  var name: String
  var layers: [StoredLayer]
  var calls: [Model.Call]
  var inputs: [Int]
  var outputs: [Model.Endpoint]
  var metadata: Metadata

  /// Every stored tensor in the order of the table, with the place that messages name.
  var allValues: [(place: String, values: Values)] {
    layers.flatMap { layer in layer.weights.flatMap { $0.allValues(in: layer.path) } }
  }

  /// Whether any tensor is stored without its zeros.
  var hasSparseValues: Bool {
    layers.contains { $0.weights.contains { $0.components.contains { $0.gaps != nil } } }
  }

  /// What reading adds to the stored bytes: the tensors whose zeros are left out, whole.
  var expandedByteCount: Int {
    var total = 0
    for component in layers.flatMap(\.weights).flatMap(\.components) where component.gaps != nil {
      let (bytes, overflow) = component.shape.count.multipliedReportingOverflow(
        by: component.values.type.byteCount)
      let (sum, overflows) = total.addingReportingOverflow(bytes)
      if overflow || overflows { return .max }
      total = sum
    }
    return total
  }
}

extension StoredGraph.StoredWeight {
  /// Every stored tensor of the weight: each component, its gaps, its scales, then the spectra.
  func allValues(in layer: String) -> [(place: String, values: StoredGraph.Values)] {
    let place = "\(layer)/\(name)"
    return components.flatMap { component in
      [("\(place)/\(component.name)", component.values)]
        + (component.gaps.map { [("\(place)/\(component.name) gaps", $0)] } ?? [])
        + (component.scales.map { [("\(place)/\(component.name) scales", $0)] } ?? [])
    } + spectra.map { ("\(place) spectrum", $0.values) }
  }
}
