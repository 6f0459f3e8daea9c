extension String {
  /// The text with `?` for each scalar that could steer a terminal or forge a line of its own.
  package func withoutControls(except kept: Unicode.Scalar...) -> String {
    func isSteering(_ scalar: Unicode.Scalar) -> Bool {
      scalar.isSteering && !kept.contains(scalar)
    }
    guard unicodeScalars.contains(where: isSteering) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.map { isSteering($0) ? "?" : $0 }))
  }

  /// The text as a whole message: without controls, and cut in its middle above 2,000 scalars.
  ///
  /// Every error's description ends with it, for names and values out of files stand in them.
  package func oneLine() -> String {
    let limit = 2000
    guard utf8.count > limit, unicodeScalars.count > limit else { return withoutControls() }
    let start = String(String.UnicodeScalarView(unicodeScalars.prefix(limit - 500)))
    let end = String(String.UnicodeScalarView(unicodeScalars.suffix(499)))
    return (start + "…" + end).withoutControls()
  }

  /// The text as a part of a message: without controls, and with `…` after `count` scalars.
  package func shortened(to count: Int = 60) -> String {
    let start = String(String.UnicodeScalarView(unicodeScalars.prefix(count))).withoutControls()
    return unicodeScalars.count > count ? start + "…" : start
  }

  /// Whether the text may be a name: 1 to 4096 bytes of which none can steer a terminal.
  package var isPrintableName: Bool {
    !isEmpty && utf8.count <= 4096 && !unicodeScalars.contains(where: \.isSteering)
  }
}

extension Unicode.Scalar {
  /// Whether it is a control character (C0, DEL, C1), ends a line, or turns the writing direction.
  package var isSteering: Bool {
    if value < 0x7F { return value < 0x20 }
    if value <= 0x9F { return true }
    return value == 0x2028 || value == 0x2029 || properties.isBidiControl
  }
}
