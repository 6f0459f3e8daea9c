import Foundation
import HDF5
import JSON
import Models
import TestSupport

@testable import ModelFile

/// A container taken apart, so that one thing in it can be made a lie and the digest made to fit.
struct Forgery {
  struct Dataset {
    var extents: [Int]
    var datatype: HDF5Datatype
    var bytes: [UInt8]
  }

  var datasets: [String: Dataset] = [:]
  var graph: JSONValue
  var graphText: String?
  var attributes: [String: HDF5AttributeValue] = [:]
  var version = (1, 0)
  var features = ""
  var keepsDigest = true

  init(_ path: String) throws {
    let file = try HDF5File(reading: path)
    graph = try JSONValue(parsing: try file.dataset("/graph").readBytes())
    try collect(try file.group("/nodes"))
  }

  private mutating func collect(_ group: HDF5Group) throws {
    for name in group.names {
      if try group.kind(name) == .group {
        try collect(try group.group(name))
      } else {
        let dataset = try group.dataset(name)
        datasets[dataset.path] = Dataset(
          extents: dataset.extents, datatype: dataset.datatype, bytes: try dataset.readBytes())
      }
    }
  }

  /// Writes the forged file without a seal.
  func write(to path: String) throws {
    let file = try HDF5Writer(creating: path)
    for (path, dataset) in datasets.sorted(by: { $0.key < $1.key }) {
      try file.writeDataset(
        path, extents: dataset.extents, datatype: dataset.datatype, bytes: dataset.bytes)
    }
    let bytes = [UInt8]((graphText ?? graph.serialized()).utf8)
    try file.writeDataset(
      "/graph", extents: [bytes.count], datatype: .integer(size: 1, isSigned: false), bytes: bytes)
    let digest = Digest.root(
      version: FormatVersion(major: version.0, minor: version.1), producer: "forger",
      features: features, graph: bytes)
    var all: [String: HDF5AttributeValue] = [
      "format": .text("modelc"), "format_version": .integers([version.0, version.1]),
      "producer": .text("forger"), "features": .text(features), "digest": .text(digest),
    ]
    all.merge(attributes) { $1 }
    for (name, value) in all.sorted(by: { $0.key < $1.key }) {
      try file.setAttribute(name, value)
    }
    try file.close()
  }

  /// The description of the error with which the forged file is refused; nil if it is read.
  func complaint(in folder: URL) throws -> String? {
    let path = folder.appendingPathComponent("forged.h5").path
    try write(to: path)
    do {
      let model = try ModelFileReader().readModel(at: path, options: ReadOptions()).model
      for layer in model.layers {
        for named in layer.weights {
          for component in named.weight.components { _ = try component.parameter.raw() }
        }
      }
      return nil
    } catch {
      return "\(error)".replacing(path, with: "forged.h5")
    }
  }
}

/// A step into JSON: a key or an index.
enum JSONStep: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  case key(String)
  case index(Int)

  init(stringLiteral value: String) { self = .key(value) }
  init(integerLiteral value: Int) { self = .index(value) }
}

extension Forgery {
  /// Changes the value at a place in the graph, which must be there.
  mutating func edit(_ steps: [JSONStep], _ change: (inout JSONValue) -> Void) {
    Forgery.edit(&graph, steps[...], change)
  }

  private static func edit(
    _ value: inout JSONValue, _ steps: ArraySlice<JSONStep>, _ change: (inout JSONValue) -> Void
  ) {
    guard let step = steps.first else { return change(&value) }
    switch step {
    case .key(let key):
      guard var member = value[key] else { preconditionFailure("no member '\(key)'") }
      edit(&member, steps.dropFirst(), change)
      value[key] = member
    case .index(let index):
      guard var elements = value.array else { preconditionFailure("no array") }
      edit(&elements[index], steps.dropFirst(), change)
      value = .array(elements)
    }
  }
}
