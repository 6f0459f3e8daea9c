import Foundation
import TestSupport
import Testing

/// The program itself on one lie per file: exit code, line, time and memory.
@Suite struct HostileFileTests {
  /// At most 2 s of the processor and 500 MB of memory: beyond, the system ends the process.
  private static let limits = "ulimit -t 2; ulimit -d 500000; "

  @Test(.timeLimit(.minutes(2)), arguments: HostileFile.all)
  func aLieEndsWithOneLineAndExitCode1(file: HostileFile) throws {
    try Fixtures.withTemporaryFolder { folder in
      _ = try file.copy(to: folder)
      for command in ["inspect", "compress"] {
        let isRefused = file.command == "inspect" || file.command == command
        let more = command == "compress" ? " -q --rank 2 -o out.h5" : ""
        let (output, exitCode) = try Binary.run(
          Self.limits + "modelc \(command) '\(file.name)'\(more)", in: folder)
        #expect(exitCode == (isRefused ? 1 : 0), "\(command): \(output)")
        if isRefused { #expect(output == file.message + "\n", "\(command)") }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == [file.name] || file.command == "run")
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: HostileFile.data)
  func aLieOfADataSetEndsWithOneLineAndExitCode1(file: HostileFile) throws {
    try Fixtures.withTemporaryFolder { folder in
      try FileManager.default.copyItem(
        atPath: Fixtures.path("malformed/data/\(file.name)"),
        toPath: folder.appendingPathComponent(file.name).path)
      let model = Fixtures.path("keras/mlp-mnist-k2.h5")
      let (output, exitCode) = try Binary.run(
        Self.limits + "modelc predict '\(model)' --data '\(file.name)' -o out.csv", in: folder)
      #expect(exitCode == 1)
      #expect(output == file.message + "\n")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path) == [file.name])
    }
  }
}
