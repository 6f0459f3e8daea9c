import Compression
import JSON
import Models
import Reports

extension [KernelExplanation] {
  /// Why each kernel got what it got, a few lines a kernel.
  var lines: [String] {
    var lines: [String] = []
    for item in self {
      lines.append(
        "\(item.path): \(item.decision.action.words), \(Units.grouped(item.parametersAfter)) of "
          + "\(Units.grouped(item.parametersBefore)) parameters" + item.multiplicationsWords)
      lines.append("  why      \(item.decision.reason)")
      if item.error > 0, let share = item.errorShare {
        lines.append(
          "  error    \(Units.significant(item.error, digits: 3)), \(Units.percent(share)) of the "
            + "plan's estimated error")
      }
      if let step = item.larger { lines.append("  larger   " + step.words) }
      if let step = item.smaller { lines.append("  smaller  " + step.words) }
      for refusal in item.refusals {
        lines.append("  refused  \(refusal.form.rawValue): \(refusal.reason)")
      }
    }
    return lines
  }

  /// The same for programs.
  var json: JSONValue { .array(map(\.json)) }
}

extension KernelExplanation {
  fileprivate var json: JSONValue {
    let refused: [JSONValue] = refusals.map { refusal in
      .object(["form": .string(refusal.form.rawValue), "reason": .string(refusal.reason)])
    }
    var object: JSONObject = [
      "kernel": .string(path), "reason": .string(decision.reason),
      "form": .string(decision.action.form.rawValue),
      "weighting": .string(decision.weighting.rawValue),
    ]
    object["ranks"] = .array(decision.action.ranks.map { .integer($0) })
    object["parameters_before"] = .integer(parametersBefore)
    object["parameters_after"] = .integer(parametersAfter)
    object["estimated_error"] = .number(error)
    object["error_share"] = errorShare.map { .number($0) } ?? .null
    object["larger"] = larger?.json ?? .null
    object["smaller"] = smaller?.json ?? .null
    object["refused"] = .array(refused)
    return .object(object)
  }
}

extension KernelExplanation {
  fileprivate var multiplicationsWords: String {
    guard let before = multiplicationsBefore, let after = multiplicationsAfter else { return "" }
    return ", \(Units.grouped(after)) of \(Units.grouped(before)) MACs"
  }
}

extension KernelExplanation.Step {
  /// `rank 18 would take 884 parameters more and lose 0.021 less`.
  fileprivate var words: String {
    let size = Units.grouped(abs(parameterChange))
    let loss = Units.significant(abs(errorChange), digits: 3)
    return parameterChange > 0
      ? "\(action.words) would take \(size) parameters more and lose \(loss) less"
      : "\(action.words) would save \(size) parameters and lose \(loss) more"
  }

  fileprivate var json: JSONValue {
    .object([
      "form": .string(action.form.rawValue), "ranks": .array(action.ranks.map { .integer($0) }),
      "parameter_change": .integer(parameterChange), "error_change": .number(errorChange),
    ])
  }
}

extension CompressionPlan.Action {
  /// The form that the action gives; dense stands for keeping.
  var form: Weight.Kind {
    if case .factorize(let form, _) = self { return form }
    return .dense
  }

  /// The ranks; empty where the kernel is kept.
  var ranks: [Int] {
    if case .factorize(_, let ranks) = self { return ranks }
    return []
  }

  /// `low-rank 17`, or `kept`.
  var words: String {
    ranks.isEmpty
      ? "kept as it is"
      : "\(form.rawValue) \(ranks.map(String.init).joined(separator: "×"))"
  }
}
