public import HDF5
import Models
import Tensors

/// How a container is stored, from its headers alone; the model itself comes from the reader.
public struct ModelFileInspection: Sendable {
  /// How one stored tensor lies in the file.
  public struct Storage: Sendable, Hashable {
    /// Its path in the model, `<layer>/<weight>/<component>`.
    public let place: String
    /// Its data set; empty in a packed file.
    public let path: String
    /// The bytes of its scalars.
    public let byteCount: Int
    /// The bytes that it takes in the file; in a packed file its share of them.
    public let storedByteCount: Int
  }

  /// The version of the format.
  public let version: FormatVersion
  /// The program that wrote the file.
  public let producer: String
  /// The features that a reader must understand.
  public let features: [String]
  /// The digest over all that the container holds, in hexadecimal.
  public let digest: String
  /// The size of the file.
  public let byteCount: Int
  /// Whether Keras can open the file as well.
  public let hasKerasView: Bool
  /// Whether a seal covers every byte of the file.
  public let isSealed: Bool
  /// Every stored tensor, scales and spectra included, in the order of the file.
  public let tensors: [Storage]

  /// Reads the headers of the container at `path`.
  /// - Throws: `HDF5Error` or `ModelFileError` naming the file, the place and both sides.
  public init(_ path: String) throws { try self.init(HDF5File(reading: path)) }

  /// Reads the headers of a container that is open.
  /// - Throws: as the reading of a path does.
  public init(_ file: HDF5File) throws {
    let container = try Container(file)
    version = container.version
    producer = container.producer
    features = container.features
    digest = container.digest
    byteCount = file.fileSize
    hasKerasView = try file.root.attribute("model_config") != nil
    isSealed = try Seal.offset(in: file) != nil
    let isPacked = features.contains(Schema.Feature.packed)
    tensors = try container.graph.allValues.map { place, values in
      Storage(
        place: place, path: isPacked ? "" : values.path, byteCount: values.byteCount,
        storedByteCount: try container.store.storedByteCount(of: values, place: place))
    }
  }
}
