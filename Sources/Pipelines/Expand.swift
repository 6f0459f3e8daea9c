import Compression
import Foundation
import Interchange
import ModelFile
public import Models

/// Rebuilds dense kernels under the original layers' names.
public enum Expand {
  /// Writes a container whose kernels are all dense, with a Keras view where one can be had.
  public static func run(
    input: String, output: String, force: Bool, readOptions: ReadOptions = ReadOptions(),
    toolVersion: String
  ) throws -> ModelWriting.Result {
    guard
      URL(fileURLWithPath: input).resolvingSymlinksInPath()
        != URL(fileURLWithPath: output).resolvingSymlinksInPath()
    else {
      throw PipelineError(
        place: output, reason: "input and output are the same file; name another output with -o")
    }
    try AtomicFile.check(output, force: force)
    let opened = try OpenedModel(input, options: readOptions)
    let whole = try opened.imported.wholeModel(from: input)
    var model = try whole.expanded()
    model.metadata.record(
      changeOf: opened, parameterCount: whole.parameterCount, digest: try opened.digest(),
      command: ["expand"], toolVersion: toolVersion)
    return try ModelWriting.write(model, to: output, force: force)
  }
}
