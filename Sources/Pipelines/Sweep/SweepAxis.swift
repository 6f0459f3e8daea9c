public import Compression
import Models

/// One thing that a sweep varies, with the values it takes.
public struct SweepAxis: Sendable, Hashable {
  /// What is varied.
  public enum Name: String, Sendable, Hashable, CaseIterable {
    /// Parameters before ÷ after.
    case ratio
    /// Ranks as for `compress --rank`.
    case rank
    /// The share of weights that become zero.
    case prune
    /// Tucker-2's rank of the input channels, a number or a share of them.
    case inputRank = "R1"
    /// Tucker-2's rank of the output channels, a number or a share of them.
    case outputRank = "R2"
    /// The rank of images written by `compress-data`; `stock` for the images as they were.
    case dataRank = "data-rank"
    /// The rank that kernels are projected to while training; `none` for no projection.
    case projectRank = "project-rank"
    /// The learning rate.
    case learningRate = "learning-rate"

    /// Whether a model is trained at each point, not compressed.
    public var isTraining: Bool {
      switch self {
      case .ratio, .rank, .prune, .inputRank, .outputRank: false
      case .dataRank, .projectRank, .learningRate: true
      }
    }
  }

  /// What is varied.
  public let name: Name
  /// The values in the order given, as they were written.
  public let values: [String]

  /// Reads `ratio=1,2,4`, `rank=1/8,1/4`, `rank=1..15` or `R1=8..64:8`.
  /// - Throws: `SpecificationError` with what was read and what is meant.
  public init(parsing text: String) throws(SpecificationError) {
    let names = Name.allCases.map(\.rawValue)
    guard let equals = text.firstIndex(of: "=") else {
      throw SpecificationError(
        "--over",
        "'\(text)': expected NAME=VALUES such as ratio=1,2,4; names are "
          + names.joined(separator: ", "))
    }
    let word = String(text[..<equals])
    guard let name = Name(rawValue: word == "lr" ? "learning-rate" : word) else {
      throw SpecificationError(
        "--over",
        "unknown '\(word)'\(NearestName.hint(word, among: names)); names are "
          + names.joined(separator: ", "))
    }
    var values: [String] = []
    for part in text[text.index(after: equals)...].split(
      separator: ",", omittingEmptySubsequences: false)
    {
      values += try SweepAxis.expanded(String(part), of: name)
    }
    guard Set(values).count == values.count else {
      throw SpecificationError("--over", "'\(text)' names a value twice")
    }
    self.name = name
    self.values = values
  }

  /// A value, or the whole numbers of `a..b` or `a..b:step`.
  private static func expanded(
    _ text: String, of name: Name
  ) throws(SpecificationError) -> [String] {
    if let dots = text.firstRange(of: "..") {
      let tail = text[dots.upperBound...].split(separator: ":", omittingEmptySubsequences: false)
      let step = tail.count == 2 ? Int(tail[1]) : 1
      guard let first = Int(text[..<dots.lowerBound]), let end = tail.first.flatMap({ Int($0) }),
        let step, tail.count <= 2, step >= 1, end >= first, (end - first) / step < 10_000
      else {
        throw SpecificationError(
          "--over", "\(name.rawValue)=\(text): expected a range such as 1..15 or 8..64:8")
      }
      return stride(from: first, through: end, by: step).map(String.init)
    }
    guard isValue(text, of: name) else {
      throw SpecificationError(
        "--over", "\(name.rawValue)=\(text): expected \(expectation(of: name))")
    }
    return [text]
  }

  private static func isValue(_ text: String, of name: Name) -> Bool {
    switch name {
    case .dataRank where text == "stock": true
    case .projectRank where text == "none": true
    case .dataRank, .projectRank: (Int(text) ?? 0) >= 1
    case .prune: number(text).map { (0..<1).contains($0) } ?? false
    case .ratio: number(text).map { $0 >= 1 } ?? false
    case .inputRank, .outputRank, .rank, .learningRate: number(text).map { $0 > 0 } ?? false
    }
  }

  private static func expectation(of name: Name) -> String {
    switch name {
    case .ratio: "a ratio from 1, such as 4"
    case .prune: "a share from 0 and below 1, such as 0.5"
    case .rank, .inputRank, .outputRank: "a rank such as 16, or a share such as 1/8"
    case .dataRank: "a rank from 1, or stock"
    case .projectRank: "a rank from 1, or none"
    case .learningRate: "a rate above 0, such as 0.001"
    }
  }

  /// A value as a number for plots: `1/8` is 0.125, `50%` is 0.5; nil for words.
  public static func number(_ text: String) -> Double? {
    if text.hasSuffix("%") { return Double(text.dropLast()).map { $0 / 100 } }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let top = Double(parts[0]), let bottom = Double(parts[1]), bottom > 0 {
      return top / bottom
    }
    let trimmed = text.hasSuffix("x") ? String(text.dropLast()) : text
    return Double(trimmed).flatMap { $0.isFinite ? $0 : nil }
  }

  /// All combinations of values, the last axis fastest.
  public static func combinations(of axes: [SweepAxis]) -> [[SweepSetting]] {
    axes.reduce([[]]) { partial, axis in
      partial.flatMap { settings in
        axis.values.map { settings + [SweepSetting(axis: axis.name, value: $0)] }
      }
    }
  }
}

/// One axis at one value.
public struct SweepSetting: Sendable, Hashable {
  /// What was varied.
  public let axis: SweepAxis.Name
  /// The value, as it was written.
  public let value: String

  /// Makes a setting.
  public init(axis: SweepAxis.Name, value: String) {
    self.axis = axis
    self.value = value
  }
}
