/// Curves over a common axis, as SVG that tells its values when pointed at.
public struct LinePlot: Sendable, Hashable {
  /// One curve.
  public struct Series: Sendable, Hashable {
    /// One point; `spread` is half the height of its band.
    public struct Point: Sendable, Hashable {
      /// The position along the horizontal axis.
      public var x: Double
      /// The value.
      public var y: Double
      /// Half the height of the band around it, such as a standard deviation.
      public var spread: Double?

      /// Makes a point.
      public init(x: Double, y: Double, spread: Double? = nil) {
        self.x = x
        self.y = y
        self.spread = spread
      }
    }

    /// What the legend says.
    public var name: String
    /// The points, in the order in which they are joined.
    public var points: [Point]
    /// Whether the curve is dashed, as references are.
    public var isDashed: Bool
    /// Whether the points are joined.
    public var isJoined: Bool

    /// Makes a curve.
    public init(
      name: String, points: [Point], isDashed: Bool = false, isJoined: Bool = true
    ) {
      self.name = name
      self.points = points
      self.isDashed = isDashed
      self.isJoined = isJoined
    }
  }

  /// What stands above the plot.
  public var title: String
  /// What stands below the horizontal axis.
  public var xTitle: String
  /// What stands beside the vertical axis.
  public var yTitle: String
  /// The curves.
  public var series: [Series]
  /// Whether the horizontal axis is logarithmic, where all values are positive.
  public var xIsLogarithmic: Bool
  /// Whether the vertical axis is logarithmic, where all values are positive.
  public var yIsLogarithmic: Bool

  /// Makes a plot.
  public init(
    title: String, xTitle: String, yTitle: String, series: [Series],
    xIsLogarithmic: Bool = false, yIsLogarithmic: Bool = false
  ) {
    self.title = title
    self.xTitle = xTitle
    self.yTitle = yTitle
    self.series = series
    self.xIsLogarithmic = xIsLogarithmic
    self.yIsLogarithmic = yIsLogarithmic
  }

  /// The picture; points that are not finite are left out.
  public func svg(width: Double = 720, height: Double = 420) -> String {
    var canvas = SVGCanvas(width: width, height: height)
    let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    let horizontal = Axis(values: points.map(\.x), isLogarithmic: xIsLogarithmic)
    let spreads = points.flatMap { [$0.y - ($0.spread ?? 0), $0.y + ($0.spread ?? 0)] }
    let vertical = Axis(values: spreads, isLogarithmic: yIsLogarithmic)
    let legendRows = series.count > 1 ? (series.count + 2) / 3 : 0
    let frame = Frame(
      left: 72, right: width - 20, top: 40 + Double(legendRows) * 18, bottom: height - 52)
    draw(horizontal, vertical, in: frame, on: &canvas)
    canvas.text(title, x: width / 2, y: 22, size: 15)
    for (index, series) in series.enumerated() {
      draw(series, color: SVGCanvas.color(index), horizontal, vertical, in: frame, on: &canvas)
      guard legendRows > 0 else { continue }
      let x = frame.left + Double(index % 3) * (frame.right - frame.left) / 3
      let y = 40 + Double(index / 3) * 18
      canvas.rectangle(x: x, y: y - 8, width: 14, height: 4, color: SVGCanvas.color(index))
      canvas.text(series.name, x: x + 20, y: y - 2, anchor: "start", size: 12)
    }
    return canvas.document(title: title)
  }

  private struct Frame {
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double

    func x(_ share: Double) -> Double { left + share * (right - left) }
    func y(_ share: Double) -> Double { bottom - share * (bottom - top) }
  }

  private func draw(
    _ horizontal: Axis, _ vertical: Axis, in frame: Frame, on canvas: inout SVGCanvas
  ) {
    for tick in vertical.ticks {
      let y = frame.y(
        vertical.position(tick))
      canvas.line(frame.left, y, frame.right, y, style: "class=\"grid\"")
      canvas.text(vertical.label(tick), x: frame.left - 8, y: y + 4, anchor: "end", size: 11)
    }
    for tick in horizontal.ticks {
      let x = frame.x(horizontal.position(tick))
      canvas.line(x, frame.bottom, x, frame.bottom + 5)
      canvas.text(horizontal.label(tick), x: x, y: frame.bottom + 18, size: 11)
    }
    canvas.line(frame.left, frame.bottom, frame.right, frame.bottom)
    canvas.line(frame.left, frame.top, frame.left, frame.bottom)
    canvas.text(xTitle, x: (frame.left + frame.right) / 2, y: frame.bottom + 40, size: 13)
    canvas.text(yTitle, x: 18, y: (frame.top + frame.bottom) / 2, size: 13, rotated: true)
  }

  private func draw(
    _ series: Series, color: String, _ horizontal: Axis, _ vertical: Axis, in frame: Frame,
    on canvas: inout SVGCanvas
  ) {
    let points = series.points.filter {
      $0.x.isFinite && $0.y.isFinite && (!vertical.isLogarithmic || $0.y > 0)
    }
    func place(_ x: Double, _ y: Double) -> (Double, Double) {
      (frame.x(horizontal.position(x)), frame.y(vertical.position(y)))
    }
    if series.isJoined, points.contains(where: { $0.spread != nil }), !vertical.isLogarithmic {
      let upper = points.map { place($0.x, $0.y + ($0.spread ?? 0)) }
      let lower = points.map { place($0.x, $0.y - ($0.spread ?? 0)) }
      canvas.area(upper + lower.reversed(), color: color)
    }
    if series.isJoined {
      canvas.polyline(points.map { place($0.x, $0.y) }, color: color, dashed: series.isDashed)
    }
    let isDense = points.count > 80
    for point in points where !isDense || !series.isJoined {
      let (x, y) = place(point.x, point.y)
      let spread = point.spread.map { " ± \(Units.significant($0, digits: 2))" } ?? ""
      let hover =
        "\(series.name): \(Units.significant(point.x, digits: 4)), "
        + "\(Units.significant(point.y, digits: 4))\(spread)"
      canvas.dot(x, y, color: color, hover: hover)
    }
  }
}
