import Compression
import ModelFile
import Pipelines
import Reports

/// Shows what was tried to meet a limit in bytes.
enum CombinationTable {
  /// The combination in words.
  static func words(_ combination: Combination) -> String {
    var words = ["low rank"]
    if combination.inputShare < 1 {
      words.append("\(Units.percent(combination.inputShare, decimals: 0)) of the inputs")
    }
    if combination.sparsity > 0 {
      words.append("\(Units.percent(combination.sparsity, decimals: 0)) of the factors pruned")
    }
    words.append(combination.encoding?.rawValue ?? "own type")
    words.append(combination.layout == .packed ? "packed" : "open")
    return words.joined(separator: " + ")
  }

  /// A line for each combination.
  static func table(_ tried: [TriedCombination]) -> Table {
    func share(_ value: Double?) -> Cell { value.map { .share($0, decimals: 2) } ?? .missing }
    return Table(
      columns: [
        Table.Column("tried", key: "combination"), Table.Column("parameters"),
        Table.Column("file", key: "file_bytes"), Table.Column("loss"),
        Table.Column("accuracy"), Table.Column("tuned loss", key: "tuned_loss"),
        Table.Column("tuned accuracy", key: "tuned_accuracy"), Table.Column("", key: "remark"),
      ],
      rows: tried.map { entry in
        [
          .text(words(entry.combination)), entry.parameterCount.map { .integer($0) } ?? .missing,
          entry.byteCount.map { .bytes($0) } ?? .missing,
          entry.loss.map { .number($0) } ?? .missing, share(entry.accuracy),
          entry.tunedLoss.map { .number($0) } ?? .missing, share(entry.tunedAccuracy),
          .text(entry.isChosen ? "taken" : entry.remark),
        ]
      })
  }
}
