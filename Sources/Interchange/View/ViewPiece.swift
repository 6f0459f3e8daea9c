import JSON
import Models

/// One Keras layer of a view: a layer of the model, or a part of one.
///
/// A low-rank Dense layer, for instance, is two pieces. The last piece gives the layer's result.
struct ViewPiece {
  /// What a piece reads.
  enum Operand: Hashable {
    /// What the layer is called on.
    case input
    /// The result of an earlier piece of the same layer.
    case piece(Int)
  }

  /// What is added to the layer's name; nil where the piece keeps it.
  var suffix: String?
  /// Keras' class name.
  var className: String
  /// The settings without name and dtype, with keys that Keras 2.15 and Keras 3 both accept.
  var settings: JSONObject
  /// The weights in Keras' order.
  var weights: [KerasView.WeightLink] = []
  /// What it reads; a merge of the layer's own inputs reads `.input` once.
  var operands: [Operand] = [.input]
  /// Whether the class takes `training` in its calls.
  var heedsTraining = false
}
