import Archives
import Compression
import Foundation
import HDF5
import JSON
import Models
import TestSupport

@testable import Interchange
@testable import ModelFile

/// A reader under test: what is damaged, and what reads it.
struct FuzzTarget: Sendable, CustomStringConvertible {
  let description: String
  /// Builds the reading of one damaged input; done once, for it loads the files to damage.
  let prepared: @Sendable (URL) throws -> Reading

  /// Damages one of the files, decided by the mutation, and reads the result.
  typealias Reading = (_ mutation: inout Mutation, _ folder: URL) throws -> Void

  /// Every reader; one that is added to a list is fuzzed in CI from then on.
  static let all = models + data + training

  private static let models: [FuzzTarget] = [
    FuzzTarget(description: "hdf5") { _ in
      let files = try corpus(["hdf5", "malformed", "keras"], ["h5"])
      return { mutation, _ in
        let bytes = damaged(files, &mutation)
        var walk = HDF5Walk()
        walk.run { try HDF5File(unverified: bytes, limit: 1 << 24) }
        if let refusal = walk.refusal { throw refusal }
      }
    },
    FuzzTarget(description: "json") { _ in
      let files = try configurations().map { [UInt8]($0.document.serialized().utf8) }
      return { mutation, _ in
        let value = try JSONValue(parsing: damaged(files, &mutation))
        _ = try JSONValue(parsing: value.serialized(pretty: true))
      }
    },
    FuzzTarget(description: "zip") { _ in
      let files = try corpus(["archives", "malformed", "malformed/zip"], ["zip", "keras", "npz"])
      return { mutation, _ in
        let archive = try ZipArchive(bytes: damaged(files, &mutation), name: "a.zip")
        for entry in archive.entries { _ = try archive.read(entry, limit: 1 << 20) }
      }
    },
    FuzzTarget(description: "gzip") { _ in
      let files =
        try corpus(["archives"], ["gz"])
        + [Gzip.compress(Array(repeating: 65, count: 5000)), Gzip.compress([])]
      return { mutation, _ in
        _ = try Gzip.decompress(damaged(files, &mutation), limit: 1 << 20)
      }
    },
    FuzzTarget(description: "keras h5") { _ in
      let files = try corpus(["keras", "malformed", "malformed/accepted"], ["h5"])
      return { mutation, folder in
        let file = try HDF5File(unverified: damaged(files, &mutation), limit: 1 << 24)
        let options = ReadOptions(maximumByteCount: 1 << 24)
        let imported =
          try KerasH5Reader.recognises(file)
          ? KerasH5Reader().read(file, options: options)
          : WeightsOnly.read(file, options: options)
        try Examination.run(imported, isThorough: mutation.below(8) == 0, in: folder)
      }
    },
    FuzzTarget(description: "keras configuration") { _ in
      let models = try configurations()
      return { mutation, folder in
        let model = models[mutation.below(models.count)]
        let builder = KerasModelBuilder(
          source: KerasSource(file: model.weights), options: ReadOptions(maximumByteCount: 1 << 24),
          file: "damaged.keras")
        let imported = try builder.build(
          configuration: mutation.damaged(model.document), version: model.version,
          storage: model.storage, format: "fuzz")
        try Examination.run(imported, isThorough: mutation.below(8) == 0, in: folder)
      }
    },
    FuzzTarget(description: "keras archive") { _ in
      let files = try corpus(["malformed", "malformed/accepted", "keras"], ["keras"])
      return { mutation, folder in
        let path = folder.appendingPathComponent("in.keras").path
        try write(damaged(files, &mutation), to: path)
        let imported = try FormatRegistry.open(
          path, options: ReadOptions(maximumByteCount: 1 << 24))
        try Examination.run(imported, isThorough: mutation.below(8) == 0, in: folder)
      }
    },
    FuzzTarget(description: "container") { _ in
      let containers = try forgeable()
      return { mutation, folder in
        var container = containers[mutation.below(containers.count)]
        let bytes =
          mutation.below(3) == 0
          ? mutation.damaged(container.bytes, other: container.bytes)
          : container.sealed(mutation.damaged(container.graph))
        let file = try HDF5File(unverified: bytes, limit: 1 << 24)
        let imported = try ModelFileReader().read(
          file, options: ReadOptions(maximumByteCount: 1 << 24))
        try Examination.run(imported, isThorough: mutation.below(8) == 0, in: folder)
      }
    },
    FuzzTarget(description: "packed container") { folder in
      let files = try packed(in: folder)
      return { mutation, folder in
        let file = try HDF5File(unverified: damaged(files, &mutation), limit: 1 << 24)
        _ = ModelFileVerifier.verify(file)
        let imported = try ModelFileReader().read(
          file, options: ReadOptions(maximumByteCount: 1 << 24))
        try Examination.run(imported, isThorough: false, in: folder)
      }
    },
    FuzzTarget(description: "plan") { _ in
      let kernels: JSONValue = [
        "a/kernel": ["action": "factorize", "form": "low-rank", "ranks": [3], "reason": "asked"],
        "b/kernel": ["action": "factorize", "form": "tucker-2", "ranks": [3, 4], "reason": ""],
        "c/kernel": ["action": "keep", "reason": "too small"],
      ]
      let plan: JSONValue = [
        "format": "modelc-plan", "version": 1, "source_digest": "00", "kernels": kernels,
      ]
      return { mutation, _ in _ = try CompressionPlan(json: mutation.damaged(plan)) }
    },
  ]

  // MARK: Files to damage

  static func damaged(_ files: [[UInt8]], _ mutation: inout Mutation) -> [UInt8] {
    let whole = files[mutation.below(files.count)]
    return mutation.damaged(whole, other: files[mutation.below(files.count)])
  }

  /// The files below folders of `Fixtures` that have one of these endings and at most 80 KB.
  static func corpus(_ folders: [String], _ endings: [String]) throws -> [[UInt8]] {
    try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: Fixtures.path(folder)).sorted()
        .filter { name in endings.contains { name.hasSuffix("." + $0) } }
        .map {
          [UInt8](try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("\(folder)/\($0)"))))
        }
        .filter { $0.count <= 80_000 }
    }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  // MARK: Configurations

  /// A model's configuration and the file that holds its weights.
  struct Configured: Sendable {
    let document: JSONValue
    let weights: HDF5File
    let storage: KerasModelBuilder.Storage
    let version: KerasVersion?
  }

  private static func configurations() throws -> [Configured] {
    let folder = Fixtures.path("keras")
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().compactMap { name in
      let path = "\(folder)/\(name)"
      if name.hasSuffix(".h5") {
        let file = try HDF5File(reading: path)
        guard let text = try file.root.attribute("model_config")?.string(),
          text.utf8.count < 30_000, try file.root.kind("model_weights") == .group
        else { return nil }
        return Configured(
          document: try JSONValue(parsing: text), weights: file,
          storage: .legacy(try file.root.group("model_weights")),
          version: name.contains("k2") ? KerasVersion("2.15.0") : KerasVersion("3.15.1"))
      }
      guard name.hasSuffix(".keras"), let archive = try? ZipArchive(path: path),
        let text = try? archive.read("config.json"), text.count < 30_000,
        let weights = try? archive.read("model.weights.h5")
      else { return nil }
      return Configured(
        document: try JSONValue(parsing: text),
        weights: try HDF5File(bytes: weights, name: name), storage: .objects,
        version: name.contains("k2") ? KerasVersion("2.15.0") : KerasVersion("3.15.1"))
    }
  }
}
