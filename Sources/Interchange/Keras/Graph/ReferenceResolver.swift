/// Turns the names in a Functional's calls into indices, and sorts the graph as Keras does.
///
/// A nested model's calls are numbered from 1 by Keras 2, since building it made one; Keras 3
/// numbers them from 0, but from 1 again where a nested Functional is an output. A number that its
/// own base does not allow settles the base by itself.
struct ReferenceResolver {
  let level: KerasLevel
  let positions: [String: Int]
  let isKeras3: Bool
  let place: String
  private var bases: [Int: Int] = [:]

  init(level: KerasLevel, positions: [String: Int], isKeras3: Bool, place: String) {
    self.level = level
    self.positions = positions
    self.isKeras3 = isKeras3
    self.place = place
  }

  mutating func resolve(inputs: [KerasReference], outputs: [KerasReference])
    throws(KerasProblem)
  {
    guard !outputs.isEmpty else { throw KerasProblem(place, "output_layers: the list is empty") }
    for reference in inputs {
      let index = try position(reference, "input_layers")
      guard level.entries[index].isInput else {
        throw KerasProblem(
          place,
          "input_layers: expected an InputLayer, found '\(reference.layer)', "
            + "a \(printable(level.entries[index].className))")
      }
      level.entries[index].calls = [KerasCall()]
      let endpoint = KerasEndpoint(entry: index, call: 0, tensor: 0)
      guard !level.inputs.contains(endpoint) else {
        throw KerasProblem(place, "input_layers: '\(reference.layer)' occurs twice")
      }
      level.inputs.append(endpoint)
    }
    try findBases(outputs)
    for entry in level.entries {
      for call in entry.calls.indices {
        for reference in entry.calls[call].references {
          entry.calls[call].inputs.append(try endpoint(reference, for: entry.path))
        }
      }
    }
    for reference in outputs { level.outputs.append(try output(reference)) }
    try sort()
  }

  private func position(_ reference: KerasReference, _ reader: String) throws(KerasProblem)
    -> Int
  {
    guard let index = positions[reference.layer] else {
      throw KerasProblem(place, "\(reader): no layer is called '\(printable(reference.layer))'")
    }
    return index
  }

  /// Finds from which number each nested model's calls are counted.
  private mutating func findBases(_ outputs: [KerasReference]) throws(KerasProblem) {
    var ranges: [Int: ClosedRange<Int>] = [:]
    func note(_ reference: KerasReference) throws(KerasProblem) {
      let index = try position(reference, "inbound_nodes")
      guard level.entries[index].nested != nil else { return }
      let known = ranges[index] ?? reference.node...reference.node
      ranges[index] = min(known.lowerBound, reference.node)...max(known.upperBound, reference.node)
    }
    for entry in level.entries {
      for call in entry.calls {
        for reference in call.references { try note(reference) }
      }
    }
    // Where an output alone names a nested model, only its own rule below can tell.
    if !isKeras3 { for reference in outputs { try note(reference) } }
    for (index, range) in ranges {
      let isBeyond = range.upperBound >= level.entries[index].calls.count
      bases[index] = isBeyond || (!isKeras3 && range.lowerBound > 0) ? 1 : 0
    }
  }

  private func endpoint(_ reference: KerasReference, for reader: String) throws(KerasProblem)
    -> KerasEndpoint
  {
    let index = try position(reference, reader)
    return try checked(reference, index, base: bases[index] ?? 0, for: reader)
  }

  private func checked(_ reference: KerasReference, _ index: Int, base: Int, for reader: String)
    throws(KerasProblem) -> KerasEndpoint
  {
    let count = level.entries[index].calls.count
    guard count > 0 || !level.entries[index].isInput else { throw unlisted(index) }
    let (call, overflow) = reference.node.subtractingReportingOverflow(base)
    guard !overflow, call >= 0, call < count else {
      throw KerasProblem(
        reader,
        "expected one of \(count) calls of '\(reference.layer)', found number \(reference.node)")
    }
    guard reference.tensor >= 0, reference.tensor < 4096 else {
      throw KerasProblem(
        reader, "output \(reference.tensor) of '\(reference.layer)' is out of range")
    }
    return KerasEndpoint(entry: index, call: call, tensor: reference.tensor)
  }

  /// An output of the level; see the type's own comment for the numbers of nested models.
  private func output(_ reference: KerasReference) throws(KerasProblem) -> KerasEndpoint {
    let index = try position(reference, "output_layers")
    let reader = "\(place): output_layers"
    guard let nested = level.entries[index].nested, (0...0xFFFF_FFFF).contains(reference.node)
    else {
      return try checked(reference, index, base: 0, for: reader)
    }
    let count = level.entries[index].calls.count
    var base = bases[index] ?? 0
    if isKeras3 && !nested.isSequential { base = 1 }
    if reference.node - base >= count || reference.node - base < 0 { base = 1 - base }
    return try checked(reference, index, base: base, for: reader)
  }

  private func unlisted(_ index: Int) -> KerasProblem {
    KerasProblem(place, "'\(level.entries[index].name)' is read, but is not among input_layers")
  }

  private func sort() throws(KerasProblem) {
    func nodes(_ endpoints: [KerasEndpoint]) -> [KerasOrder.Node] {
      endpoints.map { KerasOrder.Node(layer: $0.entry, call: $0.call) }
    }
    let calls = level.entries.map { entry in entry.calls.map { nodes($0.inputs) } }
    guard
      let order = KerasOrder(
        calls: calls, outputs: nodes(level.outputs), inputs: level.inputs.map(\.entry))
    else { throw KerasProblem(place, "the layers' inputs form a cycle") }
    let given = Set(level.inputs.map(\.entry))
    for index in order.layers where level.entries[index].isInput && !given.contains(index) {
      throw unlisted(index)
    }
    level.order = order.layers
    level.schedule = order.schedule
  }
}
