/// A height and a width.
public struct Extent2D: Sendable, Hashable, CustomStringConvertible {
  /// The extent along the image's rows.
  public let height: Int
  /// The extent along the image's columns.
  public let width: Int

  /// Makes an extent.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// One by one.
  public static let one = Extent2D(height: 1, width: 1)
  /// Nothing in either direction.
  public static let zero = Extent2D(height: 0, width: 0)

  /// The two extents joined by ×.
  public var description: String { "\(height)×\(width)" }
}

/// Rows and columns added around an image.
public struct Padding2D: Sendable, Hashable, CustomStringConvertible {
  /// The rows added above.
  public let top: Int
  /// The columns added before.
  public let left: Int
  /// The rows added below.
  public let bottom: Int
  /// The columns added after.
  public let right: Int

  /// Makes explicit padding.
  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  /// No padding.
  public static let zero = Padding2D(top: 0, left: 0, bottom: 0, right: 0)

  /// Top, left, bottom, right.
  public var description: String { "\(top),\(left),\(bottom),\(right)" }
}

/// The two padding rules that Keras names.
public enum PaddingRule: String, Sendable, Hashable, CaseIterable {
  /// No padding: the window stays inside the image.
  case valid
  /// Padding such that the result has ⌈n ÷ stride⌉ positions; the odd one goes to the end.
  case same
}

/// How a convolution's kernel moves; its extents are the kernel tensor's.
public struct Conv2DGeometry: Sendable, Hashable {
  /// The steps between neighbouring results.
  public let strides: Extent2D
  /// The steps between neighbouring kernel entries.
  public let dilation: Extent2D
  /// Zeros around the image.
  public let padding: Padding2D
  /// The number of channel groups; each reads its own inputs.
  public let groups: Int

  /// Makes a geometry with explicit padding.
  public init(
    strides: Extent2D = .one, dilation: Extent2D = .one, padding: Padding2D = .zero,
    groups: Int = 1
  ) {
    self.strides = strides
    self.dilation = dilation
    self.padding = padding
    self.groups = groups
  }

  /// The geometry that Keras means by a padding rule.
  ///
  /// `same`: total = max((⌈n ÷ s⌉ − 1)·s + (k − 1)·d + 1 − n, 0), of which ⌊total ÷ 2⌋ come before.
  /// Nil if a size is below 1 or beyond what can be counted.
  public static func keras(
    _ rule: PaddingRule, input: Extent2D, kernel: Extent2D, strides: Extent2D = .one,
    dilation: Extent2D = .one, groups: Int = 1
  ) -> Conv2DGeometry? {
    guard
      let padding = Padding2D.keras(
        rule, input: input, window: kernel, strides: strides, dilation: dilation)
    else { return nil }
    return Conv2DGeometry(
      strides: strides, dilation: dilation, padding: padding, groups: groups)
  }

  /// The geometry and output padding of a transposed convolution as Keras means them.
  ///
  /// Without `outputPadding` the result has n·s positions under `same`, n·s + max(K − s, 0) under
  /// `valid`, with K = (k − 1)·d + 1; with it, (n − 1)·s + K − 2p + outputPadding, p = ⌊K ÷ 2⌋ or 0.
  /// It is the gradient of the convolution that reads the result under the same rule. Nil if a size
  /// is below 1 or beyond what can be counted.
  public static func kerasTransposed(
    _ rule: PaddingRule, input: Extent2D, kernel: Extent2D, strides: Extent2D = .one,
    dilation: Extent2D = .one, outputPadding: Extent2D? = nil
  ) -> (geometry: Conv2DGeometry, outputPadding: Extent2D)? {
    guard
      let rows = TransposedAxis(
        rule, extent: input.height, kernel: kernel.height, stride: strides.height,
        dilation: dilation.height, outputPadding: outputPadding?.height),
      let columns = TransposedAxis(
        rule, extent: input.width, kernel: kernel.width, stride: strides.width,
        dilation: dilation.width, outputPadding: outputPadding?.width)
    else { return nil }
    let padding = Padding2D(
      top: rows.before, left: columns.before, bottom: rows.after, right: columns.after)
    return (
      Conv2DGeometry(strides: strides, dilation: dilation, padding: padding),
      Extent2D(height: rows.outputPadding, width: columns.outputPadding)
    )
  }
}

/// How a pooling window moves.
public struct Pool2DGeometry: Sendable, Hashable {
  /// The window's extents.
  public let window: Extent2D
  /// The steps between neighbouring results.
  public let strides: Extent2D
  /// Positions around the image that the window may touch but that hold nothing.
  public let padding: Padding2D

  /// Makes a geometry with explicit padding.
  public init(window: Extent2D, strides: Extent2D, padding: Padding2D = .zero) {
    self.window = window
    self.strides = strides
    self.padding = padding
  }

  /// The geometry that Keras means by a padding rule; nil if a size cannot be counted.
  public static func keras(
    _ rule: PaddingRule, input: Extent2D, window: Extent2D, strides: Extent2D
  ) -> Pool2DGeometry? {
    guard
      let padding = Padding2D.keras(
        rule, input: input, window: window, strides: strides, dilation: .one)
    else { return nil }
    return Pool2DGeometry(window: window, strides: strides, padding: padding)
  }
}
