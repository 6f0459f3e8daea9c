import Models
import Programs
import Tensors

/// The two files.
public struct CTexts: Sendable, Hashable {
  /// The C file.
  public var source: String
  /// The header.
  public var header: String
}

extension CSource {
  /// The texts of both files; `headerName` is what the C file includes.
  ///
  /// The same model, options and ranges give the same bytes. The self-test passes where
  /// max |difference| ÷ max |expected| stays below `tolerance` for each output, the maximum of the
  /// expected numbers taken over all elements and examples.
  /// - Throws: `CSourceError` naming an example that holds a number which is not finite.
  public func texts(
    _ constants: Constants, headerName: String, examples: [SelfTestExample] = [],
    tolerance: Float = 1e-4
  ) throws(CSourceError) -> CTexts {
    for (index, example) in examples.enumerated() {
      for (name, arrays) in [("inputs", example.inputs), ("outputs", example.outputs)] {
        guard let bad = arrays.joined().first(where: { !$0.isFinite }) else { continue }
        throw CSourceError(
          "self-test example \(index + 1)", "its \(name) hold \(bad); C constants must be finite")
      }
    }
    return CTexts(
      source: CFileWriter(self, constants).source(
        headerName: headerName, examples: examples, tolerance: tolerance),
      header: header(hasSelfTest: !examples.isEmpty))
  }

  var upperPrefix: String { options.prefix.uppercased() }

  /// The class names, if there is one for every output.
  var classNames: [String]? {
    guard let names = model.metadata.classNames, program.outputs.count == 1,
      names.count == program.outputShapes[0].count
    else { return nil }
    return names
  }

  /// `const float *in, float *out`, or numbered where there are several.
  var parameterList: String {
    (inputNames.map { "const float *\($0)" } + outputNames.map { "float *\($0)" })
      .joined(separator: ", ")
  }

  var inputNames: [String] {
    program.inputs.count == 1 ? ["in"] : program.inputs.indices.map { "in\($0)" }
  }

  var outputNames: [String] {
    program.outputs.count == 1 ? ["out"] : program.outputs.indices.map { "out\($0)" }
  }

  private func header(hasSelfTest: Bool) -> String {
    let upper = upperPrefix
    let prefix = options.prefix
    var lines = [
      "/* \(CName.comment(model.name)): the interface. Written by "
        + "\(CName.comment(options.generator)). */",
      "#ifndef \(upper)_H", "#define \(upper)_H", "", "#ifdef __cplusplus", "extern \"C\" {",
      "#endif", "",
    ]
    func count(_ kind: String, _ index: Int, of total: Int, _ shape: Shape, _ name: String) {
      let number = total == 1 ? "" : "\(index)"
      lines.append(
        "#define \(upper)_\(kind)\(number)_COUNT \(shape.count) /* \(CName.comment(name)): "
          + "\(shape.description.replacing("×", with: " x ")) floats */")
    }
    for (index, input) in program.inputs.enumerated() {
      count("INPUT", index, of: program.inputs.count, input.shape, input.name)
    }
    for (index, shape) in program.outputShapes.enumerated() {
      count("OUTPUT", index, of: program.outputs.count, shape, "output")
    }
    lines.append("")
    if let scaling = model.metadata.inputScaling {
      lines.append(
        "/* The model was trained on inputs = raw * \(Float(scaling.scale)) + \(Float(scaling.offset)). */"
      )
    }
    lines += [
      "/* Computes the outputs; keeps its values in static memory, so one call at a time. */",
      "void \(prefix)_predict(\(parameterList));",
    ]
    if classNames != nil {
      lines += ["", "extern const char *const \(prefix)_class_names[\(upper)_OUTPUT_COUNT];"]
    }
    if hasSelfTest {
      lines += [
        "", "#ifdef \(upper)_SELF_TEST",
        "/* 0 if the embedded examples give the expected outputs, else the number of the first that",
        "   does not. */", "int \(prefix)_self_test(void);", "#endif",
      ]
    }
    lines += ["", "#ifdef __cplusplus", "}", "#endif", "#endif"]
    return lines.joined(separator: "\n") + "\n"
  }
}
