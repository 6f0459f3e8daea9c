import Foundation
import ModelFile
import Models
import Tensors
import TestSupport
import Testing

/// The reader in Python, `spec/read_container.py`, on files that we write.
///
/// Runs where the environment names a Python with h5py and NumPy: `MODELC_PYTHON`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["MODELC_PYTHON"] != nil))
struct IndependentReaderTests {
  /// Dumps every rebuilt weight as float64, one after another.
  private static let script = """
    import sys
    sys.path.insert(0, sys.argv[1])
    import numpy as np
    import read_container
    graph, weights = read_container.read(sys.argv[2])
    with open(sys.argv[3], "wb") as out:
        for value in weights.values():
            out.write(value.astype("<f8").tobytes())
    """

  private static func run(_ file: String, _ output: String) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(
      fileURLWithPath: ProcessInfo.processInfo.environment["MODELC_PYTHON"] ?? "python3")
    let spec = Fixtures.root.appendingPathComponent("spec").path
    process.arguments = ["-B", "-c", script, spec, file, output]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test(arguments: ["mlp", "every form", "graph", "sparse"], RoundTripTests.options)
  func rebuildsWhatTheFormulasSay(name: String, options: StorageOptions) throws {
    let model = try #require(try SampleModels.all().first { $0.name == name }?.model)
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      let output = folder.appendingPathComponent("dense.bin")
      try ModelFileWriter.write(model, to: path, options: options)
      try #require(try Self.run(path, output.path) == 0)
      let found = try Data(contentsOf: output)
      let expected = try model.layers.flatMap { layer in
        try layer.weights.flatMap { try DenseOracle.kernel($0.weight) }
      }
      try #require(found.count == 8 * expected.count)
      let values = stride(from: 0, to: found.count, by: 8).map { start in
        Double(
          bitPattern: found[start..<start + 8].reversed().reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
          })
      }
      // Both sum the same few products in double precision, perhaps in another order.
      let scale = expected.reduce(1) { max($0, abs($1)) }
      for (value, wanted) in zip(values, expected) { #expect(abs(value - wanted) < 1e-12 * scale) }
    }
  }

  @Test(arguments: [StorageOptions(compression: .none), StorageOptions(layout: .packed)])
  func refusesAFlippedByte(options: StorageOptions) throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("model.h5")
      try ModelFileWriter.write(try SampleModels.mlp(), to: file.path, options: options)
      let sound = try Data(contentsOf: file)
      // The bias of the last layer: floats that stay floats.
      let bytes = try SampleModels.mlp().layers[2].weights[1].weight.components[0].parameter.raw()
      let place = sound.range(of: Data(bytes.bytes))?.lowerBound ?? sound.count - 100
      var damaged = sound
      damaged[place] ^= 1
      try damaged.write(to: file)
      #expect(try Self.run(file.path, folder.appendingPathComponent("out").path) != 0)
    }
  }
}
