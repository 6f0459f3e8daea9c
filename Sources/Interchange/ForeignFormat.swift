import Archives

/// A kind of file that is recognised only to say what to do with it.
enum ForeignFormat: CaseIterable {
  case empty, gitPointer, page, gzip, safetensors, pickle, tflite, protobuf, numpy, zip, archive7z
  case weightsIndex, json, unknown

  /// Recognises a file by its first bytes; the name decides only where content cannot.
  static func recognised(prefix: [UInt8], name: String, size: Int) -> ForeignFormat {
    if size == 0 { return .empty }
    let text = String(decoding: prefix.prefix(256), as: UTF8.self)
    if text.hasPrefix("version https://git-lfs") { return .gitPointer }
    let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || start.hasPrefix("<?xml") {
      return .page
    }
    if Gzip.recognizes(prefix) { return .gzip }
    if prefix.count >= 8, prefix[4..<8].elementsEqual("TFL3".utf8) { return .tflite }
    if prefix.starts(with: [0x93] + Array("NUMPY".utf8)) { return .numpy }
    if prefix.starts(with: [0x37, 0x7A, 0xBC, 0xAF]) { return .archive7z }
    if prefix.count >= 9, prefix[8] == UInt8(ascii: "{"), headerLength(prefix) <= size {
      return .safetensors
    }
    // A pickle of protocol 2 to 5, as torch.save wrote before it used zip.
    if prefix.count >= 2, prefix[0] == 0x80, (2...5).contains(prefix[1]) { return .pickle }
    let lower = name.lowercased()
    if start.hasPrefix("{") { return lower.hasSuffix(".weights.json") ? .weightsIndex : .json }
    if isProtobuf(prefix) || lower.hasSuffix(".onnx") || lower.hasSuffix(".pb") { return .protobuf }
    return .unknown
  }

  private static func headerLength(_ prefix: [UInt8]) -> Int {
    let length = prefix.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return length > 1 << 40 ? .max : Int(length) + 8
  }

  /// ONNX begins with field 1, the version of its intermediate representation, then a short text.
  private static func isProtobuf(_ prefix: [UInt8]) -> Bool {
    prefix.count > 4 && prefix[0] == 0x08 && prefix[1] < 32 && prefix[2] == 0x12
  }

  /// What the file is.
  var finding: String {
    switch self {
    case .empty: "the file is empty"
    case .gitPointer: "this is a Git LFS pointer, not the model itself"
    case .page: "this is a web page or XML, not a model"
    case .gzip: "the file is compressed with gzip"
    case .safetensors: "a safetensors file holds weights without a graph"
    case .pickle: "a Python pickle, as PyTorch saves; reading one would run what it holds"
    case .tflite: "a TensorFlow Lite model, which is already converted for a device"
    case .protobuf: "an ONNX model or a TensorFlow graph"
    case .numpy: "a NumPy array, not a model"
    case .zip: "a zip archive, but without Keras' config.json"
    case .archive7z: "a 7z archive"
    case .weightsIndex: "the index of weights that Keras split into several files"
    case .json: "JSON text, not a model with weights"
    case .unknown: "the content is not of a format that modelc knows"
    }
  }

  /// What to do.
  var advice: String {
    switch self {
    case .empty, .page: "copy or download the model again"
    case .gitPointer: "run 'git lfs pull' in its repository"
    case .gzip: "unpack it with 'gunzip' first"
    case .archive7z, .zip: "unpack it and give the model inside"
    case .safetensors:
      "load the weights into the model in Python, then save it with model.save('model.keras')"
    case .pickle:
      "rebuild the network in Keras, copy the weights, and save it with model.save('model.keras')"
    case .tflite: "give the Keras model that it was converted from"
    case .protobuf: "give the Keras model that it was exported from"
    case .numpy: "give the model; arrays are data, for --data"
    case .weightsIndex, .json: "in Keras, save the whole model with model.save('model.keras')"
    case .unknown: "give a Keras .h5 or .keras file, or a container written by modelc"
    }
  }
}
