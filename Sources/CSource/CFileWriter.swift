import Models
import Programs
import Tensors

/// Writes the text of the C file.
struct CFileWriter {
  let export: CSource
  let constants: CSource.Constants
  private let calls: CCalls

  init(_ export: CSource, _ constants: CSource.Constants) {
    self.export = export
    self.constants = constants
    calls = CCalls(
      device: export.device, codes: constants.codes, inputNames: export.inputNames,
      outputNames: export.outputNames)
  }

  private var device: DeviceProgram { export.device }

  func source(headerName: String, examples: [SelfTestExample], tolerance: Float) -> String {
    let functions = calls.functions()
    var parts = [headComment]
    var includes = ["#include \"\(headerName)\"", "", "#include <stdint.h>"]
    if functions.contains(.math) { includes.append("#include <math.h>") }
    parts.append(includes.joined(separator: "\n"))
    parts += functions.filter { [.window, .box].contains($0) }.map(text)
    if device.arenaByteCount > 0 {
      parts.append(
        """
        /* All values between the first and the last step; places are reused once they are free. */
        static union {
          float floats[\(device.arenaByteCount / 4)];
          int8_t codes[\(device.arenaByteCount)];
        } arena;
        """)
    }
    parts += device.windows.enumerated().map { index, window in
      "static const window window_\(index) = {"
        + window.fields.map(String.init).joined(separator: ", ") + "};"
    }
    parts += device.boxes.indices.filter(isUsed).map(boxText)
    parts += device.arrays.indices.map(arrayText)
    parts += functions.filter { ![.window, .box, .math].contains($0) }.map(text)
    parts.append(predict)
    if let names = export.classNames {
      parts.append(
        "const char *const \(export.options.prefix)_class_names[\(export.upperPrefix)_OUTPUT_COUNT] = {\n"
          + names.map { "  \(CName.literal($0))," }.joined(separator: "\n") + "\n};")
    }
    if !examples.isEmpty { parts.append(selfTest(examples, tolerance)) }
    return parts.joined(separator: "\n\n") + "\n"
  }

  // MARK: Head

  private var headComment: String {
    let footprint = export.footprint
    var lines = [
      "\(export.model.name), written by \(export.options.generator); do not edit.", "",
      "flash \(footprint.flashByteCount) bytes (constants \(footprint.constantByteCount), code about "
        + "\(footprint.codeByteCount) on a Cortex-M4 at -Os)",
      "RAM   \(footprint.ramByteCount) bytes, beside the caller's inputs of "
        + "\(footprint.inputByteCount) and outputs of \(footprint.outputByteCount) bytes",
      "MACs  \(export.multiplications)", "",
    ]
    let widest = device.steps.map { $0.origin.count }.max() ?? 0
    for step in device.steps {
      let shape = device.values[step.result].shape.description.replacing("×", with: " x ")
      let type = device.values[step.result].isQuantized ? "int8" : "float"
      let origin = step.origin + String(repeating: " ", count: widest - step.origin.count)
      let macs = step.multiplications > 0 ? ", \(step.multiplications) MACs" : ""
      lines.append("\(origin)  \(step.operation.title) -> \(type) \(shape)\(macs)")
    }
    let text = lines.map { $0.isEmpty ? "\n *" : "\n * " + CName.comment($0) }.joined()
    return "/*" + text.dropFirst(3) + "\n */"
  }

  private func text(_ function: CFunction) -> String {
    guard function == .window else { return function.text }
    let fits = device.windows.allSatisfy { $0.fields.allSatisfy { abs($0) <= 32_767 } }
    return function.text.replacing("NUMBER", with: fits ? "int16_t" : "int32_t")
  }

  // MARK: Constants

  private func isUsed(_ box: Int) -> Bool {
    device.steps.contains { step in
      guard case .copy(box, _) = step.operation else { return false }
      return calls.calls(step).contains { $0.text.contains("&box_\(box),") }
    }
  }

  private func boxText(_ index: Int) -> String {
    let box = device.boxes[index]
    func list(_ numbers: [Int]) -> String {
      "{" + numbers.map(String.init).joined(separator: ", ") + "}"
    }
    return "static const box box_\(index) = {\(list(box.extents)), \(list(box.sourceStrides)), "
      + "\(list(box.targetStrides)), \(box.sourceStart), \(box.targetStart)};"
  }

  private func arrayText(_ index: Int) -> String {
    let array = device.arrays[index]
    switch constants.values.numbers[index] {
    case .floats(let values):
      return declaration("float", array.name, values.map(CName.float))
    case .halves(let values):
      return declaration(
        "uint16_t", array.name,
        values.map { value in
          let digits = String(value, radix: 16)
          return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
        })
    case .codes(let values): return declaration("int8_t", array.name, values.map { "\($0)" })
    case .integers(let values): return declaration("int32_t", array.name, values.map { "\($0)" })
    }
  }

  /// The declaration of an array, its numbers in lines of at most 100 columns.
  private func declaration(_ type: String, _ name: String, _ numbers: [String]) -> String {
    var text = "static const \(type) \(name)[\(numbers.count)] = {"
    text += CFileWriter.lines(numbers)
    return text + "\n};"
  }

  static func lines(_ numbers: [String]) -> String {
    var text = ""
    var width = 100
    for number in numbers {
      if width + number.utf8.count + 2 > 100 {
        text += "\n  "
        width = 2
      } else {
        text += " "
        width += 1
      }
      text += number
      text += ","
      width += number.utf8.count + 1
    }
    return text
  }

  // MARK: Functions

  private var predict: String {
    var lines = ["void \(export.options.prefix)_predict(\(export.parameterList))", "{"]
    var last = ""
    for step in device.steps {
      if step.origin != last {
        lines.append("  /* \(CName.comment(step.origin)) */")
        last = step.origin
      }
      lines += calls.calls(step).map { "  " + $0.text }
    }
    for (index, name) in export.inputNames.enumerated() where !isRead(index) {
      lines.append("  (void)\(name);")
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  private func isRead(_ input: Int) -> Bool {
    device.steps.contains { $0.operands.contains { device.values[$0].place == .input(input) } }
  }

  private func selfTest(_ examples: [SelfTestExample], _ tolerance: Float) -> String {
    let prefix = export.options.prefix
    var lines = ["#ifdef \(export.upperPrefix)_SELF_TEST", "int \(prefix)_self_test(void)", "{"]
    func table(_ name: String, _ rows: [[Float]]) {
      lines.append(
        "  static const float \(name)[\(rows.count)][\(rows[0].count)] = {\(rows.map { row in "{" + CFileWriter.lines(row.map(CName.float)) + "\n}" }.joined(separator: ", "))};"
      )
    }
    for index in export.inputNames.indices {
      table("test_\(export.inputNames[index])", examples.map { $0.inputs[index] })
    }
    for index in export.outputNames.indices {
      table("test_\(export.outputNames[index])", examples.map { $0.outputs[index] })
      lines.append(
        "  static float \(export.outputNames[index])[\(export.program.outputShapes[index].count)];")
    }
    lines += [
      "  for (int i = 0; i < \(examples.count); i++) {",
      "    \(prefix)_predict("
        + (export.inputNames.map { "test_\($0)[i]" } + export.outputNames).joined(separator: ", ")
        + ");",
    ]
    for index in export.outputNames.indices {
      let name = export.outputNames[index]
      let bound = CName.float(SelfTestExample.bound(examples, output: index, tolerance))
      lines += [
        "    for (int j = 0; j < \(export.program.outputShapes[index].count); j++) {",
        "      const float distance = \(name)[j] - test_\(name)[i][j];",
        "      if (!(distance < \(bound) && distance > -\(bound))) return i + 1;",
        "    }",
      ]
    }
    lines += ["  }", "  return 0;", "}", "#endif"]
    return lines.joined(separator: "\n")
  }
}

extension DeviceOperation {
  /// What the table in the head comment calls it.
  var title: String {
    switch self {
    case .dense(let product, _): "product \(product.inputs) x \(product.outputs)"
    case .convolution(let product, _, let groups):
      "convolution \(product.inputs) x \(product.outputs)"
        + (groups > 1 ? " in \(groups) groups" : "")
    case .depthwise(let product, _): "depthwise convolution, \(product.inputs) taps"
    case .transposed: "transposed convolution"
    case .modeProduct(let product, _, _): "mode product \(product.inputs) x \(product.outputs)"
    case .channels: "scale and shift"
    case .activation(let function), .lookup(let function, _): CActivation(function).name
    case .rowwise(let function, _, _): function == .softmax ? "softmax" : "log softmax"
    case .prelu: "prelu"
    case .pool(let kind, _): "\(kind.rawValue) pool"
    case .combine(let kind, _): kind.rawValue
    case .copy: "copy"
    case .select: "pick"
    case .layerNorm: "layer normalisation"
    case .groupNorm: "group normalisation"
    case .l2Normalize: "normalisation"
    case .quantize: "float to int8"
    case .dequantize: "int8 to float"
    }
  }
}
