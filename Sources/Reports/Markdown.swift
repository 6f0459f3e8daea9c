/// The part of Markdown that reports are written in, as HTML.
///
/// Headings, paragraphs, lists, tables, code, quotes, links, emphasis and pictures; everything else
/// stays as it is written. Text is escaped, so nothing in it becomes markup.
public struct Markdown: Sendable {
  /// The text of the first heading of level 1.
  public private(set) var title: String?
  /// The body without that heading.
  public private(set) var html = ""

  /// Renders a text; `picture` turns a picture's path and words into HTML, nil leaves the words.
  public init(_ text: String, picture: (_ path: String, _ words: String) -> String?) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
    while let line = lines.first {
      if line.trimmed.isEmpty {
        lines.removeFirst()
      } else if line.hasPrefix("```") {
        code(&lines)
      } else if line.hasPrefix("    ") {
        indentedCode(&lines)
      } else if line.hasPrefix("#") {
        heading(lines.removeFirst())
      } else if line.hasPrefix("|") {
        table(&lines, picture)
      } else if Markdown.item(line) != nil {
        list(&lines, picture)
      } else if line.hasPrefix("<!--") {
        lines.removeFirst()
      } else if line.hasPrefix(">") {
        html += "<blockquote>\(inline(line.dropFirst().trimmed, picture))</blockquote>\n"
        lines.removeFirst()
      } else {
        paragraph(&lines, picture)
      }
    }
  }

  private typealias Pictures = (String, String) -> String?

  private mutating func heading(_ line: String) {
    let level = min(line.prefix { $0 == "#" }.count, 6)
    let words = line.dropFirst(level).trimmed
    if level == 1, title == nil {
      title = words
      return
    }
    html += "<h\(level)>\(inline(words) { _, _ in nil })</h\(level)>\n"
  }

  private mutating func code(_ lines: inout ArraySlice<String>) {
    lines.removeFirst()
    var content: [String] = []
    while let line = lines.popFirst(), !line.hasPrefix("```") { content.append(line) }
    html += "<pre>\(SVGCanvas.escaped(content.joined(separator: "\n")))</pre>\n"
  }

  private mutating func indentedCode(_ lines: inout ArraySlice<String>) {
    var content: [String] = []
    while let line = lines.first, line.hasPrefix("    ") || line.trimmed.isEmpty {
      content.append(String(line.dropFirst(4)))
      lines.removeFirst()
    }
    while content.last?.isEmpty == true { content.removeLast() }
    html += "<pre>\(SVGCanvas.escaped(content.joined(separator: "\n")))</pre>\n"
  }

  private mutating func paragraph(_ lines: inout ArraySlice<String>, _ picture: Pictures) {
    var words: [String] = []
    while let line = lines.first, !line.trimmed.isEmpty, !line.hasPrefix("|"),
      !line.hasPrefix("```"), !line.hasPrefix("#"), Markdown.item(line) == nil
    {
      words.append(line.trimmed)
      lines.removeFirst()
    }
    let text = inline(words.joined(separator: " "), picture)
    html += text.hasPrefix("<figure") ? text + "\n" : "<p>\(text)</p>\n"
  }

  /// The content of a list item and whether it is numbered; nil for other lines.
  private static func item(_ line: String) -> (isNumbered: Bool, content: String)? {
    if line.hasPrefix("* ") || line.hasPrefix("- ") {
      return (false, line.dropFirst(2).trimmed)
    }
    let digits = line.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, line.dropFirst(digits.count).hasPrefix(". ") else { return nil }
    return (true, line.dropFirst(digits.count + 2).trimmed)
  }

  private mutating func list(_ lines: inout ArraySlice<String>, _ picture: Pictures) {
    var items: [String] = []
    let isNumbered = lines.first.flatMap(Markdown.item)?.isNumbered ?? false
    while let line = lines.first, !line.trimmed.isEmpty {
      if let item = Markdown.item(line) {
        items.append(item.content)
      } else if line.hasPrefix(" "), !items.isEmpty {
        items[items.count - 1] += " " + line.trimmed
      } else {
        break
      }
      lines.removeFirst()
    }
    let tag = isNumbered ? "ol" : "ul"
    html +=
      "<\(tag)>\n" + items.map { "<li>\(inline($0, picture))</li>\n" }.joined() + "</\(tag)>\n"
  }

  private mutating func table(_ lines: inout ArraySlice<String>, _ picture: Pictures) {
    var rows: [[String]] = []
    while let line = lines.first, line.hasPrefix("|") {
      rows.append(Markdown.cells(line))
      lines.removeFirst()
    }
    let marks = rows.count > 1 ? rows[1] : []
    let isRule = !marks.isEmpty && marks.allSatisfy { $0.allSatisfy { "-: ".contains($0) } }
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>"
        + cells.enumerated().map { index, cell in
          let isNumber = isRule && index < marks.count && marks[index].hasSuffix(":")
          return "<\(tag)\(isNumber ? " class=\"number\"" : "")>\(inline(cell, picture))</\(tag)>"
        }.joined() + "</tr>\n"
    }
    html += "<div class=\"scroll\"><table>"
    if isRule, let first = rows.first { html += "<thead>\(row(first, "th"))</thead>" }
    html += "<tbody>\(rows.dropFirst(isRule ? 2 : 0).map { row($0, "td") }.joined())</tbody>"
    html += "</table></div>\n"
  }

  private static func cells(_ line: String) -> [String] {
    var text = line.trimmed
    if text.hasPrefix("|") { text.removeFirst() }
    if text.hasSuffix("|"), !text.hasSuffix("\\|") { text.removeLast() }
    var cells = [""]
    var isEscaped = false
    for character in text {
      if character == "|", !isEscaped {
        cells.append("")
      } else {
        if character == "|" { cells[cells.count - 1].removeLast() }
        cells[cells.count - 1].append(character)
      }
      isEscaped = character == "\\"
    }
    return cells.map(\.trimmed)
  }

  // MARK: Within a line

  private func inline(_ text: String, _ picture: Pictures) -> String {
    var result = ""
    var rest = text[...]
    while let character = rest.first {
      if character == "`", let end = rest.dropFirst().firstIndex(of: "`") {
        result +=
          "<code>\(SVGCanvas.escaped(String(rest[rest.index(after: rest.startIndex)..<end])))</code>"
        rest = rest[rest.index(after: end)...]
      } else if rest.hasPrefix("!["), let link = Markdown.link(rest.dropFirst()) {
        result += picture(link.target, link.words) ?? SVGCanvas.escaped(link.words)
        rest = link.rest
      } else if character == "[", let link = Markdown.link(rest) {
        result +=
          "<a href=\"\(SVGCanvas.escaped(link.target))\">\(inline(link.words, picture))</a>"
        rest = link.rest
      } else if rest.hasPrefix("**"), let end = rest.dropFirst(2).firstRange(of: "**") {
        let inner = String(rest.dropFirst(2)[..<end.lowerBound])
        result += "<strong>\(inline(inner, picture))</strong>"
        rest = rest[end.upperBound...]
      } else if character == "*", let end = Markdown.emphasisEnd(rest) {
        let inner = String(rest[rest.index(after: rest.startIndex)..<end])
        result += "<em>\(inline(inner, picture))</em>"
        rest = rest[rest.index(after: end)...]
      } else {
        result += SVGCanvas.escaped(String(character))
        rest = rest.dropFirst()
      }
    }
    return result
  }

  /// The closing star of `*words*`, which touches its words on both sides.
  private static func emphasisEnd(_ text: Substring) -> String.Index? {
    let inner = text.dropFirst()
    guard let first = inner.first, first != " ", let end = inner.firstIndex(of: "*"),
      end > inner.startIndex, inner[inner.index(before: end)] != " "
    else { return nil }
    return end
  }

  /// `[words](target)` at the start; only plain targets are links.
  private static func link(
    _ text: Substring
  ) -> (words: String, target: String, rest: Substring)? {
    guard let middle = text.firstRange(of: "]("),
      let end = text[middle.upperBound...].firstIndex(of: ")")
    else { return nil }
    let words = String(text[text.index(after: text.startIndex)..<middle.lowerBound])
    let target = String(text[middle.upperBound..<end])
    guard !words.contains("["), !target.lowercased().hasPrefix("javascript:") else { return nil }
    return (words, target, text[text.index(after: end)...])
  }
}

extension StringProtocol {
  /// Without spaces at both ends.
  fileprivate var trimmed: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
