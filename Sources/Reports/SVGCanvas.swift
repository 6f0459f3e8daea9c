/// Collects the elements of an SVG picture that reads well on light and on dark pages.
struct SVGCanvas {
  let width: Double
  let height: Double
  private var body = ""

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  /// The colours of series, told apart also by people who do not see red and green.
  static let palette = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#7f7f7f",
  ]

  static func color(_ index: Int) -> String { palette[index % palette.count] }

  /// A number short enough for a coordinate.
  static func number(_ value: Double) -> String { Units.fixed(value, decimals: 1) }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String = "class=\"axis\""
  ) {
    let n = SVGCanvas.number
    body += "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" \(style)/>\n"
  }

  mutating func text(
    _ text: String, x: Double, y: Double, anchor: String = "middle", size: Double = 12,
    rotated: Bool = false, color: String? = nil
  ) {
    let n = SVGCanvas.number
    let turn = rotated ? " transform=\"rotate(-90 \(n(x)) \(n(y)))\"" : ""
    let fill = color.map { " style=\"fill:\($0)\"" } ?? ""
    body +=
      "<text x=\"\(n(x))\" y=\"\(n(y))\" text-anchor=\"\(anchor)\" font-size=\"\(n(size))\""
      + "\(turn)\(fill)>\(SVGCanvas.escaped(text))</text>\n"
  }

  mutating func polyline(_ points: [(Double, Double)], color: String, dashed: Bool = false) {
    guard points.count > 1 else { return }
    let list = points.map { "\(SVGCanvas.number($0.0)),\(SVGCanvas.number($0.1))" }
    let dash = dashed ? " stroke-dasharray=\"5 4\"" : ""
    body +=
      "<polyline points=\"\(list.joined(separator: " "))\" fill=\"none\" stroke=\"\(color)\""
      + " stroke-width=\"1.8\"\(dash)/>\n"
  }

  /// A polygon without an outline, for bands of spread.
  mutating func area(_ points: [(Double, Double)], color: String) {
    let list = points.map { "\(SVGCanvas.number($0.0)),\(SVGCanvas.number($0.1))" }
    body +=
      "<polygon points=\"\(list.joined(separator: " "))\" fill=\"\(color)\" opacity=\"0.18\"/>\n"
  }

  /// A dot that tells its values when pointed at.
  mutating func dot(_ x: Double, _ y: Double, radius: Double = 3, color: String, hover: String) {
    let n = SVGCanvas.number
    body +=
      "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" fill=\"\(color)\">"
      + "<title>\(SVGCanvas.escaped(hover))</title></circle>\n"
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, color: String, hover: String? = nil
  ) {
    let n = SVGCanvas.number
    let title = hover.map { "<title>\(SVGCanvas.escaped($0))</title>" } ?? ""
    body +=
      "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\""
      + " fill=\"\(color)\">\(title)</rect>\n"
  }

  /// The whole picture.
  func document(title: String) -> String {
    let n = SVGCanvas.number
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(width)) \(n(height))" \
      role="img" aria-label="\(SVGCanvas.escaped(title))" font-family="system-ui, sans-serif">
      <style>
      text { fill: #222; }
      .axis { stroke: #444; stroke-width: 1; }
      .grid { stroke: #ccc; stroke-width: 0.6; }
      .back { fill: #fff; }
      @media (prefers-color-scheme: dark) {
        text { fill: #ddd; }
        .axis { stroke: #aaa; }
        .grid { stroke: #444; }
        .back { fill: #16181c; }
      }
      </style>
      <rect class="back" width="\(n(width))" height="\(n(height))"/>
      \(body)</svg>

      """
  }
}
