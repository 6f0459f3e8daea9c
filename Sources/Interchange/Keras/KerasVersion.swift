/// A version of Keras as files state it, such as `2.15.0` or `2.4.0-tf`.
struct KerasVersion: Sendable, Hashable {
  let major: Int
  let minor: Int

  /// Reads the first two numbers of a version; nil for text that does not start with two.
  init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, let major = Int(parts[0]),
      let minor = Int(parts[1].prefix { $0.isASCII && $0.isNumber })
    else { return nil }
    self.major = major
    self.minor = minor
  }

  init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// What a file without a version counts as: Keras 2, unless its configuration shows Keras 3.
  static let unstated = KerasVersion(major: 2, minor: 0)
}
