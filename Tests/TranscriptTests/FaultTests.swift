import Foundation
import TestSupport
import Testing

/// What befalls the program while it writes: the old output stays, no temporary stays.
///
/// `Benchmarks/trust/faults` makes many more of them.
@Suite(.serialized) struct FaultTests {
  private static let model = Fixtures.path("keras/mlp-mnist-k2.h5")
  private static let old = Data("what stood there before".utf8)
  private static let compress = "compress in.h5 --rank 1/2 -q --force -o out.h5"

  /// A folder with an input, and an old output to be replaced.
  private static func withFolder(_ body: (URL) throws -> Void) throws {
    try Fixtures.withTemporaryFolder { folder in
      try FileManager.default.copyItem(
        at: URL(fileURLWithPath: model), to: folder.appendingPathComponent("in.h5"))
      try old.write(to: folder.appendingPathComponent("out.h5"))
      try body(folder)
    }
  }

  private static func start(_ arguments: String, in folder: URL) throws -> Process {
    let process = Process()
    process.executableURL = Binary.folder.appendingPathComponent("modelc")
    process.arguments = arguments.split(separator: " ").map(String.init)
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private static func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  /// Whether the output is the old one, or a whole new one.
  private static func isIntact(_ folder: URL) throws -> Bool {
    if try Data(contentsOf: folder.appendingPathComponent("out.h5")) == old { return true }
    return try Binary.run("modelc verify out.h5", in: folder).exitCode == 0
  }

  /// The seconds of one undisturbed run.
  private static let seconds: Double = {
    let start = Date()
    try? withFolder { folder in try FaultTests.start(compress, in: folder).waitUntilExit() }
    return Date().timeIntervalSince(start)
  }()

  @Test(arguments: 0..<12)
  func aKilledRunLeavesTheOldOutputAndTheNextRunClears(moment: Int) throws {
    try Self.withFolder { folder in
      let process = try Self.start(Self.compress, in: folder)
      Thread.sleep(forTimeInterval: Self.seconds * Double(moment) / 12)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      #expect(try Self.isIntact(folder))
      #expect(try Binary.run("modelc " + Self.compress, in: folder).exitCode == 0)
      #expect(try Self.names(folder) == ["in.h5", "out.h5"])
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP], 1..<5)
  func aSignalLeavesNoTemporary(signal: Int32, moment: Int) throws {
    try Self.withFolder { folder in
      let process = try Self.start(Self.compress, in: folder)
      Thread.sleep(forTimeInterval: Self.seconds * Double(moment) / 4.5)
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      if process.terminationReason == .uncaughtSignal {
        #expect(process.terminationStatus == signal)
      } else {
        #expect(process.terminationStatus == 0)
      }
      #expect(try Self.isIntact(folder))
      #expect(try Self.names(folder) == ["in.h5", "out.h5"])
    }
  }

  @Test(arguments: [0, 1, 16, 100])
  func aFileSizeLimitIsOneLine(kibibytes: Int) throws {
    try Self.withFolder { folder in
      let (output, exitCode) = try Binary.run(
        "ulimit -f \(kibibytes); modelc " + Self.compress, in: folder)
      #expect(exitCode == 1)
      #expect(output.hasPrefix("out.h5: cannot write: file too large; free some space"))
      #expect(output.filter(\.isNewline).count == 1, "\(output)")
      #expect(try Data(contentsOf: folder.appendingPathComponent("out.h5")) == Self.old)
      #expect(try Self.names(folder) == ["in.h5", "out.h5"])
    }
  }

  @Test func aLockedInputOpens() throws {
    try Self.withFolder { folder in
      let input = try FileHandle(forUpdating: folder.appendingPathComponent("in.h5"))
      #expect(flock(input.fileDescriptor, LOCK_EX) == 0)
      #expect(try Binary.run("modelc inspect in.h5", in: folder).exitCode == 0)
      let line = "HDF5_USE_FILE_LOCKING=TRUE modelc " + Self.compress
      #expect(try Binary.run(line, in: folder).exitCode == 0)
      try input.close()
    }
  }

  @Test(arguments: [true, false])
  func ofTwoRunsWithOneOutputOneIsWhole(force: Bool) throws {
    try Self.withFolder { folder in
      let output = folder.appendingPathComponent("out.h5")
      if !force { try FileManager.default.removeItem(at: output) }
      let line = force ? Self.compress : Self.compress.replacing(" --force", with: "")
      let both = try [Self.start(line, in: folder), Self.start(line, in: folder)]
      both.forEach { $0.waitUntilExit() }
      #expect(both.map(\.terminationStatus).sorted() == (force ? [0, 0] : [0, 1]))
      #expect(try Binary.run("modelc verify out.h5", in: folder).exitCode == 0)
      #expect(try Self.names(folder) == ["in.h5", "out.h5"])
    }
  }

  @Test(arguments: ["in.h5", "./in.h5", "hard.h5", "soft.h5"])
  func theInputIsNeverReplaced(output: String) throws {
    try Self.withFolder { folder in
      let line =
        "ln in.h5 hard.h5; ln -s in.h5 soft.h5; modelc compress in.h5 --rank 1/2 --force -o "
      let (message, exitCode) = try Binary.run(line + output, in: folder)
      #expect(exitCode == 1 && message.contains("input and output are the same file"))
      #expect(
        try Data(contentsOf: folder.appendingPathComponent("in.h5"))
          == Data(contentsOf: URL(fileURLWithPath: Self.model)))
    }
  }

  /// As somebody who may not read everything; the superuser becomes nobody for it.
  @Test(
    .enabled(if: getuid() != 0 || FileManager.default.fileExists(atPath: "/usr/bin/setpriv")),
    arguments: [
      ("inspect secret.h5", "secret.h5: cannot open: permission denied"),
      ("inspect shut/in.h5", "shut/in.h5: cannot open: permission denied"),
      ("compress in.h5 --rank 2 -o open/out.h5", "open/out.h5: cannot write: permission denied"),
      ("predict in.h5 --data shut -o /tmp/never.csv", "shut: cannot list: permission denied"),
      (
        "predict in.h5 --data pics -o /tmp/never.csv", "pics/b: cannot list: permission denied"
      ),
    ])
  func whatMayNotBeReadIsOneLine(command: String, start: String) throws {
    try Self.withFolder { folder in
      let picture = Fixtures.path("datasets/grey/a/0.png")
      let prepare =
        "mkdir -p shut open pics/a pics/b; cp in.h5 shut; cp in.h5 secret.h5; "
        + "cp '\(picture)' pics/a; cp $(command -v modelc) .; "
        + "chmod 000 shut secret.h5 pics/b; chmod 555 open .; "
      let nobody =
        getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
      defer {
        _ = try? Binary.run("chmod 755 .; chmod 755 shut secret.h5 open pics/b", in: folder)
      }
      let (output, exitCode) = try Binary.run(prepare + nobody + "./modelc " + command, in: folder)
      #expect(exitCode == 1)
      #expect(output.hasPrefix(start), "\(output)")
      #expect(output.filter(\.isNewline).count == 1, "\(output)")
    }
  }

  @Test(arguments: ["inspect in.h5", "inspect in.h5 --format json", compress])
  func aResultThatFindsNoRoomIsAFailure(line: String) throws {
    try Self.withFolder { folder in
      let spoken = line.replacing(" -q", with: "")
      let (output, exitCode) = try Binary.run("(modelc \(spoken) 2>&1 >/dev/full)", in: folder)
      #expect(exitCode == 1)
      #expect(output.contains("standard output: cannot write: No space left on device"))
    }
  }

  @Test func aClosedPipeEndsItQuietly() throws {
    try Self.withFolder { folder in
      let (output, _) = try Binary.run(
        "modelc inspect in.h5 | head -1 | wc -l; modelc inspect in.h5 | true", in: folder)
      #expect(output == "1\n")
    }
  }
}
