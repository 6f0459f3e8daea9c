import CSource
import Execution
import Models
import Programs
import Tensors

/// Networks of a few layers with seeded weights, and their int8 ranges.
enum SmallNetwork {
  static func input(_ shape: [Int]) -> Layer {
    Layer(path: "in", kind: .input(Input(shape: shape)))
  }

  /// A Dense layer with weights in −size … size.
  static func dense(
    _ path: String, _ inputs: Int, _ units: Int, _ activation: ActivationFunction = .linear,
    size: Float = 1
  ) -> Layer {
    Layer(
      path: path, kind: .dense(Dense(units: units, activation: activation)),
      weights: weights(path, [inputs, units], size))
  }

  /// A convolution of 3 × 3 with weights in −1 … 1.
  static func convolution(
    _ path: String, _ inputs: Int, _ filters: Int, _ activation: ActivationFunction = .linear
  ) -> Layer {
    Layer(
      path: path,
      kind: .convolution(
        Convolution(filters: filters, window: Window(size: [3, 3]), activation: activation)),
      weights: weights(path, [3, 3, inputs, filters], 1))
  }

  static func maxPooling(_ path: String) -> Layer {
    Layer(
      path: path,
      kind: .pooling(Pooling(kind: .max, window: Window(size: [2, 2], strides: [2, 2]))))
  }

  /// Weights that depend on the layer's name alone.
  private static func weights(_ path: String, _ kernel: [Int], _ size: Float)
    -> [Layer.NamedWeight]
  {
    var generator = SeededGenerator(seed: path.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    func random(_ shape: Shape) -> Weight {
      let elements = (0..<shape.count).map { _ in (2 * Float(generator.uniform()) - 1) * size }
      return Weight(Parameter(Tensor(shape: shape, elements: elements)))
    }
    return [
      .init("kernel", random(Shape(kernel))), .init("bias", random([kernel[kernel.count - 1]])),
    ]
  }

  /// A Dense layer whose kernel [inputs × 1] has these weights.
  static func dense(_ path: String, _ kernel: [Float], as type: ScalarType = .float32) -> Layer {
    let shape: Shape = [kernel.count, 1]
    return Layer(
      path: path, kind: .dense(Dense(units: 1, usesBias: false)),
      weights: [
        .init("kernel", Weight(Parameter(Tensor(shape: shape, elements: kernel), as: type)))
      ])
  }

  /// Calls of layers that read earlier calls, by position.
  static func model(_ layers: [(Layer, reads: [Int])], outputs: [Int]) -> Model {
    Model(
      name: "small", layers: layers.map(\.0),
      calls: layers.indices.map { index in
        .init(layer: index, inputs: layers[index].reads.map { .init(call: $0) })
      }, inputs: [0], outputs: outputs.map { .init(call: $0) })
  }

  /// The ranges of what int8 needs, on examples.
  static func ranges(
    _ export: CSource, _ model: Model, on examples: [[[Float]]]
  ) throws -> ActivationRanges {
    let program = export.program
    let inputs = Set(program.inputs.map(\.value))
    let executor = try InferenceExecutor(
      program, parameters: try model.parameterValues(for: program), capacity: 1,
      retaining: export.measuredValues.filter { !inputs.contains($0) })
    var ranges = ActivationRanges()
    for value in export.measuredValues {
      ranges.ranges[value] = .init(channels: program.shape(of: value).last)
    }
    for example in examples {
      for (input, values) in zip(program.inputs, example) {
        ranges.ranges[input.value]?.add(values.span)
      }
      let tensors = zip(program.inputs, example).map { input, values in
        Tensor(shape: Shape([1] + input.shape.extents), elements: values)
      }
      try executor.run(tensors) { _ in
        for value in export.measuredValues where !inputs.contains(value) {
          executor.withValue(value) { ranges.ranges[value]?.add($0) }
        }
      }
    }
    return ranges
  }
}
