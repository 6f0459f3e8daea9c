/// What a compression must reach; one at a time.
public enum CompressionTarget: Sendable, Hashable {
  /// Parameters of the model ÷ parameters of the result, every parameter counted.
  case ratio(Double)
  /// At most this many parameters in the whole model.
  case maximumParameters(Int)
  /// At most this many bytes of the written file.
  case maximumBytes(Int)
  /// At most this many multiplications for one sample.
  case maximumMultiplications(Int)
  /// Given ranks.
  case rank(RankSpecification)
  /// The share of Σσ² that every factorised kernel keeps at least.
  case energy(Double)
  /// The relative Frobenius error that every factorised kernel has at most.
  case maximumError(Double)
  /// The most percentage points of accuracy that may be lost; it is measured, not estimated.
  case maximumAccuracyDrop(points: Double)

  /// Reads `4`, `4x` or `2.5×`.
  /// - Throws: `SpecificationError`; below 1 it says what was probably meant.
  public static func ratio(parsing text: String) throws(SpecificationError) -> CompressionTarget {
    let trimmed = text.hasSuffix("x") || text.hasSuffix("×") ? String(text.dropLast()) : text
    guard let value = Double(trimmed), value.isFinite, value > 0 else {
      throw SpecificationError("--ratio", "'\(text)' is no ratio; write 4 or 4x")
    }
    guard value >= 1 else {
      let meant = shortest((1 / value * 100).rounded() / 100)
      throw SpecificationError(
        "--ratio",
        "\(text) is below 1: the ratio is original ÷ compressed; "
          + "for \(shortest((value * 10000).rounded() / 100)) % of the size write --ratio \(meant)")
    }
    return .ratio(value)
  }

  /// Reads a size such as `20000`, `64K`, `64KiB` or `1.5M`; K is 1024 bytes.
  /// - Throws: `SpecificationError` that shows what was read.
  public static func bytes(parsing text: String, subject: String) throws(SpecificationError) -> Int
  {
    var digits = text.uppercased()
    for suffix in ["IB", "B"] where digits.hasSuffix(suffix) {
      digits.removeLast(suffix.count)
      break
    }
    var unit = 1.0
    if let last = digits.last, let step = ["K", "M", "G"].firstIndex(of: String(last)) {
      digits.removeLast()
      for _ in 0...step { unit *= 1024 }
    }
    guard let value = Double(digits), value.isFinite, value * unit >= 1, value * unit < 1e15 else {
      throw SpecificationError(subject, "'\(text)' is no size; write 20000, 64K or 1.5M")
    }
    return Int((value * unit).rounded(.down))
  }

  /// Reads a count of parameters or multiplications such as `20000`, `20_000` or `1.5M`;
  /// K, M and G are powers of 1000.
  /// - Throws: `SpecificationError` that shows what was read.
  public static func count(parsing text: String, subject: String) throws(SpecificationError) -> Int
  {
    var digits = text.uppercased().filter { $0 != "_" && $0 != "," }
    var unit = 1.0
    if let last = digits.last, let step = ["K", "M", "G"].firstIndex(of: String(last)) {
      digits.removeLast()
      for _ in 0...step { unit *= 1000 }
    }
    guard let value = Double(digits), value.isFinite, value * unit >= 1, value * unit < 1e15 else {
      throw SpecificationError(subject, "'\(text)' is no count; write 20000 or 1.5M")
    }
    return Int((value * unit).rounded(.down))
  }

  /// Reads a share such as `0.95` or `95%`.
  /// - Throws: `SpecificationError` outside 0 … 1.
  public static func energy(parsing text: String) throws(SpecificationError) -> CompressionTarget {
    .energy(try share(parsing: text, subject: "--energy"))
  }

  /// Reads a relative error such as `0.05` or `5%`.
  /// - Throws: `SpecificationError` outside 0 … 1.
  public static func maximumError(
    parsing text: String
  ) throws(SpecificationError) -> CompressionTarget {
    .maximumError(try share(parsing: text, subject: "--max-error"))
  }

  /// Reads percentage points such as `0.5`, `0.5%` or `0.5pp`.
  /// - Throws: `SpecificationError` outside 0 … 100.
  public static func maximumAccuracyDrop(
    parsing text: String
  ) throws(SpecificationError) -> CompressionTarget {
    var digits = text[...]
    for suffix in ["pp", "%"] where digits.hasSuffix(suffix) {
      digits = digits.dropLast(suffix.count)
      break
    }
    guard let points = Double(digits), points.isFinite, (0...100).contains(points) else {
      throw SpecificationError(
        "--max-accuracy-drop",
        "'\(text)' is no number of percentage points between 0 and 100; write 0.5")
    }
    return .maximumAccuracyDrop(points: points)
  }

  private static func share(
    parsing text: String, subject: String
  ) throws(SpecificationError) -> Double {
    let isPercent = text.hasSuffix("%")
    guard let number = Double(isPercent ? String(text.dropLast()) : text), number.isFinite else {
      throw SpecificationError(subject, "'\(text)' is no number; write 0.95 or 95%")
    }
    let value = isPercent ? number / 100 : number
    guard value > 0, value <= 1 else {
      throw SpecificationError(subject, "\(text) is outside 0 … 1; write 0.95 or 95%")
    }
    return value
  }

  /// A number without a needless fraction.
  static func shortest(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }
}
