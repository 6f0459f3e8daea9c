import Compression
import Execution
import Foundation
import HDF5
import Interchange
import Models
import Pipelines
import Programs
import Tensors

/// Everything that modelc may do with a model that was read.
enum Examination {
  /// Looks at a model, reads its values, runs it where it is small, and now and then writes it.
  static func run(_ imported: ImportedModel, isThorough: Bool, in folder: URL) throws {
    let model = imported.model
    _ = Inspection(imported, fileByteCount: 1)
    for layer in model.layers {
      for named in layer.weights {
        for component in named.weight.components where component.parameter.count < 1 << 20 {
          _ = try component.parameter.raw()
        }
      }
    }
    guard !imported.isWeightsOnly else { return }
    if isThorough { try write(model, in: folder) }
    try forward(model)
  }

  /// One forward pass on zeros, where that is a matter of a few operations.
  private static func forward(_ model: Model) throws {
    let program = try model.lowered()
    let multiplications = program.instructions.reduce(0.0) { $0 + Double($1.multiplications) }
    let sizes =
      program.instructions.map { Double($0.shape.count) }
      + program.inputs.map { Double($0.shape.count) }
    guard multiplications < 1e7, sizes.reduce(0, +) < 1e6 else { return }
    let executor = try InferenceExecutor(
      program, parameters: try model.parameterValues(for: program), capacity: 2)
    try executor.run(
      program.inputs.map { Tensor(repeating: 0, shape: Shape([2] + $0.shape.extents)) }
    ) {
      _ in
    }
  }

  /// Writes a container with its Keras view, and reads it back.
  private static func write(_ model: Model, in folder: URL) throws {
    let path = folder.appendingPathComponent("written.h5").path
    _ = try ModelWriting.write(model, to: path, force: true)
    _ = try FormatRegistry.open(path)
  }
}

/// Reads all that can be reached in an HDF5 file, whatever is refused on the way.
struct HDF5Walk {
  private var visited: Set<UInt64> = []
  private(set) var refusal: HDF5Error?

  mutating func run(_ open: () throws -> HDF5File) {
    attempt { walk in walk.visit(try open().root) }
  }

  private mutating func attempt(_ body: (inout HDF5Walk) throws -> Void) {
    do { try body(&self) } catch { refusal = error as? HDF5Error }
  }

  private mutating func visit(_ group: HDF5Group) {
    guard visited.insert(group.objectAddress).inserted else { return }
    attempt { _ in
      for name in try group.attributeNames {
        if let attribute = try group.attribute(name) { Self.read(attribute) }
      }
    }
    for name in group.names {
      attempt { walk in
        switch try group.kind(name) {
        case .group: walk.visit(try group.group(name))
        case .none: break
        default: walk.read(try group.dataset(name))
        }
      }
    }
  }

  private static func read(_ attribute: HDF5Attribute) {
    _ = try? attribute.strings()
    _ = try? attribute.integers()
    _ = try? attribute.doubles()
  }

  private mutating func read(_ dataset: HDF5Dataset) {
    guard visited.insert(dataset.objectAddress).inserted else { return }
    attempt { _ in
      for name in try dataset.attributeNames {
        if let attribute = try dataset.attribute(name) { Self.read(attribute) }
      }
    }
    attempt { _ in _ = try dataset.strings() }
    attempt { _ in _ = try dataset.readFloats() }
    attempt { _ in _ = try dataset.readBytes(rows: 0..<(dataset.extents.first ?? 1) / 2) }
  }
}
