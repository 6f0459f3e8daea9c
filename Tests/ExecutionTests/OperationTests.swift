import Execution
import Programs
import Tensors
import Testing

@Suite struct OperationTests {
  /// Float arithmetic over short sums: a few units of 6e-8 relative to the largest result.
  static let forwardTolerance = 2e-6
  /// Central differences of the Double reference with h = 1e-4 are exact to about 1e-7; the rest
  /// is Float rounding in sums of up to a few hundred products.
  static let gradientTolerance = 2e-5

  @Test(arguments: OperationCase.all)
  func inferenceAgreesWithTheReference(operation: OperationCase) throws {
    try checkInference(operation)
  }

  @Test(arguments: OperationCase.all)
  func gradientsAgreeWithFiniteDifferences(operation: OperationCase) throws {
    try checkGradients(operation)
  }

  static let everyWay: [ConvolutionMethods] = [[], .library, .minimalFiltering]

  /// Every way to convolve alone: gathered rows, oneDNN where it is installed, minimal filtering.
  @Test(arguments: OperationCase.convolutions, everyWay)
  func everyWayToConvolveAgrees(operation: OperationCase, methods: ConvolutionMethods) throws {
    try ConvolutionMethods.$allowed.withValue(methods) {
      try checkInference(operation)
      try checkGradients(operation)
    }
  }

  private func checkInference(_ operation: OperationCase) throws {
    let program = try operation.program()
    var generator = SeededGenerator(seed: 7)
    let inputs = operation.randomInputs(batch: 3, &generator)
    let parameters = operation.randomParameters(&generator)
    let executor = try InferenceExecutor(program, parameters: parameters, capacity: 2)
    let result = try executor.run(inputs)[0]
    let reference = ReferenceKernels(program: program, isTraining: false).run(
      inputs.map { ReferenceTensor($0) }, parameters.map { ReferenceTensor($0) })[0]
    #expect(result.shape.extents == reference.extents)
    #expect(difference(result, reference) <= Self.forwardTolerance)
  }

  private func checkGradients(_ operation: OperationCase) throws {
    let program = try operation.program()
    var generator = SeededGenerator(seed: 11)
    let batch = 2
    let inputs = operation.randomInputs(batch: batch, &generator)
    let parameters = operation.randomParameters(&generator)
    let output = program.outputs[0]
    let executor = TrainingExecutor(
      program, seeds: [output], capacity: batch,
      retainingGradients: program.inputs.map(\.value))
    for index in inputs.indices { executor.bindInput(index, to: inputs[index]) }
    try executor.forward(batch: batch, parameters: parameters)
    let shape = Shape([batch] + program.shape(of: output).extents)
    let weights = Tensor.normal(shape, generator: &generator)
    let result = executor.withSeed(0) { value, gradient in
      for index in gradient.indices { gradient[index] = weights.elements[index] }
      return Tensor(shape: shape, elements: value.indices.map { value[$0] })
    }
    executor.backward(parameters: parameters)
    let reference = ReferenceKernels(program: program, isTraining: true)
    let exactInputs = inputs.map { ReferenceTensor($0) }
    let exactParameters = parameters.map { ReferenceTensor($0) }
    #expect(
      difference(result, reference.run(exactInputs, exactParameters)[0]) <= Self.forwardTolerance)

    func loss(_ inputs: [ReferenceTensor], _ parameters: [ReferenceTensor]) -> Double {
      let y = reference.run(inputs, parameters)[0]
      return y.values.indices.reduce(0) { $0 + y.values[$1] * Double(weights.elements[$1]) }
    }
    for index in parameters.indices where program.parameters[index].isTrainable {
      let deviation = deviation(
        executor.gradients[index], at: exactParameters[index], probes: operation.probes
      ) { changed in
        var all = exactParameters
        all[index] = changed
        return loss(exactInputs, all)
      }
      #expect(deviation <= Self.gradientTolerance, "parameter \(index)")
    }
    guard operation.entries == nil else { return }
    for index in inputs.indices {
      let gradient = executor.withGradient(of: program.inputs[index].value) { span in
        span.indices.map { span[$0] }
      }
      let deviation = deviation(
        try #require(gradient), at: exactInputs[index], probes: operation.probes
      ) { changed in
        var all = exactInputs
        all[index] = changed
        return loss(all, exactParameters)
      }
      #expect(deviation <= Self.gradientTolerance, "input \(index)")
    }
  }
}

/// max |x − reference| ÷ max(max |reference|, 1).
func difference(_ x: Tensor, _ reference: ReferenceTensor) -> Double {
  guard x.count == reference.values.count else { return .infinity }
  let scale = max(reference.values.map { abs($0) }.max() ?? 0, 1)
  var largest = 0.0
  for (value, expected) in zip(x.elements, reference.values) {
    let difference = abs(Double(value) - expected)
    guard difference.isFinite else { return .infinity }
    largest = max(largest, difference)
  }
  return largest / scale
}

/// The largest difference between a gradient and central differences of a function, relative to
/// max(max |gradient|, 1), at every element or at `probes` evenly spaced ones.
func deviation(
  _ gradient: [Float], at x: ReferenceTensor, probes: Int, step: Double = 1e-4,
  _ function: (ReferenceTensor) -> Double
) -> Double {
  guard gradient.count == x.values.count else { return .infinity }
  let scale = Double(max(gradient.map { abs($0) }.max() ?? 0, 1))
  var largest = 0.0
  for index in stride(from: 0, to: gradient.count, by: max(1, gradient.count / probes)) {
    var changed = x
    changed.values[index] = x.values[index] + step
    let above = function(changed)
    changed.values[index] = x.values[index] - step
    let numeric = (above - function(changed)) / (2 * step)
    let difference = abs(Double(gradient[index]) - numeric)
    guard difference.isFinite else { return .infinity }
    largest = max(largest, difference)
  }
  return largest / scale
}
