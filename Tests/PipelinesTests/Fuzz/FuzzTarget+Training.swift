import Datasets
import Foundation
import HDF5
import JSON
import Models
import Programs
import Tensors
import TestSupport
import Training

@testable import Interchange
@testable import Pipelines

/// What a training starts from and goes on from.
extension FuzzTarget {
  static let training: [FuzzTarget] = [
    FuzzTarget(description: "graph description") { _ in
      let descriptions = try forgeable().map { withoutWeights($0.graph) } + [short]
      return { mutation, folder in
        let json = mutation.damaged(descriptions[mutation.below(descriptions.count)])
        let path = folder.appendingPathComponent("net.json").path
        // Both the text and what it says may be damaged.
        var text = [UInt8](json.serialized(allowsNonFinite: true).utf8)
        if mutation.below(4) == 0 { text = mutation.damaged(text, other: text) }
        guard isSmall(json) else { return }
        try Data(text).write(to: URL(fileURLWithPath: path))
        let model = try StartingModel.open(path, inputShape: [8, 8, 1], classCount: 3, seed: 1)
        try Examination.run(
          ImportedModel(model: model, remarks: [], format: "description"),
          isThorough: mutation.below(16) == 0, in: folder)
      }
    },
    FuzzTarget(description: "checkpoint") { folder in
      let sample = try CheckpointSample(in: folder)
      return { mutation, _ in
        let bytes =
          mutation.below(3) == 0
          ? mutation.damaged(sample.bytes, other: sample.bytes)
          : sample.with(mutation.damaged(sample.state))
        try sample.goOn(from: try HDF5File(unverified: bytes, limit: 1 << 24))
      }
    },
    FuzzTarget(description: "keras weights") { _ in
      let files = try corpus(["keras"], ["weights.h5", "legacy.h5"])
      return { mutation, folder in
        let file = try HDF5File(unverified: damaged(files, &mutation), limit: 1 << 24)
        let imported = try WeightsOnly.read(file, options: ReadOptions(maximumByteCount: 1 << 24))
        try Examination.run(imported, isThorough: false, in: folder)
      }
    },
  ]

  /// Whether what a description asks to draw takes little time: its numbers are small.
  private static func isSmall(_ json: JSONValue) -> Bool {
    switch json {
    case .integer(let number): !(4096..<(1 << 31)).contains(number)
    case .array(let elements): elements.allSatisfy(isSmall)
    case .object(let object): object.allSatisfy { isSmall($0.value) }
    default: true
    }
  }

  private static let short: JSONValue = [
    "layers": [
      ["path": "a", "kind": "dense", "attributes": ["units": 4, "activation": "relu"]],
      ["path": "b", "kind": "dense", "attributes": ["units": 3, "activation": "softmax"]],
    ]
  ]

  /// A container's graph as a description: its weights are drawn anew.
  private static func withoutWeights(_ graph: JSONValue) -> JSONValue {
    guard case .object(var object) = graph, let layers = object["layers"]?.array else {
      return graph
    }
    object["layers"] = .array(
      layers.map { layer in
        guard case .object(var members) = layer else { return layer }
        members["weights"] = nil
        return .object(members)
      })
    return .object(object)
  }
}

/// A checkpoint of a small run in the middle of its second epoch, and the run that goes on from it.
struct CheckpointSample: Sendable {
  let bytes: [UInt8]
  let state: JSONValue
  private let run: TrainingRun
  private let program: Program
  private let offset: Int
  private let count: Int

  init(in folder: URL) throws {
    let model = try ModelArchitecture.make(
      "mlp:4-3-2", inputShape: [4], classCount: 2, seed: 1)
    var generator = SeededGenerator(seed: 2)
    let inputs = Tensor(
      shape: [12, 4], elements: (0..<48).map { _ in Float(generator.uniform()) })
    let dataset = Dataset(name: "d", inputs: inputs, labels: (0..<12).map { $0 % 2 })
    var options = TrainingOptions()
    options.epochs = 2
    options.batchSize = 4
    options.threads = 1
    run = TrainingRun(
      model: model, options: options, training: dataset, validation: dataset,
      scaling: .identity)
    program = try run.program()
    let outcome = try run.run(onStep: { state, _ in
      state.epoch == 1 && state.position == 4 ? .stop : .goOn
    })
    let path = folder.appendingPathComponent("checkpoint.h5").path
    try Checkpoint.write(outcome.state, program: program, fingerprint: "f", to: path)
    bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let stored = try HDF5File(reading: path).dataset("state")
    offset = stored.contiguousOffset ?? 0
    count = stored.byteCount
    state = CheckpointSample.shortened(try JSONValue(parsing: stored.readBytes()))
  }

  /// The same state with short numbers in its history, which leaves room for other lies.
  private static func shortened(_ state: JSONValue) -> JSONValue {
    guard case .object(var object) = state else { return state }
    object["history"] = .array(
      (object["history"]?.array ?? []).map { record in
        guard case .object(var members) = record else { return record }
        for (key, value) in members where value.double != nil && key != "epoch" { members[key] = 1 }
        return .object(members)
      })
    return .object(object)
  }

  /// The file with another state, where that takes no more bytes.
  func with(_ state: JSONValue) -> [UInt8] {
    var text = [UInt8](state.serialized(allowsNonFinite: true).utf8)
    guard text.count <= count else { return bytes }
    text += [UInt8](repeating: 32, count: count - text.count)
    var result = bytes
    result.replaceSubrange(offset..<offset + count, with: text)
    return result
  }

  /// Goes on for as long as the options say.
  func goOn(from file: HDF5File) throws {
    let state = try Checkpoint.read(
      file, program: program, options: run.options, fingerprint: "f")
    _ = try run.run(from: state)
  }
}
