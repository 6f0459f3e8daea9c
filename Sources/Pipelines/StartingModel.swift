import Foundation
import JSON
public import Models
public import Tensors

/// What a training starts from: an architecture by name, a JSON description, or a model file.
public enum StartingModel {
  /// The largest description that is read, in bytes.
  private static let largestDescription = 16 << 20

  /// Makes or opens the model that `text` names.
  ///
  /// A path ending in `.json` is a ``ModelDescription``; another path of an existing file is a model
  /// whose weights are kept; everything else is an architecture such as `mlp:784-100-50-10`.
  ///
  /// - Parameters:
  ///   - inputShape: the shape of one example, for descriptions and architectures.
  ///   - classCount: the number of outputs that the data ask for.
  ///   - seed: decides fresh weights.
  /// - Throws: an error whose description names the file or text, the place and both sides.
  public static func open(
    _ text: String, inputShape: Shape, classCount: Int, seed: UInt64
  ) throws -> Model {
    if text.lowercased().hasSuffix(".json") {
      return try describedModel(at: text, inputShape: inputShape, seed: seed)
    }
    if FileManager.default.fileExists(atPath: text) {
      return try OpenedModel(text).wholeModel()
    }
    return try ModelArchitecture.make(
      text, inputShape: inputShape, classCount: classCount, seed: seed)
  }

  /// What a record calls it: an architecture in full, a file without its folders.
  ///
  /// An architecture can hold slashes, as `cnn:8/2-16/2` does.
  public static func name(_ text: String) -> String {
    FileManager.default.fileExists(atPath: text)
      ? URL(fileURLWithPath: text).lastPathComponent : text
  }

  private static func describedModel(
    at path: String, inputShape: Shape, seed: UInt64
  ) throws -> Model {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw PipelineError(place: path, reason: "it cannot be opened")
    }
    let content = try file.read(upToCount: largestDescription + 1) ?? Data()
    guard content.count <= largestDescription else {
      throw PipelineError(
        place: path,
        reason: "expected a description of at most \(largestDescription) bytes, found a larger file"
      )
    }
    do {
      return try ModelDescription(JSONValue(parsing: [UInt8](content)), inputShape: inputShape)
        .model(seed: seed)
    } catch {
      throw PipelineError(place: path, reason: "\(error)")
    }
  }
}
