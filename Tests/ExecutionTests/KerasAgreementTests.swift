import Datasets
import Execution
import Foundation
import Interchange
import Models
import Programs
import Tensors
import TestSupport
import Testing

/// Predictions of the Keras that wrote each fixture, replayed here.
@Suite struct KerasAgreementTests {
  /// max |difference| ÷ max |reference|, as the project promises.
  ///
  /// Keras computed some references in a coarser type than ours: there its unit roundoff counts,
  /// or the 1 ÷ 127 of activations that it rounds to int8.
  static func tolerance(of file: String) -> Double {
    if file.hasPrefix("bfloat16") { return 0x1p-8 }
    if file.hasPrefix("float16") || file.hasPrefix("mixed-float16") { return 0x1p-10 }
    return file.hasPrefix("quantized") ? 1.0 / 127 : 1e-5
  }

  /// Fixtures that hold a layer beyond what programs express.
  static let mayBeRefused = [
    "activations-k3", "advanced-activations", "attention", "augmented", "channels-first", "conv3d",
    "custom", "einsum", "lambda", "merging", "nested-twice", "operators", "recurrent",
  ]

  /// Every fixture that has a reference beside it.
  static let files: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: Fixtures.path("keras"))
    return (names ?? []).sorted().filter { name in
      (name.hasSuffix(".h5") || name.hasSuffix(".keras")) && !name.hasPrefix("weights-only")
        && FileManager.default.fileExists(atPath: Fixtures.path(reference(of: name)))
    }
  }()

  static func reference(of file: String) -> String {
    "keras/" + file.prefix { $0 != "." } + ".reference.npz"
  }

  @Test(arguments: files)
  func outputsAreKeras(file: String) throws {
    let model = try FormatRegistry.open(Fixtures.path("keras/\(file)")).model
    let program: Program
    do {
      program = try model.lowered()
    } catch {
      // What cannot be run is named, with the reason; the rest must run.
      #expect(Self.mayBeRefused.contains { file.hasPrefix($0) }, "\(error)")
      #expect(error.description.contains(": "), "\(error)")
      #expect(model.layers.contains { error.description.contains($0.path) }, "\(error)")
      return
    }
    let npz = Fixtures.path(Self.reference(of: file))
    let inputs = try program.inputs.indices.map { index in
      try NumPyArchive.read("input_\(index)", from: npz).tensor()
    }
    let executor = try InferenceExecutor(
      program, parameters: try model.parameterValues(for: program), capacity: 3)
    let outputs = try executor.run(inputs)
    for (index, output) in outputs.enumerated() {
      let expected = try NumPyArchive.read("output_\(index)", from: npz).tensor()
      #expect(output.shape == expected.shape)
      #expect(relativeDifference(output, expected) <= Self.tolerance(of: file), "output \(index)")
    }
  }
}

/// max |x − reference| ÷ max |reference|.
func relativeDifference(_ x: Tensor, _ reference: Tensor) -> Double {
  guard x.count == reference.count else { return .infinity }
  let scale = Double(reference.elements.map { abs($0) }.max() ?? 0)
  var largest = 0.0
  for (value, expected) in zip(x.elements, reference.elements) {
    let difference = abs(Double(value) - Double(expected))
    guard difference.isFinite else { return .infinity }
    largest = max(largest, difference)
  }
  return largest == 0 ? 0 : largest / scale
}
