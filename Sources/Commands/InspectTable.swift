import CSource
import JSON
import Models
import Pipelines
import Reports
import Tensors

extension Inspection {
  /// The layers as a table, with totals.
  func table() -> Table {
    let columns = [
      Table.Column("layer"), Table.Column("kind"), Table.Column("form"),
      Table.Column("output", key: "output_shape"), Table.Column("rank", key: "ranks"),
      Table.Column("parameters"), Table.Column("kept"), Table.Column("MACs", key: "macs"),
      Table.Column("bytes"), Table.Column("type"), Table.Column("error", key: "relative_error"),
    ]
    let rows = layers.map { row -> [Cell] in
      [
        .text(row.callCount > 1 ? "\(row.path) (×\(row.callCount))" : row.path), .text(row.title),
        row.form.isEmpty ? .missing : .text(row.form),
        row.outputShape.map { .text($0.description) } ?? .missing,
        row.ranks.isEmpty ? .missing : .text(row.ranks.map(String.init).joined(separator: "×")),
        row.parameterCount == 0 ? .missing : .integer(row.parameterCount),
        row.parameterCount == 0
          ? .missing
          : .share(Double(row.parameterCount) / Double(max(row.denseParameterCount, 1))),
        row.multiplications.map { $0 == 0 ? .missing : .integer($0) } ?? .missing,
        row.byteCount == 0 ? .missing : .bytes(row.byteCount),
        row.types.isEmpty ? .missing : .text(row.types.joined(separator: ", ")),
        row.relativeError.map { .number($0) } ?? .missing,
      ]
    }
    let footer: [Cell] = [
      .text("total"), .missing, .missing, .missing, .missing, .integer(parameterCount),
      .share(Double(parameterCount) / Double(max(denseParameterCount, 1))),
      multiplications.map { .integer($0) } ?? .missing, .bytes(byteCount), .missing, .missing,
    ]
    return Table(
      columns: columns, rows: rows,
      footer: [footer.map { $0 == .missing ? .text("") : $0 }])
  }

  /// Everything as one JSON object; unknown shapes and MACs are null.
  func json() -> JSONValue {
    let rows = layers.map { row -> JSONValue in
      .object([
        "path": .string(row.path), "kind": .string(row.title), "form": .string(row.form),
        "output_shape": row.outputShape.map { .array($0.extents.map { .integer($0) }) } ?? .null,
        "ranks": .array(row.ranks.map { .integer($0) }), "calls": .integer(row.callCount),
        "parameters": .integer(row.parameterCount),
        "dense_parameters": .integer(row.denseParameterCount),
        "macs": row.multiplications.map { .integer($0) } ?? .null,
        "bytes": .integer(row.byteCount), "types": .array(row.types.map { .string($0) }),
        "relative_error": row.relativeError.map { .number($0) } ?? .null,
      ])
    }
    return .object([
      "version": 1, "name": .string(name), "format": .string(format), "layers": .array(rows),
      "parameters": .integer(parameterCount),
      "dense_parameters": .integer(denseParameterCount),
      "trainable_parameters": .integer(trainableParameterCount),
      "macs": multiplications.map { .integer($0) } ?? .null, "bytes": .integer(byteCount),
      "file_bytes": .integer(fileByteCount), "obstacle": obstacle.map { .string($0) } ?? .null,
      "devices": .array(devices.map(\.json)),
      "remarks": .array(remarks.map { .string($0.description) }),
      "evaluations": .array(metadata.evaluations.map(\.json)),
    ])
  }
}

extension DeviceSummary {
  /// The summary as JSON.
  var json: JSONValue {
    .object([
      "storage": .string(storage), "flash_bytes": .integer(footprint.flashByteCount),
      "constant_bytes": .integer(footprint.constantByteCount),
      "code_bytes": .integer(footprint.codeByteCount),
      "ram_bytes": .integer(footprint.ramByteCount),
    ])
  }
}

extension Evaluation {
  /// The result as JSON.
  var json: JSONValue {
    .object([
      "dataset": .string(dataset), "dataset_digest": .string(datasetDigest),
      "split": .string(split), "count": .integer(count), "loss": .number(loss),
      "accuracy": accuracy.map { .number($0) } ?? .null, "date": .string(date),
    ])
  }
}
