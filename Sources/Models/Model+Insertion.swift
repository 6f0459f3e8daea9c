extension Model {
  /// Puts a new layer between a call and what it reads first; every other call stays as it is.
  ///
  /// The layer stands before the one whose call reads it, so that a chain stays a chain.
  public mutating func insert(_ layer: Layer, before call: Int) {
    precondition(calls.indices.contains(call) && !calls[call].inputs.isEmpty, "call \(call)")
    let place = calls[call].layer
    let source = calls[call].inputs[0]
    layers.insert(layer, at: place)
    for index in calls.indices where calls[index].layer >= place { calls[index].layer += 1 }
    calls.insert(Call(layer: place, inputs: [source]), at: call)
    func moved(_ endpoint: Endpoint) -> Endpoint {
      endpoint.call >= call ? Endpoint(call: endpoint.call + 1, output: endpoint.output) : endpoint
    }
    for index in calls.indices where index > call {
      calls[index].inputs = calls[index].inputs.map(moved)
    }
    calls[call + 1].inputs[0] = Endpoint(call: call)
    inputs = inputs.map { $0 >= call ? $0 + 1 : $0 }
    outputs = outputs.map(moved)
  }
}
