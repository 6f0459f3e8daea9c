import Foundation
@testable import Interchange
import JSON
import TestSupport
import Testing

@Suite struct KerasOrderTests {
  private typealias Node = KerasOrder.Node

  private func order(_ inputs: [[[Int]]], outputs: [Int]) -> [Int]? {
    let calls = inputs.map { layer in layer.map { call in call.map { Node(layer: $0, call: 0) } } }
    return KerasOrder(calls: calls, outputs: outputs.map { Node(layer: $0, call: 0) }, inputs: [0])?
      .layers
  }

  /// Keras lists a residual block's shortcut beside the branch's last convolution.
  @Test func branchesAreListedByDepth() {
    // 0 input, 1 and 2 the branch, 3 the shortcut, 4 the sum of branch and shortcut.
    #expect(order([[[]], [[0]], [[1]], [[0]], [[2, 3]]], outputs: [4]) == [0, 1, 2, 3, 4])
    // The sum reads the shortcut first: among equals it then comes first.
    #expect(order([[[]], [[0]], [[1]], [[0]], [[3, 2]]], outputs: [4]) == [0, 1, 3, 2, 4])
  }

  @Test func layersThatNothingNeedsAreLeftOut() {
    #expect(order([[[]], [[0]], [[0]]], outputs: [1]) == [0, 1])
  }

  @Test func cycleHasNoOrder() {
    #expect(order([[[]], [[2]], [[1]]], outputs: [2]) == nil)
  }

  @Test func deepChainNeedsNoStack() {
    let chain = (0..<50_000).map { [$0 == 0 ? [] : [$0 - 1]] }
    #expect(order(chain, outputs: [49_999]) == Array(0..<50_000))
  }

  /// Keras wrote these files in the order of its own list; ours must be the same.
  @Test(arguments: KerasFixtures.models.filter { $0.hasSuffix(".h5") && $0.contains("-k") })
  func orderIsThatInWhichKerasSaved(file: String) throws {
    let source = try HDF5Names(Fixtures.path("keras/\(file)"))
    var reader = LevelReader()
    let level = try reader.read(try JSONValue(parsing: source.configuration))
    var names = level.bound.map(\.name)
    if level.isSequential, level.entries[0].isInput { names.removeFirst() }
    #expect(names == source.layerNames)
  }

  @Test(arguments: [
    ("Conv2D", "conv2d"), ("Conv2DTranspose", "conv2d_transpose"), ("ReLU", "re_lu"),
    ("PReLU", "p_re_lu"), ("LeakyReLU", "leaky_re_lu"), ("MaxPooling2D", "max_pooling2d"),
    ("InputLayer", "input_layer"), ("GlobalAveragePooling1D", "global_average_pooling1d"),
    ("LSTM", "lstm"), ("SimpleRNN", "simple_rnn"), ("MultiHeadAttention", "multi_head_attention"),
    ("DepthwiseConv2D", "depthwise_conv2d"), ("ELU", "elu"), ("TFOpLambda", "tf_op_lambda"),
  ])
  func classNamesBecomeGroupNames(className: String, expected: String) {
    #expect(snakeName(className) == expected)
  }
}
