import JSON
import Pipelines
import Reports

extension KernelSpectrum {
  /// The singular values for people, with the ranks for common shares of the energy.
  var lines: [String] {
    let shares = [0.9, 0.95, 0.99].map { share in
      "\(Int(share * 100)) % \(rank(forEnergyShare: share).map(String.init) ?? "–")"
    }
    let shown = values.prefix(40).map { Units.significant($0, digits: 4) }
    let rest = values.count > 40 ? " … (\(values.count) values)" : ""
    return [
      "\(path) [\(rows)×\(columns)]: rank for energy: \(shares.joined(separator: ", "))",
      "σ " + shown.joined(separator: " ") + rest,
    ]
  }

  /// All known singular values.
  var json: JSONValue {
    .object([
      "kernel": .string(path), "rows": .integer(rows), "columns": .integer(columns),
      "singular_values": .array(values.map { .number($0) }), "tail_energy": .number(tailEnergy),
      "rank_90": rank(forEnergyShare: 0.9).map { .integer($0) } ?? .null,
      "rank_95": rank(forEnergyShare: 0.95).map { .integer($0) } ?? .null,
      "rank_99": rank(forEnergyShare: 0.99).map { .integer($0) } ?? .null,
    ])
  }
}
