import Execution
import Programs
import Tensors
import Testing

/// Sharing, fusing and overlapping storage must not change what a program computes.
@Suite struct PlanTests {
  @Test(arguments: 1...40)
  func randomProgramsAgreeWithTheReference(seed: Int) throws {
    var random = try RandomProgram(seed: UInt64(seed), length: 4 + seed % 9)
    let program = random.finished()
    var generator = SeededGenerator(seed: UInt64(seed))
    let batch = 2
    let parameters = program.parameters.map { declaration in
      let tensor = Tensor.normal(declaration.shape, standardDeviation: 0.6, generator: &generator)
      guard !declaration.isTrainable else { return tensor }
      return Tensor(shape: tensor.shape, elements: tensor.elements.map { abs($0) + 0.2 })
    }
    let inputs = program.inputs.map {
      Tensor.normal(Shape([batch] + $0.shape.extents), generator: &generator)
    }
    let exactInputs = inputs.map { ReferenceTensor($0) }
    let exactParameters = parameters.map { ReferenceTensor($0) }

    let inference = try InferenceExecutor(program, parameters: parameters, capacity: batch)
    let results = try inference.run(inputs)
    let expected = ReferenceKernels(program: program, isTraining: false)
      .run(exactInputs, exactParameters)
    for (result, reference) in zip(results, expected) {
      #expect(difference(result, reference) <= 1e-5)
    }

    let seeds = program.outputs
    let training = TrainingExecutor(program, seeds: seeds, capacity: batch)
    let weights = program.outputShapes.map {
      Tensor.normal(Shape([batch] + $0.extents), generator: &generator)
    }
    // Twice, because the second run meets buffers full of stale numbers.
    for _ in 0..<2 {
      for index in inputs.indices { training.bindInput(index, to: inputs[index]) }
      try training.forward(batch: batch, parameters: parameters)
      for index in seeds.indices {
        training.withSeed(index) { _, gradient in
          for element in gradient.indices { gradient[element] = weights[index].elements[element] }
        }
      }
      training.backward(parameters: parameters)
    }
    let reference = ReferenceKernels(program: program, isTraining: true)
    func loss(_ parameters: [ReferenceTensor]) -> Double {
      var sum = 0.0
      for (y, weight) in zip(reference.run(exactInputs, parameters), weights) {
        for index in y.values.indices { sum += y.values[index] * Double(weight.elements[index]) }
      }
      return sum
    }
    for index in parameters.indices where program.parameters[index].isTrainable {
      let deviation = deviation(
        training.gradients[index], at: exactParameters[index], probes: 6
      ) { changed in
        var all = exactParameters
        all[index] = changed
        return loss(all)
      }
      // Ten layers deep, rounding is amplified by up to the product of their slopes.
      #expect(deviation <= 2e-4, "parameter \(index) of \(program)")
    }
  }

  private func classifier() throws -> (Program, [Tensor]) {
    var builder = ProgramBuilder()
    let x = builder.input([6], name: "x")
    let kernel = builder.parameter(name: "k", shape: [6, 4])
    let bias = builder.parameter(name: "b", shape: [4])
    let product = try builder.append(.matmul(kernel), x, origin: "d")
    let logits = try builder.append(.addBias(bias), product, origin: "d")
    let y = try builder.append(.activation(.softmax), logits, origin: "d")
    var generator = SeededGenerator(seed: 3)
    let program = builder.finish(outputs: [y])
    return (program, program.parameters.map { Tensor.normal($0.shape, generator: &generator) })
  }

  /// d(−log p) ÷ d logits = p − y: the same gradients by way of the softmax or around it.
  @Test func logitsAreASeedAsGoodAsProbabilities() throws {
    let (program, parameters) = try classifier()
    let output = program.outputs[0]
    let logits = try #require(program.logits(of: output))
    var generator = SeededGenerator(seed: 4)
    let input = Tensor.normal([3, 6], generator: &generator)
    let labels = [2, 0, 3]
    let through = TrainingExecutor(program, seeds: [output], capacity: 3)
    let around = TrainingExecutor(program, seeds: [logits], capacity: 3)
    for executor in [through, around] {
      executor.bindInput(0, to: input)
      try executor.forward(batch: 3, parameters: parameters)
    }
    through.withSeed(0) { p, gradient in
      for row in 0..<3 {
        for c in 0..<4 { gradient[row * 4 + c] = c == labels[row] ? -1 / p[row * 4 + c] : 0 }
      }
    }
    let probabilities = around.withValue(output) { span in span.indices.map { span[$0] } }
    around.withSeed(0) { _, gradient in
      for row in 0..<3 {
        for c in 0..<4 {
          gradient[row * 4 + c] = probabilities[row * 4 + c] - (c == labels[row] ? 1 : 0)
        }
      }
    }
    for executor in [through, around] { executor.backward(parameters: parameters) }
    for (a, b) in zip(through.gradients.joined(), around.gradients.joined()) {
      #expect(abs(a - b) <= 1e-5)
    }
  }

  @Test func chunksGiveTheSameValuesAsOneRun() throws {
    let (program, parameters) = try classifier()
    var generator = SeededGenerator(seed: 5)
    let input = Tensor.normal([17, 6], generator: &generator)
    let whole = try InferenceExecutor(program, parameters: parameters, capacity: 32).run([input])
    let chunked = try InferenceExecutor(program, parameters: parameters, capacity: 5).run([input])
    #expect(whole[0].shape == [17, 4])
    for (a, b) in zip(whole[0].elements, chunked[0].elements) { #expect(abs(a - b) <= 1e-6) }
  }

  @Test func inferenceReusesStorage() throws {
    var builder = ProgramBuilder()
    var x = builder.input([100], name: "x")
    for index in 0..<10 {
      let kernel = builder.parameter(name: "k\(index)", shape: [100, 100])
      x = try builder.append(.matmul(kernel), x, origin: "d\(index)")
      x = try builder.append(.activation(.relu()), x, origin: "d\(index)")
    }
    let program = builder.finish(outputs: [x])
    let parameters = program.parameters.map { Tensor.zeros($0.shape) }
    let executor = try InferenceExecutor(program, parameters: parameters)
    // The input and two buffers that take turns.
    #expect(executor.bytesPerSample == 3 * 400)
  }

  @Test func aFrozenParameterHasNoGradient() throws {
    var builder = ProgramBuilder()
    let x = builder.input([2], name: "x")
    let frozen = builder.parameter(name: "a", shape: [2, 2], isTrainable: false)
    let free = builder.parameter(name: "b", shape: [2, 2])
    let unused = builder.parameter(name: "c", shape: [2])
    let hidden = try builder.append(.matmul(frozen), x, origin: "a")
    let y = try builder.append(.matmul(free), hidden, origin: "b")
    let program = builder.finish(outputs: [y])
    let executor = TrainingExecutor(program, seeds: [y], capacity: 1)
    let parameters = program.parameters.map { Tensor(repeating: 1, shape: $0.shape) }
    executor.bindInput(0, to: Tensor(shape: [1, 2], elements: [1, 2]))
    try executor.forward(batch: 1, parameters: parameters)
    executor.withSeed(0) { _, gradient in for index in gradient.indices { gradient[index] = 1 } }
    executor.backward(parameters: parameters)
    #expect(executor.gradients[frozen.rawValue].isEmpty)
    #expect(executor.gradients[free.rawValue] == [3, 3, 3, 3])
    #expect(executor.gradients[unused.rawValue] == [0, 0])
  }
}

@Suite struct MemoryTests {
  /// A tiny file can declare activations that no machine holds.
  @Test func anAbsurdActivationIsRefusedBeforeItIsAllocated() throws {
    var builder = ProgramBuilder()
    let x = builder.input([1], name: "x")
    let y = try builder.append(.repeatVector(1 << 39), x, origin: "repeat")
    let program = builder.finish(outputs: [y])
    let inference = try InferenceExecutor(program, parameters: [])
    let training = TrainingExecutor(program, seeds: [y], capacity: Int.max)
    training.bindInput(0, to: Tensor(shape: [1, 1], elements: [1]))
    #expect(throws: ExecutionError.self) {
      try training.forward(batch: 1, parameters: [])
    }
    #expect(throws: ExecutionError.self) {
      try inference.run([Tensor(shape: [1, 1], elements: [1])]) { _ in }
    }
  }
}
