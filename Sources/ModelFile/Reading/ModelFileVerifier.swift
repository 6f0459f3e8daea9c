public import HDF5
import Models
import Tensors
import Messages

/// Compares every byte of a container with its digests, and every part with the others.
public enum ModelFileVerifier {
  /// Something in a file that is not as it was written.
  public struct Finding: Sendable, Hashable, CustomStringConvertible {
    /// The place in the file: a data set, an attribute or a tensor's path.
    public let place: String
    /// What is wrong.
    public let problem: String

    /// States what is wrong where.
    public init(place: String, problem: String) {
      self.place = place
      self.problem = problem
    }

    /// `place: problem`.
    public var description: String {
      (place.isEmpty ? problem : "\(place): \(problem)").oneLine()
    }
  }

  /// What a verification saw.
  public struct Report: Sendable, Hashable {
    /// What is wrong; empty for a sound file.
    public var findings: [Finding] = []
    /// The size of the file.
    public var byteCount = 0
    /// The stored tensors that were read and compared.
    public var tensorCount = 0
    /// The digest over all that the container holds; nil if it could not be read.
    public var digest: String?
    /// Whether a seal covers the bytes between tensors, graph and attributes too.
    public var isSealed = false
    /// The bytes that each stored tensor takes, by its path `<layer>/<weight>/<component>`.
    public var storedByteCounts: [String: Int] = [:]

    /// Whether nothing is wrong.
    public var isSound: Bool { findings.isEmpty }
  }

  /// Verifies the container at `path`; what cannot even be opened is a finding, too.
  public static func verify(_ path: String, allowsNonFinite: Bool = false) -> Report {
    do {
      return verify(try HDF5File(reading: path), allowsNonFinite: allowsNonFinite)
    } catch {
      var report = Report()
      report.add(error)
      return report
    }
  }

  /// Verifies a container that is open, such as an image in memory.
  public static func verify(_ file: HDF5File, allowsNonFinite: Bool = false) -> Report {
    var report = Report()
    report.byteCount = file.fileSize
    verify(file, allowsNonFinite: allowsNonFinite, into: &report)
    return report
  }

  private static func verify(_ file: HDF5File, allowsNonFinite: Bool, into report: inout Report) {
    do {
      let container = try Container(file)
      report.digest = container.digest
      for (place, values) in container.graph.allValues {
        do {
          _ = try container.store.bytes(of: values, place: place)
          report.tensorCount += 1
          report.storedByteCounts[place] = try container.store.storedByteCount(
            of: values, place: place)
        } catch {
          report.add(error)
        }
      }
      if report.isSound { try checkWhole(container, allowsNonFinite, &report) }
      if container.store is OpenStore { checkNotes(container, &report) }
    } catch {
      report.add(error)
    }
    do {
      guard let offset = try Seal.offset(in: file) else { return }
      report.isSealed = true
      let stored = try file.rawBytes(at: offset, count: Seal.byteCount)
      // Only where nothing else was found does the seal tell something new.
      if try report.isSound && Seal.computed(for: file, at: offset) != stored {
        report.findings.append(
          Finding(
            place: Schema.Path.seal,
            problem: "tensors, graph and attributes are as they were written, but other bytes of "
              + "the file changed: HDF5's structure or a view"))
      }
    } catch {
      report.add(error)
    }
  }

  /// Puts the model together and reads each value: shapes, forms, finiteness.
  private static func checkWhole(
    _ container: Container, _ allowsNonFinite: Bool, _ report: inout Report
  ) throws {
    let options = ReadOptions(
      maximumByteCount: Int.max, allowsNonFinite: allowsNonFinite)
    let model = try ModelAssembly(container, options: options).model()
    guard !allowsNonFinite else { return }
    for layer in model.layers {
      for named in layer.weights {
        for component in named.weight.components {
          do { _ = try component.parameter.raw() } catch { report.add(error) }
        }
      }
    }
  }

  /// Compares the notes on groups, which are for people, with the graph.
  private static func checkNotes(_ container: Container, _ report: inout Report) {
    for layer in container.graph.layers {
      for weight in layer.weights {
        guard let path = weight.components.first?.values.path,
          let slash = path.lastIndex(of: "/")
        else { continue }
        do {
          let group = try container.file.group(String(path[..<slash]))
          if let form = try group.attribute(Schema.Attribute.form)?.string(),
            form != weight.form.rawValue
          {
            report.findings.append(
              Finding(
                place: "\(group.path)/@\(Schema.Attribute.form)",
                problem: "the graph says \(weight.form.rawValue), the attribute '\(form)'"))
          }
          if let shape = try group.attribute(Schema.Attribute.denseShape)?.integers(),
            shape != weight.denseShape.extents
          {
            report.findings.append(
              Finding(
                place: "\(group.path)/@\(Schema.Attribute.denseShape)",
                problem: "the graph says \(weight.denseShape.extents), the attribute \(shape)"))
          }
        } catch {
          report.add(error)
        }
      }
    }
  }
}

extension ModelFileVerifier.Report {
  fileprivate mutating func add(_ error: any Error) {
    let (place, problem) =
      switch error {
      case let error as ModelFileError: (error.place, "\(error.reason)")
      case let error as HDF5Error: (error.path, "\(error.reason)")
      default: ("", "\(error)")
      }
    findings.append(ModelFileVerifier.Finding(place: place, problem: problem))
  }
}
