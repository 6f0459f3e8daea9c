import Interchange
public import ModelFile
public import Models

/// Writes containers with a Keras view wherever one can be had.
public enum ModelWriting {
  /// What was written.
  public struct Result: Sendable {
    /// The file.
    public let file: WrittenFile
    /// Why it has no Keras view; nil if it has one.
    public let viewObstacle: String?
  }

  /// Writes a container whole or not at all.
  public static func write(
    _ model: Model, to path: String, storage: StorageOptions = StorageOptions(),
    force: Bool = false, allowsCode: Bool = false
  ) throws -> Result {
    var views: [any ContainerView] = []
    var obstacle: String?
    if storage.layout == .open {
      do throws(KerasViewObstacle) {
        views = [try KerasView(of: model, allowsCode: allowsCode)]
      } catch {
        obstacle = error.description
      }
    } else {
      obstacle = "packed storage"
    }
    let file = try ModelFileWriter.write(
      model, to: path, options: storage, force: force, views: views)
    return Result(file: file, viewObstacle: obstacle)
  }
}
