import Models
import Testing

@testable import Compression

@Suite struct TargetTests {
  @Test(arguments: [("4", 4.0), ("4x", 4), ("2.5×", 2.5), ("1", 1)])
  func ratiosAreRead(text: String, ratio: Double) throws {
    #expect(try CompressionTarget.ratio(parsing: text) == .ratio(ratio))
  }

  @Test func ratioBelowOneSaysWhatWasMeant() {
    let error = #expect(throws: SpecificationError.self) {
      try CompressionTarget.ratio(parsing: "0.25")
    }
    #expect(error?.description.contains("write --ratio 4") == true)
    #expect(error?.description.contains("25 % of the size") == true)
  }

  @Test(arguments: ["", "x", "-4", "0", "nan", "inf", "4y"])
  func otherRatiosAreRefused(text: String) {
    #expect(throws: SpecificationError.self) { try CompressionTarget.ratio(parsing: text) }
  }

  @Test(arguments: [
    ("20000", 20000), ("64K", 65536), ("64KiB", 65536), ("64kb", 65536), ("1.5M", 1_572_864),
  ])
  func sizesAreReadInKibibytes(text: String, bytes: Int) throws {
    #expect(try CompressionTarget.bytes(parsing: text, subject: "--max-bytes") == bytes)
  }

  @Test(arguments: ["", "K", "64Q", "-1", "0", "1e30"])
  func otherSizesAreRefused(text: String) {
    #expect(throws: SpecificationError.self) {
      try CompressionTarget.bytes(parsing: text, subject: "--max-bytes")
    }
  }

  @Test func rankSpecificationsAreRead() throws {
    #expect(try RankSpecification(parsing: "10") == .number(10))
    #expect(try RankSpecification(parsing: "1/2") == .share(numerator: 1, denominator: 2))
    #expect(try RankSpecification(parsing: "25%") == .share(numerator: 25, denominator: 100))
    #expect(try RankSpecification(parsing: "0.29").rank(ofFull: 100) == 29)
    #expect(
      try RankSpecification(parsing: "dense=50,conv2d_3=24x40")
        == .layers([
          .init(pattern: try Glob("dense"), ranks: [50]),
          .init(pattern: try Glob("conv2d_3"), ranks: [24, 40]),
        ]))
  }

  @Test(arguments: [
    "0", "-3", "0/2", "3/2", "1/0", "150%", "abc", "dense=", "dense=0", "dense=2x", "=5", "a=1,a=2",
    "a=1,b", "9999999999999999999",
  ])
  func otherRankSpecificationsAreRefused(text: String) {
    #expect(throws: SpecificationError.self) { try RankSpecification(parsing: text) }
  }

  @Test(arguments: [
    (100, 50, 25, 12), (50, 25, 12, 6), (10, 5, 2, 1), (3, 1, 1, 1), (1, 1, 1, 1),
  ])
  func sharesAreRoundedDownToAtLeastOne(full: Int, half: Int, quarter: Int, eighth: Int) throws {
    #expect(try RankSpecification(parsing: "1/2").rank(ofFull: full) == half)
    #expect(try RankSpecification(parsing: "1/4").rank(ofFull: full) == quarter)
    #expect(try RankSpecification(parsing: "12.5%").rank(ofFull: full) == eighth)
  }

  @Test(arguments: [
    ("conv*", "conv2d_1", true), ("conv*", "outer/conv2d", false), ("*/conv?", "outer/conv1", true),
    ("**conv?", "a/b/conv1", true), ("[a-c]onv", "conv", true), ("[!a-c]onv", "conv", false),
    ("*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false), ("*", "x/y", false),
    ("x/*", "x/y", true),
    ("?", "/", false), ("dense", "dense_1", false),
  ])
  func globsMatchWithinComponents(pattern: String, path: String, matches: Bool) throws {
    #expect(try Glob(pattern).matches(path) == matches)
  }

  @Test func nearestNameIsSuggested() {
    #expect(NearestName.of("tucker", among: ["svd", "tucker2", "tensor"]) == "tucker2")
    #expect(NearestName.of("dnese", among: ["dense", "dense_1"]) == "dense")
    #expect(NearestName.of("xyz", among: ["svd", "tucker2"]) == nil)
  }
}
