/// A pattern for layer paths: `*` and `?` stand for characters within one component, `**` for any,
/// `[a-c]` for one of a set.
public struct Glob: Sendable, Hashable, CustomStringConvertible {
  private enum Token: Sendable, Hashable {
    case literal(Character)
    case one
    case many
    case manyComponents
    case set([ClosedRange<Character>], negated: Bool)
  }

  /// The pattern as written.
  public let description: String
  private let tokens: [Token]

  /// Reads a pattern.
  /// - Throws: `SpecificationError` for an empty pattern or a set without an end.
  public init(_ pattern: String, subject: String = "glob") throws(SpecificationError) {
    guard !pattern.isEmpty else { throw SpecificationError(subject, "the pattern is empty") }
    description = pattern
    var tokens: [Token] = []
    var rest = Array(pattern)[...]
    while let character = rest.popFirst() {
      switch character {
      case "*":
        let isDouble = rest.first == "*"
        while rest.first == "*" { rest.removeFirst() }
        tokens.append(isDouble ? .manyComponents : .many)
      case "?": tokens.append(.one)
      case "[":
        guard let end = rest.dropFirst().firstIndex(of: "]") else {
          throw SpecificationError(subject, "'\(pattern)': '[' without ']'")
        }
        tokens.append(Glob.set(rest[rest.startIndex..<end]))
        rest = rest[(end + 1)...]
      default: tokens.append(.literal(character))
      }
    }
    self.tokens = tokens
  }

  private static func set(_ members: ArraySlice<Character>) -> Token {
    var rest = members
    let negated = rest.first == "!" || rest.first == "^"
    if negated { rest.removeFirst() }
    var ranges: [ClosedRange<Character>] = []
    while let low = rest.popFirst() {
      if rest.first == "-", rest.count >= 2 {
        rest.removeFirst()
        let high = rest.removeFirst()
        if low <= high { ranges.append(low...high) }
      } else {
        ranges.append(low...low)
      }
    }
    return .set(ranges, negated: negated)
  }

  /// Whether the whole path matches.
  public func matches(_ path: String) -> Bool {
    let path = Array(path)
    // Reachable positions of the path after each token: no pattern takes exponential time.
    var reachable = [Bool](repeating: false, count: path.count + 1)
    reachable[0] = true
    for token in tokens {
      var next = [Bool](repeating: false, count: path.count + 1)
      switch token {
      case .many, .manyComponents:
        let crosses = token == .manyComponents
        var isOpen = false
        for position in 0...path.count {
          if position > 0, !crosses, path[position - 1] == "/" { isOpen = false }
          if reachable[position] { isOpen = true }
          next[position] = isOpen
        }
      default:
        for position in 0..<path.count where reachable[position] {
          if Glob.accepts(token, path[position]) { next[position + 1] = true }
        }
      }
      reachable = next
    }
    return reachable[path.count]
  }

  private static func accepts(_ token: Token, _ character: Character) -> Bool {
    switch token {
    case .literal(let wanted): character == wanted
    case .one: character != "/"
    case .set(let ranges, let negated):
      character != "/" && ranges.contains { $0.contains(character) } != negated
    case .many, .manyComponents: false
    }
  }
}
