import Tensors
import Testing

@Suite struct ScalarCodingTests {
  /// Bit patterns as NumPy 2.4 and ml_dtypes write them (`numpy.float16(x).tobytes()` and so on).
  @Test(arguments: [
    (Float(1), [0x00, 0x3C]), (Float(-2), [0x00, 0xC0]), (Float(65504), [0xFF, 0x7B]),
    (Float(65520), [0x00, 0x7C]), (Float(6e-8), [0x01, 0x00]), (Float(2.9e-8), [0x00, 0x00]),
    (Float(1.0004883), [0x00, 0x3C]), (Float(1.0014648), [0x02, 0x3C]),
  ])
  func float16RoundsToNearestEven(value: Float, bytes: [UInt8]) {
    #expect(ScalarCoding.encode([value], as: .float16) == bytes)
  }

  @Test(arguments: [
    (Float(1), [0x80, 0x3F]), (Float(1.00390625), [0x80, 0x3F]),
    (Float(1.01171875), [0x82, 0x3F]), (Float(3.3895314e38), [0x7F, 0x7F]),
    (Float(3.4e38), [0x80, 0x7F]), (Float.infinity, [0x80, 0x7F]),
  ])
  func bfloat16RoundsToNearestEven(value: Float, bytes: [UInt8]) {
    #expect(ScalarCoding.encode([value], as: .bfloat16) == bytes)
  }

  @Test(arguments: ScalarType.allCases)
  func smallIntegersSurviveEveryType(type: ScalarType) {
    let values: [Float] = [0, 1]
    let bytes = ScalarCoding.encode(values, as: type)
    #expect(bytes.count == 2 * type.byteCount)
    #expect(ScalarCoding.decode(bytes, of: type, count: 2) == values)
  }

  @Test func integersAreClampedAndRoundedToEven() {
    let bytes = ScalarCoding.encode([300, -300, 2.5, 3.5, .nan], as: .int8)
    #expect(bytes.map { Int8(bitPattern: $0) } == [127, -128, 2, 4, 0])
  }

  @Test func aRawTensorIsEqualByBytes() {
    let nan = RawTensor(Tensor(shape: [1], elements: [.nan]))
    #expect(nan == RawTensor(Tensor(shape: [1], elements: [.nan])))
    #expect(
      RawTensor(Tensor(shape: [1], elements: [0]))
        != RawTensor(Tensor(shape: [1], elements: [-0.0])))
  }
}
