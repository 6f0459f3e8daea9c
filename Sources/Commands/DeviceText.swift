import CSource
import JSON
import Pipelines
import Reports

extension DeviceFootprint {
  /// `flash 23.1 KiB · RAM 1.4 KiB`.
  var text: String {
    "flash \(Units.bytes(flashByteCount)) · RAM \(Units.bytes(ramByteCount))"
  }
}

extension DeviceResult {
  /// `flash 23.1 KiB of 24 KiB ✓ · RAM 1.4 KiB · MACs 5.1 k`, and how to get there.
  func lines(output: String) -> [String] {
    func part(_ name: String, _ found: Int, _ limit: Int?) -> String {
      guard let limit else { return "\(name) \(Units.bytes(found))" }
      let verdict =
        found <= limit ? "✓" : "✗ \(Units.bytes(found - limit)) too much"
      return "\(name) \(Units.bytes(found)) of \(Units.bytes(limit)) \(verdict)"
    }
    var first = [
      part("flash", footprint.flashByteCount, budget.flashByteCount),
      part("RAM", footprint.ramByteCount, budget.ramByteCount),
      "MACs \(Units.grouped(multiplications))",
    ].joined(separator: " · ")
    first += storage == .int8 ? " · int8 weights and activations" : " · \(storage.rawValue) weights"
    if let accuracy { first += " · accuracy \(Units.percent(accuracy, decimals: 2))" }
    let options = storage == .int8 ? " --dtype int8 --data DATA" : " --dtype \(storage.rawValue)"
    return [first, "as C: modelc convert \(output) model.c\(options)"]
  }

  /// The result as JSON.
  var json: JSONValue {
    .object([
      "flash_limit": budget.flashByteCount.map { .integer($0) } ?? .null,
      "ram_limit": budget.ramByteCount.map { .integer($0) } ?? .null,
      "storage": .string(storage.rawValue), "flash_bytes": .integer(footprint.flashByteCount),
      "ram_bytes": .integer(footprint.ramByteCount), "macs": .integer(multiplications),
      "accuracy": accuracy.map { .number($0) } ?? .null,
    ])
  }
}
