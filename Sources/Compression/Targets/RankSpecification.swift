/// Ranks as a user asks for them.
public enum RankSpecification: Sendable, Hashable, CustomStringConvertible {
  /// One rank for every kernel, clipped to what each can have.
  case number(Int)
  /// A share of the full rank, rounded down, at least 1.
  case share(numerator: Int, denominator: Int)
  /// A rank, or two, for each named layer; layers not named are kept.
  case layers([LayerRanks])

  /// The ranks of the layers that a pattern names.
  public struct LayerRanks: Sendable, Hashable {
    /// The layers meant.
    public let pattern: Glob
    /// One rank, or for a convolution R_in and R_out.
    public let ranks: [Int]

    /// Names ranks.
    public init(pattern: Glob, ranks: [Int]) {
      self.pattern = pattern
      self.ranks = ranks
    }
  }

  private static let subject = "--rank"

  /// Reads `10`, `1/2`, `25%`, `0.25` or `dense=50,conv2d_3=24x40`.
  /// - Throws: `SpecificationError` that shows what was read and what is meant.
  public init(parsing text: String) throws(SpecificationError) {
    let text = String(text.filter { $0 != " " })
    if text.contains("=") {
      self = .layers(try RankSpecification.layers(text))
    } else if let number = Int(text) {
      guard number >= 1 else {
        throw SpecificationError(RankSpecification.subject, "rank \(number); it must be at least 1")
      }
      self = .number(number)
    } else {
      self = try RankSpecification.share(text)
    }
  }

  private static func share(_ text: String) throws(SpecificationError) -> RankSpecification {
    let share: (numerator: Int, denominator: Int)?
    if text.hasSuffix("%") {
      share = decimal(text.dropLast()).map { ($0.numerator, $0.denominator * 100) }
    } else if let slash = text.firstIndex(of: "/") {
      share =
        if let top = Int(text[..<slash]), let bottom = Int(text[text.index(after: slash)...]) {
          (top, bottom)
        } else { nil }
    } else {
      share = decimal(text[...])
    }
    guard let share else {
      throw SpecificationError(
        subject, "'\(text)' is no rank; write 10, 1/2, 25% or dense=50,conv2d=24x40")
    }
    guard share.denominator > 0, share.numerator > 0, share.numerator <= share.denominator else {
      throw SpecificationError(
        subject, "'\(text)' of the full rank; write a share above 0 and up to 1, such as 1/2")
    }
    return .share(numerator: share.numerator, denominator: share.denominator)
  }

  /// A decimal fraction as a ratio of whole numbers, so that 0.29 of 100 is 29.
  private static func decimal(_ text: Substring) -> (numerator: Int, denominator: Int)? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first, text.count <= 12 else { return nil }
    let places = parts.count == 2 ? parts[1] : ""
    guard (whole + places).allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
    guard let numerator = Int(whole + places) else { return nil }
    return (numerator, (0..<places.count).reduce(1) { product, _ in product * 10 })
  }

  private static func layers(_ text: String) throws(SpecificationError) -> [LayerRanks] {
    var result: [LayerRanks] = []
    for item in text.split(separator: ",") {
      guard let equals = item.lastIndex(of: "=") else {
        throw SpecificationError(
          subject, "'\(item)' names no rank; write it as \(item)=10 or \(item)=24x40")
      }
      let name = String(item[..<equals])
      let parts = item[item.index(after: equals)...].split(
        separator: "x", omittingEmptySubsequences: false)
      let ranks = parts.compactMap { Int($0) }
      guard ranks.count == parts.count, (1...4).contains(ranks.count),
        ranks.allSatisfy({ $0 >= 1 })
      else {
        throw SpecificationError(
          subject, "'\(item)'; write \(name)=10, or \(name)=24x40 for a convolution")
      }
      let pattern = try Glob(name, subject: subject)
      guard !result.contains(where: { $0.pattern == pattern }) else {
        throw SpecificationError(subject, "'\(name)' is named twice")
      }
      result.append(LayerRanks(pattern: pattern, ranks: ranks))
    }
    return result
  }

  /// The specification as it would be written.
  public var description: String {
    switch self {
    case .number(let rank): "\(rank)"
    case .share(let numerator, let denominator): "\(numerator)/\(denominator)"
    case .layers(let layers):
      layers.map { layer in
        "\(layer.pattern)=" + layer.ranks.map(String.init).joined(separator: "x")
      }.joined(separator: ",")
    }
  }

  /// The rank of a matrix whose smaller side is `full`; nil where the layer is not named.
  func rank(ofFull full: Int) -> Int? {
    switch self {
    case .number(let rank): min(rank, full)
    case .share(let numerator, let denominator):
      // full × numerator cannot overflow for extents of a stored tensor and shares below 10¹².
      max(1, Int((Double(full) * Double(numerator) / Double(denominator)).rounded(.down)))
    case .layers: nil
    }
  }
}
