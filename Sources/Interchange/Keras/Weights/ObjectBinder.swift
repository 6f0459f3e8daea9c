import HDF5

/// Binds the weights of a `.weights.h5` file, or of that member of a `.keras` archive.
///
/// Weights lie under `layers/<class>_<k>/vars/<i>`: the k-th layer of a class in the model's order.
/// Keras 2.12 and 2.13 called the container otherwise and counted 0, 2, 4, …; so the groups of a
/// class are sorted by number and the k-th one is taken.
struct ObjectBinder {
  let source: KerasSource
  static let containers = ["layers", "_layer_checkpoint_dependencies"]

  func bind(_ level: KerasLevel) throws {
    try bind(level, in: try source.file.root)
  }

  private func bind(_ level: KerasLevel, in group: HDF5Group) throws {
    let entries = level.bound.filter { !(level.isSequential && $0.isInput) }
    let container = try Self.containers.first { try group.kind($0) == .group }
    guard let container else {
      for entry in entries where entry.nested == nil { try bind(entry, in: nil, "layers") }
      guard entries.allSatisfy({ $0.nested == nil }) else {
        throw source.failure(group.path, "no group 'layers', which holds the weights")
      }
      return
    }
    let layers = try group.group(container)
    let classNames = entries.map(className)
    var totals: [String: Int] = [:]
    for name in classNames { totals[name, default: 0] += 1 }
    let table = try numbered(layers, Set(classNames))
    var used: [String: Int] = [:]
    for (entry, name) in zip(entries, classNames) {
      let number = used[name, default: 0]
      used[name] = number + 1
      let expected = number == 0 ? name : "\(name)_\(number)"
      let candidates = table[name] ?? []
      let isWhole = candidates.count == totals[name]
      let found = isWhole ? candidates[number] : candidates.first { $0 == expected }
      let inner = try found.map { try layers.group($0) }
      if let nested = entry.nested {
        guard let inner else { throw missing(entry, "\(layers.path)/\(expected)") }
        try bind(nested, in: inner)
      } else {
        try bind(entry, in: inner, "\(layers.path)/\(expected)")
      }
    }
    try refuseExtra(table, used, in: layers)
  }

  /// The class name under which Keras numbers an entry.
  private func className(_ entry: KerasEntry) -> String {
    entry.nested != nil && entry.className == "Model"
      ? "functional" : snakeName(entry.plainClassName)
  }

  /// The container's groups by class, each list ascending by number.
  private func numbered(_ layers: HDF5Group, _ classes: Set<String>) throws -> [String: [String]] {
    var table: [String: [(number: Int, name: String)]] = [:]
    for name in layers.names {
      if classes.contains(name) {
        table[name, default: []].append((0, name))
        continue
      }
      guard let cut = name.lastIndex(of: "_"), let number = Int(name[name.index(after: cut)...]),
        classes.contains(String(name[..<cut]))
      else {
        table["", default: []].append((0, name))
        continue
      }
      table[String(name[..<cut]), default: []].append((number, name))
    }
    return table.mapValues { groups in
      groups.sorted { ($0.number, $0.name) < ($1.number, $1.name) }.map(\.name)
    }
  }

  /// Refuses groups with variables that no layer of the configuration takes.
  private func refuseExtra(
    _ table: [String: [String]], _ used: [String: Int], in layers: HDF5Group
  ) throws {
    for (name, groups) in table.sorted(by: { $0.key < $1.key }) {
      for group in groups.dropFirst(used[name] ?? 0) {
        guard try layers.kind(group) == .group else { continue }
        let inner = try layers.group(group)
        guard try inner.kind("vars") == .group, try !inner.group("vars").names.isEmpty else {
          continue
        }
        throw source.failure(
          "\(layers.path)/\(group)", "the configuration has no layer for these variables",
          advice: "the configuration and the weights are of different models")
      }
    }
  }

  // MARK: One layer

  private func bind(_ entry: KerasEntry, in group: HDF5Group?, _ place: String) throws {
    guard let expected = entry.translation?.weights else {
      if let group { try collect(entry, in: group) }
      return
    }
    if expected.isEmpty {
      if let group, try group.kind("vars") == .group {
        let count = try group.group("vars").names.count
        guard count == 0 else { throw wrongCount(entry, "\(place)/vars", 0, count) }
      }
      return
    }
    guard let group else { throw missing(entry, place) }
    var counts: [String: Int] = [:]
    for weight in expected {
      guard let path = try weight.groups.first(where: { try group.kind($0) == .group }) else {
        throw missing(entry, "\(place)/\(weight.groups[0])")
      }
      counts[path, default: 0] += 1
      let variables = try group.group(path)
      guard variables.has(String(weight.index)) else {
        let total = expected.count { $0.groups == weight.groups }
        throw wrongCount(entry, variables.path, total, variables.names.count)
      }
      let stored = try source.stored("\(variables.path)/\(weight.index)")
      try weight.check(stored, of: entry, in: source)
      entry.weights.append(
        BoundWeight(name: weight.name, isTrainable: weight.isTrainable, stored: stored))
    }
    for (path, count) in counts.sorted(by: { $0.key < $1.key }) {
      let found = try group.group(path).names.count
      guard found == count else { throw wrongCount(entry, "\(group.path)/\(path)", count, found) }
    }
  }

  private func missing(_ entry: KerasEntry, _ place: String) -> KerasError {
    source.failure(
      place, "the weights of '\(entry.path)', a \(printable(entry.className)), are missing",
      advice: "the configuration and the weights are of different models")
  }

  private func wrongCount(_ entry: KerasEntry, _ place: String, _ expected: Int, _ found: Int)
    -> KerasError
  {
    source.failure(
      place,
      "expected \(expected) variables of '\(entry.path)', "
        + "a \(printable(entry.className)), found \(found)",
      advice: "the configuration and the weights are of different models")
  }

  // MARK: Layers whose weights the configuration does not tell

  /// Collects the variables below a group, whatever groups lie between.
  private func collect(_ entry: KerasEntry, in group: HDF5Group) throws {
    let found = try VariableCollector(source: source).variables(below: group)
    entry.weights = found.map {
      BoundWeight(name: $0.name, isTrainable: true, stored: $0.stored)
    }
  }
}

/// Lists the variables below a group: `vars/<i>` at any depth, each once.
struct VariableCollector {
  let source: KerasSource
  private static let depthLimit = 32
  private static let countLimit = 65_536

  /// The variables under their names: `0`, or `cell/0` in deeper groups.
  func variables(below group: HDF5Group) throws -> [(name: String, stored: StoredTensor)] {
    var result: [(name: String, stored: StoredTensor)] = []
    var visited = Set<UInt64>()
    var stack: [(group: HDF5Group, name: String, depth: Int)] = [(group, "", 0)]
    while let (group, prefix, depth) = stack.popLast() {
      guard visited.insert(group.objectAddress).inserted else {
        throw source.failure(group.path, "the group is reached by two paths")
      }
      guard depth <= Self.depthLimit, result.count <= Self.countLimit else {
        throw source.failure(group.path, "the groups are nested too deeply, or are too many")
      }
      if try group.kind("vars") == .group {
        let variables = try group.group("vars")
        let numbers = variables.names.compactMap(Int.init).sorted()
        guard numbers.count == variables.names.count else {
          throw source.failure(variables.path, "expected numbered variables, found other names")
        }
        for number in numbers {
          let stored = try source.stored("\(variables.path)/\(number)")
          result.append((prefix.isEmpty ? "\(number)" : "\(prefix)/\(number)", stored))
        }
      }
      for name in group.names.reversed() where name != "vars" && name != "seed_generator" {
        guard try group.kind(name) == .group else { continue }
        let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
        stack.append((try group.group(name), path, depth + 1))
      }
    }
    return result
  }
}
