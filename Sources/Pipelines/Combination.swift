public import Compression
public import ModelFile

/// One way of combining low rank, pruning and quantised storage to meet a limit in bytes.
public struct Combination: Sendable, Hashable {
  /// How kernels and factors are stored; nil keeps their type.
  public var encoding: StoredEncoding?
  /// How tensors lie in the file.
  public var layout: StorageOptions.Layout
  /// The share of the inputs of flat layers that stays; 1 keeps all.
  public var inputShare: Double
  /// The share of each factor's weights that is pruned halfway through fine-tuning.
  public var sparsity: Double

  /// Makes a combination.
  public init(
    encoding: StoredEncoding?, layout: StorageOptions.Layout = .open, inputShare: Double = 1,
    sparsity: Double = 0
  ) {
    self.encoding = encoding
    self.layout = layout
    self.inputShare = inputShare
    self.sparsity = sparsity
  }
}

/// A combination that was tried.
public struct TriedCombination: Sendable, Hashable {
  /// What was combined.
  public var combination: Combination
  /// The model's parameters; nil where the limit was out of reach.
  public var parameterCount: Int?
  /// The file's bytes; nil where the limit was out of reach.
  public var byteCount: Int?
  /// The loss on held-out examples before fine-tuning; nil where the limit was out of reach.
  public var loss: Double?
  /// The accuracy there.
  public var accuracy: Double?
  /// The loss of what is stored after fine-tuning; nil where it was not fine-tuned.
  public var tunedLoss: Double?
  /// The accuracy of what is stored after fine-tuning.
  public var tunedAccuracy: Double?
  /// Whether it was taken.
  public var isChosen = false
  /// Why it was not taken further; empty otherwise.
  public var remark = ""
}
