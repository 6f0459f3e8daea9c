import CSource
import Compression
import Datasets
import Foundation
import Models
import TestSupport
import Testing

@testable import Pipelines

/// Compressing to the flash and RAM of a device.
@Suite struct DeviceBudgetTests {
  private func run(
    flash: Int, _ path: String, in folder: URL, data: CompressionData? = nil
  ) throws -> CompressionOutcome {
    var request = CompressionRequest(
      input: path, output: folder.appendingPathComponent("small.h5").path,
      source: .planning(PlanningOptions(target: .ratio(1))), data: data, toolVersion: "test")
    request.device = DeviceBudget(flashByteCount: flash)
    return try Compress.run(request)
  }

  @Test func whatDoesNotFitIsStatedForTheFewestParameters() throws {
    try DigitsModel.withFile { folder, path in
      let error = try #require(
        #expect(throws: PipelineError.self) { try run(flash: 900, path, in: folder) })
      let whole = try DigitsModel.trained.get().parameterCount
      for storage in ["float16", "int8"] {
        let parts = error.reason.components(separatedBy: "\(storage) at ")
        let stated = try #require(parts.last?.prefix { $0.isNumber })
        #expect(parts.count == 2, "\(error.reason)")
        let count = try #require(Int(stated))
        #expect(count < whole / 2)
        // Bytes of the weights alone say that the flash belongs to that count.
        let missing = try #require(
          parts[1].components(separatedBy: "needs ").last.flatMap {
            Int($0.prefix { $0.isNumber })
          })
        #expect(missing + 900 < whole * 2)
      }
    }
  }

  @Test func theMostAccurateStorageThatFitsIsTaken() throws {
    try DigitsModel.withFile { folder, path in
      let outcome = try run(
        flash: 4096, path, in: folder,
        data: CompressionData(dataset: try DigitsModel.digits(), choiceCount: 200))
      let device = try #require(outcome.device)
      #expect(device.footprint.flashByteCount <= 4096)
      #expect(try #require(device.accuracy) > 0.8)
    }
  }

  /// Storages are compared on as many examples as int8 affords, all on the same.
  @Test(arguments: [(1, 300), (30_000_000, 100), (3_000_000_000, 100), (20_000_000, 150)])
  func whatIntegersAffordIsBounded(multiplications: Int, count: Int) throws {
    let model = try DigitsModel.trained.get()
    let data = try BoundData(
      try DigitsModel.digits(limit: 300), to: model, program: try model.lowered(), requested: nil)
    let part = Int8Calibration.affordable(data, multiplications, atLeast: 100)
    #expect(part.dataset.count == count)
  }
}
