import Foundation
import Glibc
import ModelFile
import Models
import TestSupport
import Testing

/// A fault while a container is written: the old file stays, and no debris.
@Suite struct FaultTests {
  /// The stages of writing `everyForm`: started, 23 tensors, graph, views, sealed, verified.
  static let stages = 0..<25

  /// Runs `body` with a folder that holds `model.h5` with the content `old`.
  private static func withOldFile(_ body: (URL, String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("modelc-fault-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = folder.appendingPathComponent("model.h5").path
    try AtomicFile.write("old", to: path, force: false)
    do { try await body(folder, path) } catch {
      try FileManager.default.removeItem(at: folder)
      throw error
    }
    try FileManager.default.removeItem(at: folder)
  }

  private static func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private static func isOld(_ path: String) throws -> Bool {
    try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8)
  }

  @Test func thereAreAsManyStagesAsAreTried() async throws {
    try await Self.withOldFile { (_, path) async throws in
      var count = 0
      try ModelFileWriter.write(try SampleModels.everyForm(), to: path, force: true) { _ in
        count += 1
      }
      #expect(count == Self.stages.count)
    }
  }

  @Test(arguments: stages)
  func aProcessKilledAtAnyStageLeavesTheOldFile(stage: Int) async throws {
    try await Self.withOldFile { (folder, path) async throws in
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [stage = stage as Int, path = path as String] in
        var count = 0
        try ModelFileWriter.write(try SampleModels.everyForm(), to: path, force: true) { _ in
          if count == stage { kill(getpid(), SIGKILL) }
          count += 1
        }
      }
      #expect(try Self.isOld(path))
      #expect(try Self.names(folder).count == 2)
      try AtomicFile.write(
        "{}", to: folder.appendingPathComponent("plan.json").path, force: false)
      #expect(try Self.names(folder) == ["model.h5", "plan.json"])
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP], [0, 7, 24])
  func aSignalRemovesTheTemporaryAndEndsTheProcess(signal: Int32, stage: Int) async throws {
    try await Self.withOldFile { (folder, path) async throws in
      await #expect(processExitsWith: .signal(signal)) {
        [signal = signal as Int32, stage = stage as Int, path = path as String] in
        TemporaryOutput.removeOnSignals()
        var count = 0
        try ModelFileWriter.write(try SampleModels.everyForm(), to: path, force: true) { _ in
          if count == stage {
            kill(getpid(), signal)
            // Another thread takes the signal; this one waits for the end.
            while true { sleep(1) }
          }
          count += 1
        }
      }
      #expect(try Self.isOld(path))
      #expect(try Self.names(folder) == ["model.h5"])
    }
  }

  struct Interruption: Error {}

  /// Writes a new file; that one is there already is no failure.
  private static func writeUnlessThere(_ model: Model, to path: String) throws {
    do {
      try ModelFileWriter.write(model, to: path)
    } catch let error as OutputError {
      guard error.reason == .appeared || error.reason == .exists else { throw error }
    }
  }

  @Test(arguments: stages)
  func anErrorAtAnyStageLeavesTheOldFile(stage: Int) async throws {
    try await Self.withOldFile { (folder, path) async throws in
      var count = 0
      #expect(throws: Interruption.self) {
        try ModelFileWriter.write(try SampleModels.everyForm(), to: path, force: true) { _ in
          if count == stage { throw Interruption() }
          count += 1
        }
      }
      #expect(try Self.isOld(path))
      #expect(try Self.names(folder) == ["model.h5"])
    }
  }

  @Test(arguments: [0, 1, 100, 1000, 4000, 9000, 15_000])
  func aFullDiskIsNamedAndLeavesTheOldFile(limit: Int) async throws {
    try await Self.withOldFile { (folder, path) async throws in
      await #expect(processExitsWith: .success) { [limit = limit as Int, path = path as String] in
        // A file-size limit stops writes as a full disk does, with EFBIG for ENOSPC.
        _ = signal(SIGXFSZ, SIG_IGN)
        var limits = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t.max)
        precondition(unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits) == 0)
        do {
          try ModelFileWriter.write(try SampleModels.everyForm(), to: path, force: true)
          preconditionFailure("more was written than the limit allows")
        } catch let error as OutputError {
          precondition(error.path == path && error.description.contains("free some space"))
        }
        // The library must still work once there is space again.
        limits.rlim_cur = rlim_t.max
        precondition(unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits) == 0)
        try ModelFileWriter.write(try SampleModels.everyForm(), to: path + ".second")
        precondition(unsafe unlink(path + ".second") == 0)
      }
      #expect(try Self.isOld(path))
      #expect(try Self.names(folder) == ["model.h5"])
    }
  }

  @Test func aReadOnlyFolderIsNamedAndLeftAlone() async throws {
    try await Self.withOldFile { (folder, path) async throws in
      #expect(unsafe chmod(folder.path, 0o555) == 0)
      await #expect(processExitsWith: .success) { [path = path as String] in
        // The superuser may write anywhere: become somebody else.
        precondition(getuid() != 0 || setuid(65_534) == 0)
        do {
          try ModelFileWriter.write(try SampleModels.mlp(), to: path, force: true)
          preconditionFailure("the folder was written to")
        } catch let error as OutputError {
          precondition(error.description.contains("a folder that you may write to"))
        }
        do {
          try AtomicFile.check(path, force: true)
          preconditionFailure("the folder seems writable")
        } catch {}
      }
      #expect(unsafe chmod(folder.path, 0o755) == 0)
      #expect(try Self.isOld(path))
      #expect(try Self.names(folder) == ["model.h5"])
    }
  }

  @Test func ofTwoProcessesWritingOneTargetOneWinsWhole() async throws {
    try await Self.withOldFile { (folder, path) async throws in
      async let first = #expect(processExitsWith: .success) { [path = path as String] in
        for _ in 0..<10 {
          try ModelFileWriter.write(try SampleModels.everyForm(), to: path, force: true)
        }
      }
      async let second = #expect(processExitsWith: .success) { [path = path as String] in
        for _ in 0..<10 {
          try ModelFileWriter.write(try SampleModels.mlp(), to: path, force: true)
        }
      }
      _ = await (first, second)
      #expect(ModelFileVerifier.verify(path).isSound)
      #expect(try Self.names(folder) == ["model.h5"])
    }
  }

  @Test func ofTwoProcessesWritingOneNewFileOneWinsAndTheOtherSaysSo() async throws {
    try await Self.withOldFile { (folder, path) async throws in
      let target = folder.appendingPathComponent("new.h5").path
      _ = path
      async let first = #expect(processExitsWith: .success) { [target = target as String] in
        try Self.writeUnlessThere(try SampleModels.everyForm(), to: target)
      }
      async let second = #expect(processExitsWith: .success) { [target = target as String] in
        try Self.writeUnlessThere(try SampleModels.mlp(), to: target)
      }
      _ = await (first, second)
      #expect(ModelFileVerifier.verify(target).isSound)
      #expect(try Self.names(folder) == ["model.h5", "new.h5"])
    }
  }
}
