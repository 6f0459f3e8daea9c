import Reports
import Testing

@Suite struct UnitsTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (84060, "84,060"), (-1_234_567, "-1,234,567"),
  ])
  func countsAreGrouped(count: Int, text: String) {
    #expect(Units.grouped(count) == text)
  }

  @Test(arguments: [
    (1023, "1023 B"), (1024, "1.0 KiB"), (336_240, "328.4 KiB"), (1_048_575, "1.0 MiB"),
    (553_000_000, "527.4 MiB"),
  ])
  func sizesUseBinaryUnits(bytes: Int, text: String) {
    #expect(Units.bytes(bytes) == text)
  }

  @Test(arguments: [
    (3.14159, 2, "3.14"), (-0.5, 0, "-1"), (-0.004, 2, "0.00"), (0.05, 1, "0.1"),
    (12.0, 0, "12"), (1.005, 3, "1.005"),
  ])
  func decimalsAreRounded(value: Double, decimals: Int, text: String) {
    #expect(Units.fixed(value, decimals: decimals) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (0.33121, "0.331"), (123456.0, "123456"), (1.5e-7, "1.50e-7"), (1e12, "1.00e12"),
  ])
  func significantDigitsAreKept(value: Double, text: String) {
    #expect(Units.significant(value, digits: 3) == text)
  }

  @Test func aRatioRoundedDownNeverExceedsItself() {
    #expect(Units.ratioRoundedDown(12.3999) == "12.39")
    #expect(Units.ratio(4.056) == "4.06×")
    #expect(Units.ratio(128.2) == "128×")
  }
}
