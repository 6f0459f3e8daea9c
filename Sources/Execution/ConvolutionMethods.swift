/// The faster ways to convolve that a plan may choose beside products over gathered rows.
///
/// Tests narrow them, so that every way passes the same tests.
package struct ConvolutionMethods: OptionSet, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Winograd's filtering for dense 3×3 windows.
  package static let minimalFiltering = ConvolutionMethods(rawValue: 1)
  /// oneDNN, where this build has it and the machine too.
  package static let library = ConvolutionMethods(rawValue: 2)

  /// What plans made by this task may choose.
  @TaskLocal package static var allowed: ConvolutionMethods = [.minimalFiltering, .library]
}
