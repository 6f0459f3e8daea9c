public import JSON
import Models
import Messages

/// A plan file that is JSON but no plan we can follow.
public struct PlanFormatError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The place in the file, such as `kernels["conv2/kernel"].ranks`.
  public let place: String
  /// What is wrong, both sides.
  public let problem: String

  init(_ place: JSONPath, _ problem: String) {
    self.place = place.description.isEmpty ? "plan" : place.description
    self.problem = problem
  }

  /// `place: problem`.
  public var description: String { "\(place): \(problem)".oneLine() }
}

extension CompressionPlan {
  /// The format's name in plan files.
  public static let format = "modelc-plan"
  /// The version that is written; no other is read.
  public static let version = 1

  /// The plan as the JSON of `spec/plan.schema.json`.
  public var json: JSONValue {
    var object: JSONObject = [
      "format": .string(CompressionPlan.format), "version": .integer(CompressionPlan.version),
      "source_digest": sourceDigest.map { .string($0) } ?? .null,
    ]
    if let encoding { object["dtype"] = .string(encoding.rawValue) }
    var kernels = JSONObject()
    for decision in self.kernels { kernels[decision.path] = .object(decision.json) }
    object["kernels"] = .object(kernels)
    return .object(object)
  }

  /// Reads a plan.
  /// - Throws: `PlanFormatError` naming the place; unknown keys, forms and versions are refused.
  public init(json: JSONValue) throws(PlanFormatError) {
    let root = JSONPath()
    guard let object = json.object else {
      throw PlanFormatError(root, "expected an object, found \(json.kind)")
    }
    try CompressionPlan.refuseUnknown(
      object, known: ["format", "version", "source_digest", "dtype", "kernels"], at: root)
    guard object["format"]?.string == CompressionPlan.format else {
      throw PlanFormatError(
        root["format"],
        "expected \"\(CompressionPlan.format)\", found \(object["format"]?.description ?? "nothing")"
      )
    }
    guard object["version"]?.int == CompressionPlan.version else {
      throw PlanFormatError(
        root["version"],
        "expected \(CompressionPlan.version), found \(object["version"]?.description ?? "nothing")"
          + "; this modelc reads version \(CompressionPlan.version) only")
    }
    switch object["source_digest"] {
    case nil, .null?: sourceDigest = nil
    case .string(let digest)?: sourceDigest = digest
    case let other?:
      throw PlanFormatError(root["source_digest"], "expected a string, found \(other.kind)")
    }
    encoding = try CompressionPlan.choice(object, "dtype", at: root)
    guard let members = object["kernels"]?.object else {
      throw PlanFormatError(
        root["kernels"], "expected an object, found \(object["kernels"]?.kind ?? "nothing")")
    }
    kernels = []
    for (path, value) in members {
      kernels.append(try Decision(path: path, json: value, at: root["kernels"][path]))
    }
  }

  static func refuseUnknown(
    _ object: JSONObject, known: [String], at place: JSONPath
  ) throws(PlanFormatError) {
    for key in object.keys where !known.contains(key) {
      throw PlanFormatError(
        place,
        "unknown key '\(JSONValue.quoted(key).dropFirst().dropLast())'"
          + NearestName.hint(key, among: known)
          + "; known are \(known.joined(separator: ", "))")
    }
  }

  static func choice<Choice: RawRepresentable & CaseIterable>(
    _ object: JSONObject, _ key: String, at place: JSONPath
  ) throws(PlanFormatError) -> Choice? where Choice.RawValue == String {
    guard let value = object[key] else { return nil }
    let names = Choice.allCases.map(\.rawValue)
    guard let text = value.string else {
      throw PlanFormatError(place[key], "expected a string, found \(value.kind)")
    }
    guard let choice = Choice(rawValue: text) else {
      throw PlanFormatError(
        place[key],
        "'\(JSONValue.quoted(text).dropFirst().dropLast())' is not one of "
          + names.joined(separator: ", ")
          + NearestName.hint(text, among: names))
    }
    return choice
  }
}

extension CompressionPlan.Decision {
  fileprivate var json: JSONObject {
    var object: JSONObject
    switch action {
    case .keep: object = ["action": "keep"]
    case .factorize(let form, let ranks):
      object = [
        "action": "factorize", "form": .string(form.rawValue),
        "ranks": .array(ranks.map { .integer($0) }),
      ]
    }
    if weighting != .none { object["weighting"] = .string(weighting.rawValue) }
    if !reason.isEmpty { object["reason"] = .string(reason) }
    return object
  }

  private enum Name: String, CaseIterable { case keep, factorize }

  fileprivate init(path: String, json: JSONValue, at place: JSONPath) throws(PlanFormatError) {
    guard let object = json.object else {
      throw PlanFormatError(place, "expected an object, found \(json.kind)")
    }
    try CompressionPlan.refuseUnknown(
      object, known: ["action", "form", "ranks", "weighting", "reason"], at: place)
    let name: Name? = try CompressionPlan.choice(object, "action", at: place)
    guard let name else {
      throw PlanFormatError(place["action"], "expected \"keep\" or \"factorize\", found nothing")
    }
    var action = CompressionPlan.Action.keep
    switch name {
    case .keep:
      for key in ["form", "ranks"] where object.contains(key) {
        throw PlanFormatError(place, "'\(key)' beside the action \"keep\"; drop one of the two")
      }
    case .factorize:
      let form: Weight.Kind? = try CompressionPlan.choice(object, "form", at: place)
      guard let form, form != .dense else {
        throw PlanFormatError(place["form"], "expected a factorised form such as \"low-rank\"")
      }
      guard let ranks = object["ranks"]?.ints, !ranks.isEmpty,
        ranks.allSatisfy({ (1...Int(Int32.max)).contains($0) })
      else {
        throw PlanFormatError(
          place["ranks"],
          "expected a list of ranks of at least 1, found "
            + (object["ranks"]?.description ?? "nothing"))
      }
      action = .factorize(form, ranks: ranks)
    }
    if let reason = object["reason"], reason.string == nil {
      throw PlanFormatError(place["reason"], "expected a string, found \(reason.kind)")
    }
    self.init(
      path: path, action: action,
      weighting: try CompressionPlan.choice(object, "weighting", at: place) ?? .none,
      reason: object["reason"]?.string ?? "")
  }
}
