import Testing

@testable import HDF5

@Suite struct CodingTests {
  /// All 65,536 patterns, against the compiler's conversion; NaN by its bits but the quiet one.
  @Test func everyFloat16IsWidenedExactly() throws {
    let patterns = (0...UInt16.max).map { $0 }
    var values: [Float] = []
    try ElementCoding.append(
      patterns.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }, .float(.float16), to: &values)
    for (pattern, value) in zip(patterns, values) {
      let expected = Float(Float16(bitPattern: pattern))
      if expected.isNaN {
        #expect(value.isNaN)
      } else {
        #expect(value.bitPattern == expected.bitPattern, "\(pattern)")
      }
    }
    #expect(values.count == 65_536)
  }

  @Test(arguments: [1, 2, 3, 4, 8, 16])
  func unshuffleUndoesShuffle(_ size: Int) {
    let bytes = (0..<UInt8(101)).map { $0 }
    let count = bytes.count / size
    let planes = (0..<size).flatMap { plane in (0..<count).map { bytes[$0 * size + plane] } }
    let shuffled = planes + bytes[(count * size)...]
    #expect(FilterPipeline.unshuffle(shuffled, elementSize: size) == bytes)
  }

  /// Values of Jenkins' own test driver, and Fletcher's sums of the words 0x0102 and 0x0300.
  @Test func checksumsMatchTheirDefinitions() {
    #expect(Checksum.lookup3(Array("Four score and seven years ago".utf8)[...]) == 0x1777_0551)
    #expect(Checksum.lookup3([]) == 0xdead_beef)
    #expect(Checksum.fletcher32([0x01, 0x02, 0x03][...]) == 0x0504_0402)
  }
}
