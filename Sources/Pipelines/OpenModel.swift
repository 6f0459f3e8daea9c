import Foundation
import Interchange
public import Models

/// A model that was read from a file, and what is known of the file.
public struct OpenedModel: Sendable {
  /// The path as given.
  public let path: String
  /// The model and the reader's remarks.
  public let imported: ImportedModel
  /// The file's size in bytes.
  public let fileByteCount: Int

  /// Reads a model file of any format that modelc knows.
  /// - Throws: an error whose description names the file, the place and both sides.
  public init(_ path: String, options: ReadOptions = ReadOptions()) throws {
    self.path = path
    imported = try FormatRegistry.open(path, options: options)
    let attributes = try FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    fileByteCount = attributes[.size] as? Int ?? 0
  }
}

extension OpenedModel {
  /// SHA-256 of the file's content, in lower-case hexadecimal.
  public func digest() throws -> String { try SourceDigest.hexadecimal(of: path) }

  /// The model, if the file held its graph.
  /// - Throws: an error that says what is missing and how to save the whole model.
  public func wholeModel() throws -> Model { try imported.wholeModel(from: path) }
}
