public import Models

/// What is to be done to each kernel of a model, and why: a value that can be printed, compared,
/// stored and applied.
public struct CompressionPlan: Sendable, Hashable {
  /// What is done to one kernel.
  public enum Action: Sendable, Hashable {
    /// The weight stays as it is.
    case keep
    /// The weight is brought into a form with given ranks.
    case factorize(Weight.Kind, ranks: [Int])
  }

  /// One kernel's action and its reason.
  public struct Decision: Sendable, Hashable {
    /// The kernel's path, `conv2/kernel`.
    public var path: String
    /// What is done.
    public var action: Action
    /// What errors were weighted with.
    public var weighting: Weighting
    /// Why, in words for a table.
    public var reason: String

    /// Makes a decision.
    public init(
      path: String, action: Action, weighting: Weighting = .none, reason: String = ""
    ) {
      self.path = path
      self.action = action
      self.weighting = weighting
      self.reason = reason
    }
  }

  /// The digest of the source file that the plan was made for; nil if it fits any file.
  public var sourceDigest: String?
  /// The decisions, in layer order; kernels not named are kept.
  public var kernels: [Decision]
  /// How kernels and factors are stored; nil keeps each kernel's own type.
  public var encoding: StoredEncoding?

  /// Makes a plan.
  public init(
    sourceDigest: String? = nil, kernels: [Decision], encoding: StoredEncoding? = nil
  ) {
    self.sourceDigest = sourceDigest
    self.kernels = kernels
    self.encoding = encoding
  }

  /// The decision about a kernel.
  public subscript(path: String) -> Decision? { kernels.first { $0.path == path } }
}

/// What errors of a kernel are measured against.
public enum Weighting: String, Sendable, Hashable, CaseIterable {
  /// Every entry of the kernel counts the same.
  case none
  /// The error of the layer's output on calibration data.
  case activations
  /// The same, with outputs weighted by the loss's curvature (Kronecker-factored).
  case kfac
}
