/// The name of the group that Keras keeps a class' weights under: `Conv2DTranspose` becomes
/// `conv2d_transpose`, `PReLU` becomes `p_re_lu`.
///
/// Keras' rule, in two passes: `_` before a capital that starts a word of small letters, then
/// `_` between a small letter and a capital.
func snakeName(_ className: String) -> String {
  let scalars = className.unicodeScalars.filter {
    $0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil
  }
  let first = separated(Array(scalars)) { before, at, after in
    !isNewline(before) && isCapital(at) && (after.map(isSmall) ?? false)
  }
  let second = separated(first) { before, at, _ in isSmall(before) && isCapital(at) }
  return String(String.UnicodeScalarView(second)).lowercased()
}

/// Inserts `_` before each scalar for which `isStart` holds of it and its neighbours.
private func separated(
  _ scalars: [Unicode.Scalar],
  _ isStart: (Unicode.Scalar, Unicode.Scalar, Unicode.Scalar?) -> Bool
) -> [Unicode.Scalar] {
  var result: [Unicode.Scalar] = []
  for (index, scalar) in scalars.enumerated() {
    let next = index + 1 < scalars.count ? scalars[index + 1] : nil
    if index > 0, isStart(scalars[index - 1], scalar, next) { result.append("_") }
    result.append(scalar)
  }
  return result
}

private func isSmall(_ scalar: Unicode.Scalar) -> Bool { ("a"..."z").contains(scalar) }
private func isCapital(_ scalar: Unicode.Scalar) -> Bool { ("A"..."Z").contains(scalar) }
private func isNewline(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" }
