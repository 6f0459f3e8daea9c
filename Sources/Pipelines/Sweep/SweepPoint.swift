public import JSON

/// One measured point of a sweep: one series, one setting, one repetition.
public struct SweepPoint: Sendable, Hashable {
  /// The method, as legends name it.
  public var series: String
  /// The settings, in the order of the axes; empty for a model as it is.
  public var settings: [SweepSetting]
  /// The model's position among those given.
  public var model: Int
  /// The seed.
  public var seed: Int
  /// What was measured, by name, in the order of the table.
  public var metrics: [(name: String, value: Double)]
  /// The share of right answers by class; empty without classes.
  public var classShares: [Double]
  /// For each epoch of a training: loss, accuracy and what was held out, by name.
  public var epochs: [[String: Double]]

  /// Makes a point.
  public init(
    series: String, settings: [SweepSetting], model: Int = 0, seed: Int = 0,
    metrics: [(name: String, value: Double)] = [], classShares: [Double] = [],
    epochs: [[String: Double]] = []
  ) {
    self.series = series
    self.settings = settings
    self.model = model
    self.seed = seed
    self.metrics = metrics
    self.classShares = classShares
    self.epochs = epochs
  }

  /// A metric by name.
  public subscript(metric: String) -> Double? { metrics.first { $0.name == metric }?.value }

  /// What tells points apart.
  public var key: String {
    ([series, String(model), String(seed)]
      + settings.map { "\($0.axis.rawValue)=\($0.value)" }).joined(separator: "|")
  }

  /// Whether key and all measured values are the same.
  public static func == (left: SweepPoint, right: SweepPoint) -> Bool {
    left.key == right.key && left.classShares == right.classShares
      && left.epochs == right.epochs
      && left.metrics.elementsEqual(right.metrics) { $0.name == $1.name && $0.value == $1.value }
  }

  /// Hashes the key.
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

extension SweepPoint {
  /// The point as it is stored.
  public var json: JSONValue {
    var object: JSONObject = [
      "series": .string(series),
      "settings": .object(
        JSONObject(settings.map { ($0.axis.rawValue, JSONValue.string($0.value)) })),
      "model": .integer(model), "seed": .integer(seed),
      "metrics": .object(JSONObject(metrics.map { ($0.name, JSONValue.number($0.value)) })),
    ]
    if !classShares.isEmpty { object["classes"] = .array(classShares.map { .number($0) }) }
    if !epochs.isEmpty {
      object["epochs"] = .array(
        epochs.map { epoch in
          .object(JSONObject(epoch.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) }))
        })
    }
    return .object(object)
  }

  /// Reads a stored point; nil where something is missing or of another type.
  public init?(_ json: JSONValue) {
    guard let series = json["series"]?.string, let settings = json["settings"]?.object,
      let model = json["model"]?.int, let seed = json["seed"]?.int,
      let metrics = json["metrics"]?.object
    else { return nil }
    var read: [SweepSetting] = []
    for (name, value) in settings {
      guard let axis = SweepAxis.Name(rawValue: name), let text = value.string else { return nil }
      read.append(SweepSetting(axis: axis, value: text))
    }
    var values: [(name: String, value: Double)] = []
    for (name, value) in metrics {
      guard let number = value.double else { return nil }
      values.append((name, number))
    }
    self.init(
      series: series, settings: read, model: model, seed: seed, metrics: values,
      classShares: json["classes"]?.array?.compactMap(\.double) ?? [],
      epochs: json["epochs"]?.array?.compactMap { epoch in
        epoch.object.map { object in
          Dictionary(
            object.compactMap { name, value in value.double.map { (name, $0) } },
            uniquingKeysWith: { first, _ in first })
        }
      } ?? [])
  }
}
