import Tensors

/// The extent of a dilated window, (k − 1)·d + 1; nil if it cannot be counted.
func dilatedExtent(_ kernel: Int, dilation: Int) -> Int? {
  guard kernel >= 1, dilation >= 1 else { return nil }
  let (reach, overflow) = (kernel - 1).multipliedReportingOverflow(by: dilation)
  return overflow ? nil : sum(reach, 1)
}

/// The number of window positions over `extent` entries; nil if there is none or too many.
func windowPositions(
  over extent: Int, kernel: Int, stride: Int, dilation: Int, before: Int, after: Int
) -> Int? {
  guard stride >= 1, before >= 0, after >= 0, extent >= 1,
    let window = dilatedExtent(kernel, dilation: dilation),
    let padded = sum(extent, before, after), padded >= window
  else { return nil }
  return (padded - window) / stride + 1
}

/// The number of results of a transposed window; nil if there is none or too many.
func transposedPositions(
  over extent: Int, kernel: Int, stride: Int, dilation: Int, before: Int, after: Int,
  outputPadding: Int
) -> Int? {
  guard stride >= 1, before >= 0, after >= 0, outputPadding >= 0, extent >= 1,
    let window = dilatedExtent(kernel, dilation: dilation)
  else { return nil }
  let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
  guard !overflow, let full = sum(reach, window, outputPadding), let margin = sum(before, after),
    full > margin
  else { return nil }
  return full - margin
}

/// The sum of non-negative sizes, or nil if it overflows.
func sum(_ sizes: Int...) -> Int? {
  var total = 0
  for size in sizes {
    let (next, overflow) = total.addingReportingOverflow(size)
    guard !overflow else { return nil }
    total = next
  }
  return total
}

/// The product of sizes, or nil if it overflows.
func product(_ sizes: Int...) -> Int? { Shape.elementCount(of: sizes) }

extension Padding2D {
  /// The padding that Keras means by a rule.
  static func keras(
    _ rule: PaddingRule, input: Extent2D, window: Extent2D, strides: Extent2D, dilation: Extent2D
  ) -> Padding2D? {
    guard
      let rows = axis(
        rule, extent: input.height, kernel: window.height, stride: strides.height,
        dilation: dilation.height),
      let columns = axis(
        rule, extent: input.width, kernel: window.width, stride: strides.width,
        dilation: dilation.width)
    else { return nil }
    return Padding2D(
      top: rows.before, left: columns.before, bottom: rows.after, right: columns.after)
  }

  private static func axis(
    _ rule: PaddingRule, extent: Int, kernel: Int, stride: Int, dilation: Int
  ) -> (before: Int, after: Int)? {
    guard extent >= 1, stride >= 1, let window = dilatedExtent(kernel, dilation: dilation) else {
      return nil
    }
    guard rule == .same else { return (0, 0) }
    // (⌈n ÷ s⌉ − 1)·s is below n, so it cannot overflow.
    let lastStart = (extent - 1) / stride * stride
    guard let reach = sum(lastStart, window) else { return nil }
    let total = max(reach - extent, 0)
    return (total / 2, total - total / 2)
  }
}

/// One axis of a Keras transposed convolution.
struct TransposedAxis {
  let before: Int
  let after: Int
  let outputPadding: Int

  init?(
    _ rule: PaddingRule, extent: Int, kernel: Int, stride: Int, dilation: Int, outputPadding: Int?
  ) {
    guard extent >= 1, stride >= 1, (outputPadding ?? 0) >= 0,
      let window = dilatedExtent(kernel, dilation: dilation),
      let strided = product(extent, stride),
      let reach = product(extent - 1, stride), let full = sum(reach, window)
    else { return nil }
    let result: Int
    if let outputPadding {
      let trimmed = full - (rule == .same ? window / 2 * 2 : 0)
      guard let padded = sum(trimmed, outputPadding) else { return nil }
      result = padded
    } else if rule == .same {
      result = strided
    } else {
      guard let longest = sum(strided, max(window - stride, 0)) else { return nil }
      result = longest
    }
    guard result >= 1 else { return nil }
    let total = rule == .same ? max(full - result, 0) : 0
    before = total / 2
    after = total - total / 2
    self.outputPadding = result - (full - total)
    guard self.outputPadding >= 0 else { return nil }
  }
}
