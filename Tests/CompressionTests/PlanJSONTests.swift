import JSON
import Models
import Testing

@testable import Compression

@Suite struct PlanJSONTests {
  private let plan = CompressionPlan(
    sourceDigest: "abc",
    kernels: [
      .init(path: "conv2/kernel", action: .factorize(.tucker2, ranks: [24, 40]), reason: "why"),
      .init(
        path: "dense/kernel", action: .factorize(.lowRank, ranks: [3]), weighting: .activations),
      .init(path: "dense_1/kernel", action: .keep, reason: "rank 8 would need 490 of 510"),
    ], encoding: .int8)

  @Test func planSurvivesItsText() throws {
    let text = plan.json.serialized(pretty: true)
    #expect(try CompressionPlan(json: JSONValue(parsing: text)) == plan)
  }

  @Test func planHasTheDocumentedKeys() throws {
    let json = plan.json
    #expect(json["format"]?.string == "modelc-plan")
    #expect(json["version"]?.int == 1)
    #expect(json["kernels"]?["conv2/kernel"]?["form"]?.string == "tucker-2")
    #expect(json["kernels"]?["conv2/kernel"]?["ranks"]?.ints == [24, 40])
    #expect(json["kernels"]?["dense_1/kernel"]?["action"]?.string == "keep")
  }

  @Test(arguments: [
    (#"[]"#, "expected an object"),
    (#"{"format":"x","version":1,"kernels":{}}"#, "modelc-plan"),
    (#"{"format":"modelc-plan","version":2,"kernels":{}}"#, "version"),
    (#"{"format":"modelc-plan","version":1,"kernels":{},"kernal":1}"#, "did you mean 'kernels'?"),
    (#"{"format":"modelc-plan","version":1}"#, "kernels: expected an object, found nothing"),
    (
      #"{"format":"modelc-plan","version":1,"kernels":{"a/kernel":{"action":"keep","ranks":[1]}}}"#,
      "beside"
    ),
    (#"{"format":"modelc-plan","version":1,"kernels":{"a/kernel":{"action":"drop"}}}"#, "'drop'"),
    (
      #"{"format":"modelc-plan","version":1,"kernels":{"a/kernel":{"action":"factorize","form":"tucker2","ranks":[1]}}}"#,
      "did you mean 'tucker-2'?"
    ),
    (
      #"{"format":"modelc-plan","version":1,"kernels":{"a/kernel":{"action":"factorize","form":"low-rank","ranks":[0]}}}"#,
      "at least 1"
    ),
    (#"{"format":"modelc-plan","version":1,"dtype":"int4","kernels":{}}"#, "int8"),
    (
      #"{"format":"modelc-plan","version":1,"kernels":{"a":{"action":"keep","why":"x"}}}"#,
      "unknown key 'why'"
    ),
  ])
  func otherTextsAreRefused(text: String, message: String) throws {
    let json = try JSONValue(parsing: text)
    let error = #expect(throws: PlanFormatError.self) { try CompressionPlan(json: json) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }
}
