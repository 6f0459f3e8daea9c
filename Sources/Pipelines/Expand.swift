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
    var model = try opened.imported.wholeModel(from: input).expanded()
    let old = model.metadata.provenance
    model.metadata.provenance = Provenance(
      sourceDigest: try SourceDigest.hexadecimal(of: input),
      sourceFormat: opened.imported.format, sourceParameterCount: old?.sourceParameterCount,
      sourceByteCount: old?.sourceByteCount, command: ["expand"], toolVersion: toolVersion)
    return try ModelWriting.write(model, to: output, force: force)
  }
}
