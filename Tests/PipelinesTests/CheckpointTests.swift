import HDF5
import JSON
import TestSupport
import Testing

@testable import Pipelines

/// A checkpoint whose state lies is refused before a step is made from it.
@Suite struct CheckpointTests {
  private static func message(changing key: String, to value: JSONValue) throws -> String? {
    try Fixtures.withTemporaryFolder { folder in
      let sample = try CheckpointSample(in: folder)
      guard case .object(var state) = sample.state else { return nil }
      state[key] = value
      let file = try HDF5File(unverified: sample.with(.object(state)), limit: 1 << 24)
      do {
        try sample.goOn(from: file)
        return nil
      } catch {
        return "\(error)"
      }
    }
  }

  @Test func aSoundOneGoesOn() throws {
    #expect(try Self.message(changing: "correct", to: 0) == nil)
  }

  @Test(arguments: [
    ("optimizer_steps", JSONValue.integer(-1)), ("optimizer_steps", .integer(Int.max)),
    ("correct", .integer(-1)), ("correct", .integer(Int.max)), ("position", .integer(-4)),
    ("epoch", .integer(0)), ("epoch", .integer(9)), ("loss_sum", .number(.nan)),
    ("history", .array([])), ("best_epoch", .integer(7)),
  ])
  func aStateThatCannotBeIsRefused(key: String, value: JSONValue) throws {
    let message = try #require(try Self.message(changing: key, to: value))
    #expect(message.contains("its state is incomplete") || message.contains("best epoch"))
  }
}
