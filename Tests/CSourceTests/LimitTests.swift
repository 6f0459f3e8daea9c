import CSource
import Models
import Programs
import Tensors
import Testing

/// What C's `int` does not count.
@Suite struct LimitTests {
  /// A file that is never read.
  private struct Unread: TensorSource {
    struct WasRead: Error {}
    func readRaw(_ key: String, shape: Shape, scalarType: ScalarType) throws -> RawTensor {
      throw WasRead()
    }
  }

  private static func expectRefusal(
    of model: Model, at place: String, _ reason: String, _ options: CSource.Options = .init()
  ) {
    #expect { try CSource(model, options: options) } throws: { error in
      guard let error = error as? CSourceError else { return false }
      return error.place == place && error.reason == reason
    }
  }

  private static func pooling(_ path: String) -> Layer {
    Layer(path: path, kind: .globalPooling(GlobalPooling(kind: .max, axes: 2)))
  }

  @Test func aValueBeyondIntIsRefused() {
    let model = Model.sequential(
      name: "large", layers: [SmallNetwork.input([50_000, 50_000, 1]), Self.pooling("p")])
    Self.expectRefusal(
      of: model, at: "in", "2500000000 elements in a value; C's int counts to 2147483647")
  }

  @Test func anArrayBeyondIntIsRefused() {
    let kernel = Parameter(
      deferredTo: Unread(), key: "k", shape: [50_000, 50_000], scalarType: .float32)
    let model = Model.sequential(
      name: "large",
      layers: [
        SmallNetwork.input([50_000]),
        Layer(
          path: "d", kind: .dense(Dense(units: 50_000, usesBias: false)),
          weights: [.init("kernel", Weight(kernel))]),
      ])
    for options in [CSource.Options(), .init(quantizesActivations: true)] {
      Self.expectRefusal(
        of: model, at: "d_kernel", "2500000000 numbers; C's int counts to 2147483647", options)
    }
  }

  @Test func anArenaBeyondIntIsRefused() {
    let model = Model.sequential(
      name: "large",
      layers: [
        SmallNetwork.input([24_000, 25_000, 1]),
        Layer(path: "relu", kind: .activation(ActivationLayer(function: .relu()))),
        Self.pooling("p"),
      ])
    Self.expectRefusal(
      of: model, at: "RAM", "2400000000 bytes of arena; C's int counts to 2147483647")
  }

  /// 255 · 127 · inputs is what a column of equal weights can sum up to.
  @Test(arguments: [(66_000, true), (70_000, false)])
  func anInt8ColumnThatCouldOverflowIsRefused(inputs: Int, fits: Bool) throws {
    let model = Model.sequential(
      name: "tall",
      layers: [
        SmallNetwork.input([inputs]),
        SmallNetwork.dense("d", [Float](repeating: 0.5, count: inputs)),
      ])
    let export = try CSource(model, options: .init(quantizesActivations: true))
    var ranges = ActivationRanges()
    for value in export.measuredValues {
      var range = ActivationRanges.Range(channels: export.program.shape(of: value).last)
      range.maximum = range.maximum.map { _ in 1 }
      ranges.ranges[value] = range
    }
    if fits {
      _ = try export.constants(ranges: ranges)
    } else {
      #expect { try export.constants(ranges: ranges) } throws: { error in
        guard let error = error as? CSourceError else { return false }
        return error.place == "d/kernel" && error.reason.contains("2266950000")
          && error.reason.contains("2147483647")
      }
      // Sums of floats overflow nothing.
      _ = try CSource(model, options: .init(storage: .int8)).constants()
    }
  }
}
