import Execution
import Programs
import Tensors
import Testing

/// What differs between training and inference: dropout and batch statistics.
@Suite struct TrainingModeTests {
  private func dropout(rate: Float, count: Int) throws -> Program {
    var builder = ProgramBuilder()
    let x = builder.input(Shape([count]), name: "x")
    let scale = builder.parameter(name: "s", shape: Shape([count]))
    let scaled = try builder.append(.scale(scale), x, origin: "scale")
    let y = try builder.append(.dropout(rate: rate), scaled, origin: "drop")
    return builder.finish(outputs: [y])
  }

  private func run(
    _ program: Program, samples: Range<Int>, seed: UInt64
  ) throws -> (values: [Float], gradient: [Float]) {
    let count = program.inputs[0].shape.count
    let executor = TrainingExecutor(program, seeds: program.outputs, capacity: samples.count)
    let parameters = [Tensor(repeating: 1, shape: Shape([count]))]
    executor.bindInput(0, to: Tensor(repeating: 1, shape: Shape([samples.count, count])))
    try executor.forward(
      batch: samples.count, parameters: parameters, seed: seed, firstSample: samples.lowerBound)
    let values = executor.withSeed(0) { value, gradient in
      for index in gradient.indices { gradient[index] = 1 }
      return value.indices.map { value[$0] }
    }
    executor.backward(parameters: parameters)
    return (values, executor.gradients[0])
  }

  @Test(arguments: [Float(0.1), 0.5, 0.9])
  func dropoutKeepsTheMeanAndDropsAtItsRate(rate: Float) throws {
    let program = try dropout(rate: rate, count: 1000)
    let (values, _) = try run(program, samples: 0..<40, seed: 9)
    let dropped = Double(values.count { $0 == 0 }) / Double(values.count)
    // Five standard deviations of a share among 40,000.
    #expect(abs(dropped - Double(rate)) <= 5 * (Double(rate * (1 - rate)) / 40_000).squareRoot())
    #expect(values.allSatisfy { $0 == 0 || abs($0 - 1 / (1 - rate)) <= 1e-5 })
  }

  @Test func dropoutsGradientUsesTheSameMask() throws {
    let program = try dropout(rate: 0.4, count: 101)
    let (values, gradient) = try run(program, samples: 0..<1, seed: 2)
    #expect(values == gradient)
  }

  @Test func dropoutDoesNotDependOnTheShards() throws {
    let program = try dropout(rate: 0.4, count: 33)
    let whole = try run(program, samples: 0..<6, seed: 5).values
    let first = try run(program, samples: 0..<2, seed: 5).values
    let second = try run(program, samples: 2..<6, seed: 5).values
    #expect(whole == first + second)
    #expect(try run(program, samples: 0..<6, seed: 6).values != whole)
  }

  private func norm(isTrainable: Bool) throws -> Program {
    var builder = ProgramBuilder()
    let x = builder.input([2], name: "x")
    let gamma = builder.parameter(name: "gamma", shape: [2], isTrainable: isTrainable)
    let mean = builder.parameter(name: "mean", shape: [2], isTrainable: false)
    let variance = builder.parameter(name: "variance", shape: [2], isTrainable: false)
    let y = try builder.append(
      .batchNorm(
        gamma: gamma, beta: nil, mean: mean, variance: variance, epsilon: 0, momentum: 0.75), x,
      origin: "bn")
    return builder.finish(outputs: [y])
  }

  private let parameters = [
    Tensor(repeating: 1, shape: [2]), Tensor(shape: [2], elements: [4, 0]),
    Tensor(shape: [2], elements: [1, 2]),
  ]
  private let input = Tensor(shape: [2, 2], elements: [1, 10, 3, 20])

  @Test func runningStatisticsMoveByTheMomentum() throws {
    let executor = TrainingExecutor(
      try norm(isTrainable: true), seeds: [], capacity: 2)
    executor.bindInput(0, to: input)
    try executor.forward(batch: 2, parameters: parameters)
    // Means 2 and 15, population variances 1 and 25; a quarter of each.
    #expect(executor.stateUpdates[ParameterID(rawValue: 1)] == [3.5, 3.75])
    #expect(executor.stateUpdates[ParameterID(rawValue: 2)] == [1, 7.75])
    let values = executor.withValue(executor.program.outputs[0]) { s in s.indices.map { s[$0] } }
    #expect(values == [-1, -1, 1, 1])
  }

  @Test func aFrozenNormKeepsItsStatistics() throws {
    let executor = TrainingExecutor(
      try norm(isTrainable: false), seeds: [], capacity: 2)
    executor.bindInput(0, to: input)
    try executor.forward(batch: 2, parameters: parameters)
    #expect(executor.stateUpdates.isEmpty)
    let values = executor.withValue(executor.program.outputs[0]) { s in s.indices.map { s[$0] } }
    for (value, expected) in zip(
      values, [-3, 10 / Float(2).squareRoot(), -1, 200 / Float(200).squareRoot()])
    {
      #expect(abs(value - expected) <= 1e-4)
    }
  }

  @Test func anEntryOutsideTheTableIsNamed() throws {
    var builder = ProgramBuilder()
    let x = builder.input([2], name: "x")
    let table = builder.parameter(name: "t", shape: [3, 2])
    let y = try builder.append(.embedding(table), x, origin: "words")
    let executor = try InferenceExecutor(
      builder.finish(outputs: [y]), parameters: [Tensor.zeros([3, 2])])
    for value: Float in [3, -1, .nan, .infinity] {
      let error = #expect(throws: ExecutionError.self) {
        _ = try executor.run([Tensor(shape: [1, 2], elements: [0, value])])
      }
      #expect(error?.description.hasPrefix("words: expected an entry from 0 to 2") == true)
    }
  }
}
