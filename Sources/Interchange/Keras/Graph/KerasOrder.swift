/// The order in which Keras lists the layers of a Functional model, and with it binds weights.
///
/// Depth-first from each output in turn: a layer's first visit fixes its place among equals, a
/// call's depth is one more than that of the deepest call reading it, and a layer takes the
/// greatest depth of its calls. Layers are sorted by depth, deepest first. Keras 2 and 3 agree.
struct KerasOrder {
  /// One call of one layer.
  struct Node: Hashable {
    let layer: Int
    let call: Int
  }

  /// The layers that outputs depend on, and the inputs, in Keras' order.
  let layers: [Int]
  /// The calls that outputs depend on, each after those that it reads.
  let schedule: [Node]

  /// Sorts a graph; nil where it has a cycle.
  ///
  /// - Parameters:
  ///   - calls: for each layer and each of its calls, the calls it reads; all must exist.
  ///   - inputs: layers that are listed even where no output depends on them.
  init?(calls: [[[Node]]], outputs: [Node], inputs: [Int]) {
    var walk = Walk(calls: calls)
    for output in outputs where !walk.visit(output) { return nil }
    walk.measure()
    var places = walk.places
    var depths = walk.layerDepths
    for input in inputs where places[input] == nil {
      places[input] = -1
      depths[input] = 0
    }
    let placed = places.indices.filter { places[$0] != nil }
    layers = placed.sorted { left, right in
      let (a, b) = (depths[left], depths[right])
      if a != b { return a > b }
      let (p, q) = (places[left] ?? 0, places[right] ?? 0)
      return p != q ? p < q : left < right
    }
    schedule = walk.finished.sorted { left, right in
      let (a, b) = (walk.depth(of: left), walk.depth(of: right))
      if a != b { return a > b }
      let (p, q) = (places[left.layer] ?? 0, places[right.layer] ?? 0)
      return p != q ? p < q : left.call < right.call
    }
  }

  /// The state of the depth-first walk; iterative, since graphs of thousands of layers exist.
  private struct Walk {
    let calls: [[[Node]]]
    /// For each layer, the index of its first call among all calls.
    let offsets: [Int]
    /// Per call: 0 new, 1 in progress, 2 finished.
    var states: [UInt8]
    /// Per layer: its rank of first visit.
    var places: [Int?]
    var visited = 0
    var finished: [Node] = []
    var nodeDepths: [Int]
    var layerDepths: [Int]

    init(calls: [[[Node]]]) {
      self.calls = calls
      var offsets: [Int] = []
      var count = 0
      for layer in calls {
        offsets.append(count)
        count += layer.count
      }
      self.offsets = offsets
      states = Array(repeating: 0, count: count)
      nodeDepths = Array(repeating: 0, count: count)
      places = Array(repeating: nil, count: calls.count)
      layerDepths = Array(repeating: 0, count: calls.count)
    }

    func index(_ node: Node) -> Int { offsets[node.layer] + node.call }
    func depth(of node: Node) -> Int { nodeDepths[index(node)] }

    mutating func visit(_ start: Node) -> Bool {
      var stack: [(node: Node, next: Int)] = []
      if states[index(start)] == 2 { return true }
      enter(start)
      stack.append((start, 0))
      while let (node, next) = stack.popLast() {
        let inputs = calls[node.layer][node.call]
        if next == inputs.count {
          states[index(node)] = 2
          finished.append(node)
          continue
        }
        stack.append((node, next + 1))
        switch states[index(inputs[next])] {
        case 2: continue
        case 1: return false
        default:
          enter(inputs[next])
          stack.append((inputs[next], 0))
        }
      }
      return true
    }

    private mutating func enter(_ node: Node) {
      states[index(node)] = 1
      if places[node.layer] == nil {
        places[node.layer] = visited
        visited += 1
      }
    }

    mutating func measure() {
      for node in finished.reversed() {
        let depth = max(nodeDepths[index(node)], layerDepths[node.layer])
        nodeDepths[index(node)] = depth
        layerDepths[node.layer] = depth
        for input in calls[node.layer][node.call] {
          nodeDepths[index(input)] = max(depth + 1, nodeDepths[index(input)])
        }
      }
    }
  }
}
