import Foundation
import Glibc
import ModelFile
import TestSupport
import Testing

/// What happens to files, links, permissions and folders around an output.
@Suite struct OutputTests {
  private static func mode(_ url: URL) throws -> mode_t {
    var status = stat()
    try #require(unsafe lstat(url.path, &status) == 0)
    return status.st_mode
  }

  private static func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private static func text(_ url: URL) throws -> String {
    String(decoding: try Data(contentsOf: url), as: UTF8.self)
  }

  @Test func aNewFileHasItsContentAndNothingElseStays() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("plan.json")
      try AtomicFile.write("{}", to: file.path, force: false)
      #expect(try Self.text(file) == "{}")
      #expect(try Self.names(folder) == ["plan.json"])
    }
  }

  @Test func anExistingFileIsKeptUnlessForced() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("plan.json")
      try AtomicFile.write("old", to: file.path, force: false)
      #expect(throws: OutputError(path: file.path, reason: .exists)) {
        try AtomicFile.write("new", to: file.path, force: false)
      }
      #expect(throws: OutputError(path: file.path, reason: .exists)) {
        try AtomicFile.check(file.path, force: false)
      }
      #expect(try Self.text(file) == "old")
      try AtomicFile.write("new", to: file.path, force: true)
      #expect(try Self.text(file) == "new")
      #expect(try Self.names(folder) == ["plan.json"])
    }
  }

  @Test func aFileThatAppearsMeanwhileIsNotReplaced() throws {
    try Fixtures.withTemporaryFolder { (folder) throws in
      let file = folder.appendingPathComponent("model.h5")
      #expect(throws: OutputError(path: file.path, reason: .appeared)) {
        try ModelFileWriter.write(try SampleModels.mlp(), to: file.path) { stage in
          if stage == .verified { try Data("theirs".utf8).write(to: file) }
        }
      }
      #expect(try Self.text(file) == "theirs")
      #expect(try Self.names(folder) == ["model.h5"])
    }
  }

  @Test func aSymbolicLinkIsFollowedAndStaysALink() throws {
    try Fixtures.withTemporaryFolder { folder in
      let target = folder.appendingPathComponent("deep/target.txt")
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("old".utf8).write(to: target)
      let link = folder.appendingPathComponent("link.txt")
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: "deep/target.txt")
      try AtomicFile.write("new", to: link.path, force: true)
      #expect(try Self.mode(link) & S_IFMT == S_IFLNK)
      #expect(try Self.text(target) == "new")
      #expect(try Self.names(target.deletingLastPathComponent()) == ["target.txt"])
    }
  }

  @Test func aDanglingLinkIsRefusedAsCpDoes() throws {
    try Fixtures.withTemporaryFolder { folder in
      let link = folder.appendingPathComponent("link.txt")
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: "nowhere.txt")
      #expect(
        throws: OutputError(path: link.path, reason: .danglingLink(target: "nowhere.txt"))
      ) { try AtomicFile.write("new", to: link.path, force: true) }
    }
  }

  @Test(arguments: [0o600, 0o644, 0o640, 0o755, 0o444] as [mode_t])
  func aReplacedFileKeepsItsPermissions(mode: mode_t) throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("plan.json")
      try Data("old".utf8).write(to: file)
      #expect(unsafe chmod(file.path, mode) == 0)
      try AtomicFile.write("new", to: file.path, force: true)
      #expect(try Self.mode(file) & 0o7777 == mode)
    }
  }

  @Test func aNewFileHasWhatTheUmaskLeaves() async {
    await #expect(processExitsWith: .success) {
      try Fixtures.withTemporaryFolder { folder in
        for (mask, expected) in [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)] {
          umask(mode_t(mask))
          let file = folder.appendingPathComponent("\(mask).json")
          try AtomicFile.write("{}", to: file.path, force: false)
          var status = stat()
          precondition(unsafe stat(file.path, &status) == 0)
          precondition(status.st_mode & 0o7777 == mode_t(expected))
        }
      }
    }
  }

  @Test func foldersDevicesAndMissingFoldersAreNamed() throws {
    try Fixtures.withTemporaryFolder { folder in
      func expect(_ reason: OutputError.Reason, _ path: String) {
        #expect(throws: OutputError(path: path, reason: reason)) {
          try ModelFileWriter.write(try SampleModels.mlp(), to: path, force: true)
        }
      }
      expect(.isFolder, folder.path)
      expect(.isNoFile, "/dev/null")
      let missing = folder.appendingPathComponent("no/such/model.h5").path
      expect(.noFolder(folder.appendingPathComponent("no/such").path), missing)
      let name = String(repeating: "n", count: 300)
      expect(
        .system(operation: "open", number: ENAMETOOLONG),
        folder.appendingPathComponent(name).path)
    }
  }

  @Test func textGoesStraightIntoADevice() throws {
    try AtomicFile.write("gone", to: "/dev/null", force: false)
    var status = stat()
    try #require(unsafe stat("/dev/null", &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func anAbandonedOutputLeavesNothing() throws {
    try Fixtures.withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("model.h5").path
      do {
        let output = try TemporaryOutput(for: path, force: false)
        #expect(try Self.names(folder).count == 1)
        #expect(output.path.contains("/.modelc-"))
      }
      #expect(try Self.names(folder) == [])
    }
  }

  @Test func theNextRunClearsWhatADeadOneLeftAndNothingElse() throws {
    try Fixtures.withTemporaryFolder { folder in
      for name in [
        ".modelc-0123456789abcdef.tmp", ".modelc-notes.tmp", "modelc-0123456789abcdef.tmp",
      ] {
        try Data("left".utf8).write(to: folder.appendingPathComponent(name))
      }
      let living = try TemporaryOutput(
        for: folder.appendingPathComponent("other.h5").path, force: false)
      try AtomicFile.write(
        "{}", to: folder.appendingPathComponent("plan.json").path, force: false)
      let own = URL(fileURLWithPath: living.path).lastPathComponent
      #expect(
        try Self.names(folder)
          == [".modelc-notes.tmp", own, "modelc-0123456789abcdef.tmp", "plan.json"].sorted())
    }
  }
}
