import HDF5
import Tensors

/// Binds the weights of a legacy `.h5` file, by order, as Keras does.
///
/// The file lists its layers and, for each, the names of its weights. Keras takes the layers of the
/// rebuilt model that have weights, in its own order, and pairs them with those of the file. A
/// nested model is one group: first everything trainable, layer by layer, then the rest.
struct LegacyBinder {
  let source: KerasSource
  let root: HDF5Group

  /// A group of the file that holds weights.
  private struct Group {
    let name: String
    let weights: [String]
  }

  /// A weight of a layer, in the order of the file.
  private struct Slot {
    let entry: KerasEntry
    let weight: Int
  }

  func bind(_ level: KerasLevel) throws {
    let groups = try groupsWithWeights()
    let filled = Set(groups.map(\.name))
    let takers = level.bound.filter { entry in
      let slots = Self.slots(entry)
      return slots.isComplete ? !slots.list.isEmpty : filled.contains(entry.name)
    }
    guard takers.count == groups.count else { throw mismatch(takers, groups) }
    for (entry, group) in zip(takers, groups) { try bind(entry, group) }
  }

  private func groupsWithWeights() throws -> [Group] {
    guard let names = try root.names(under: "layer_names") else {
      throw source.failure(root.path, "no attribute 'layer_names', which lists the weights")
    }
    var seen = Set<String>()
    var groups: [Group] = []
    for name in names {
      guard seen.insert(name).inserted else {
        throw source.failure(root.path, "layer_names lists '\(printable(name))' twice")
      }
      let group = try root.group(name)
      let weights = try group.names(under: "weight_names") ?? []
      if !weights.isEmpty { groups.append(Group(name: name, weights: weights)) }
    }
    return groups
  }

  private func bind(_ entry: KerasEntry, _ group: Group) throws {
    let place = "\(root.path == "/" ? "" : root.path)/\(group.name)"
    guard Set(group.weights).count == group.weights.count else {
      throw source.failure(
        place, "weight_names lists a name twice, as Keras 3.0 did for nested models",
        advice: "save the model again as .keras, or with a later Keras")
    }
    var stored: [StoredTensor] = []
    for name in group.weights { stored.append(try source.stored("\(place)/\(name)")) }
    let slots = Self.slots(entry)
    var rest = Array(group.weights.indices)
    for unknown in slots.unknown {
      let isAlone = slots.unknown.count == 1 && slots.list.isEmpty
      let mine = rest.filter {
        isAlone || group.weights[$0].split(separator: "/").contains { $0 == unknown.name[...] }
      }
      let names = Self.shortNames(mine.map { group.weights[$0] })
      unknown.weights = zip(mine, names).map { index, name in
        BoundWeight(name: name, isTrainable: true, stored: stored[index])
      }
      rest.removeAll { mine.contains($0) }
    }
    guard rest.count == slots.list.count else {
      let expected = slots.list.map { slot in
        "\(slot.entry.name)/\(slot.entry.translation?.weights?[slot.weight].name ?? "")"
      }
      throw source.failure(
        place,
        "expected \(expected.count) weights (\(Self.brief(expected))), "
          + "found \(rest.count) (\(Self.brief(rest.map { group.weights[$0] })))",
        advice: "the configuration and the weights are of different models")
    }
    for (slot, index) in zip(slots.list, rest) {
      guard let expected = slot.entry.translation?.weights?[slot.weight] else { continue }
      try expected.check(stored[index], of: slot.entry, in: source)
      slot.entry.weights.append(
        BoundWeight(
          name: expected.name, isTrainable: expected.isTrainable, stored: stored[index]))
    }
    Self.restoreOrder(slots.list.map(\.entry))
  }

  /// Puts each layer's weights back into the order of its class, after the group's own order.
  private static func restoreOrder(_ entries: [KerasEntry]) {
    for entry in entries {
      let names = (entry.translation?.weights ?? []).map(\.name)
      entry.weights.sort {
        (names.firstIndex(of: $0.name) ?? 0) < (names.firstIndex(of: $1.name) ?? 0)
      }
    }
  }

  // MARK: Order

  /// The weights of a layer or nested model in Keras' legacy order.
  ///
  /// `unknown` are layers whose weights the configuration does not tell.
  private static func slots(_ entry: KerasEntry) -> (
    list: [Slot], unknown: [KerasEntry], isComplete: Bool
  ) {
    var trainable: [Slot] = []
    var others: [Slot] = []
    var unknown: [KerasEntry] = []
    func walk(_ entry: KerasEntry, isTrainable: Bool) {
      if let level = entry.nested {
        let inner = isTrainable && level.isTrainable
        for child in level.bound { walk(child, isTrainable: inner) }
        return
      }
      guard let weights = entry.translation?.weights else {
        unknown.append(entry)
        return
      }
      let isTrainable = isTrainable && entry.isTrainable
      for (index, weight) in weights.enumerated() {
        let slot = Slot(entry: entry, weight: index)
        if weight.isTrainable && isTrainable { trainable.append(slot) } else { others.append(slot) }
      }
    }
    walk(entry, isTrainable: true)
    return (trainable + others, unknown, unknown.isEmpty)
  }

  // MARK: Words

  /// For each name the shortest end of its path that no other name shares, without `:0`.
  static func shortNames(_ names: [String]) -> [String] {
    let paths = names.map { name in
      (name.hasSuffix(":0") ? String(name.dropLast(2)) : name).split(separator: "/")
    }
    var lengths = paths.map { min($0.count, 1) }
    // Ends are told apart by number, one component at a time: twenty thousand names are possible.
    var ends = [Int](repeating: 0, count: paths.count)
    var shared = paths.indices.filter { !paths[$0].isEmpty }
    while !shared.isEmpty {
      var numbers: [PathEnd: Int] = [:]
      var counts: [Int] = []
      for index in shared {
        let path = paths[index]
        let end = PathEnd(component: path[path.count - lengths[index]], after: ends[index])
        let number = numbers[end] ?? counts.count
        if number == counts.count {
          numbers[end] = number
          counts.append(0)
        }
        counts[number] += 1
        ends[index] = number
      }
      shared.removeAll { counts[ends[$0]] == 1 || lengths[$0] == paths[$0].count }
      for index in shared { lengths[index] += 1 }
    }
    return zip(paths, lengths).map { $0.suffix($1).joined(separator: "/") }
  }

  /// A component of a path before an end that has a number.
  private struct PathEnd: Hashable {
    let component: Substring
    let after: Int
  }

  private func mismatch(_ takers: [KerasEntry], _ groups: [Group]) -> KerasError {
    let pairs = zip(takers.map(\.name), groups.map(\.name))
    let first = pairs.enumerated().first { $1.0 != $1.1 }?.offset ?? min(takers.count, groups.count)
    let wanted = takers.indices.contains(first) ? "'\(takers[first].name)'" : "nothing"
    let found = groups.indices.contains(first) ? "'\(printable(groups[first].name))'" : "nothing"
    return source.failure(
      root.path,
      "expected weights of \(takers.count) layers (\(Self.brief(takers.map(\.name)))), found "
        + "\(groups.count) (\(Self.brief(groups.map(\.name)))); they differ first at number "
        + "\(first + 1): \(wanted) against \(found)",
      advice: "the configuration and the weights are of different models")
  }

  private static func brief(_ names: [String]) -> String {
    let shown = names.prefix(6).map(printable).joined(separator: ", ")
    return names.count > 6 ? shown + ", …" : shown.isEmpty ? "none" : shown
  }
}

extension ExpectedWeight {
  /// Compares a stored tensor with what the configuration says of the weight.
  func check(_ stored: StoredTensor, of entry: KerasEntry, in source: KerasSource) throws {
    guard let extents else { return }
    let fits =
      extents.count == stored.shape.order
      && zip(extents, stored.shape.extents).allSatisfy { $0 == nil || $0 == $1 }
    guard !fits else { return }
    let wanted = extents.map { $0.map(String.init) ?? "?" }.joined(separator: "×")
    throw source.failure(
      stored.path,
      "expected shape [\(wanted)] for the \(name) of '\(entry.path)', "
        + "found [\(stored.shape)]",
      advice: "the configuration and the weights are of different models")
  }
}
