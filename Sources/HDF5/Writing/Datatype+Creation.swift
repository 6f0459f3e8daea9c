import CHDF5

extension HDF5Datatype {
  /// Makes libhdf5's type, as stored or, with `inMemory`, little endian.
  func identifier(inMemory: Bool = false) throws(HDF5Error.Reason) -> Identifier {
    switch self {
    case .integer(let size, let isSigned, let order):
      return try Self.integer(size, isSigned, inMemory ? .little : order)
    case .float(let format, let order): return try Self.float(format, inMemory ? .little : order)
    case .fixedString(let size, _): return try Self.text(size: size)
    case .variableString: return try Self.text(size: 0)
    case .opaque(let size, let tag):
      let type = try Identifier("make an opaque type") { H5Tcreate(H5T_OPAQUE, size) }
      let raw = type.rawValue
      try Library.call("tag an opaque type") { unsafe H5Tset_tag(raw, tag) }
      return type
    case .boolean: return try Self.boolean()
    case .enumeration, .unsupported:
      throw .unwritable("data of type \(self) are not written")
    }
  }

  /// Text of a fixed size, padded with zeros, or, with size 0, of any length; UTF-8.
  static func text(size: Int) throws(HDF5Error.Reason) -> Identifier {
    let type = try Identifier("make a text type") { H5Tcopy(modelc_h5t_c_s1()) }
    let raw = type.rawValue
    try Library.call("make a text type") { modelc_h5_make_text(raw, size, size > 0) }
    return type
  }

  private static func integer(
    _ size: Int, _ isSigned: Bool, _ order: HDF5ByteOrder
  ) throws(HDF5Error.Reason) -> Identifier {
    guard (1...8).contains(size) else {
      throw .unwritable("integers of \(size) bytes are not written")
    }
    let type = try Identifier("make an integer type") {
      H5Tcopy(isSigned ? modelc_h5t_std_i8le() : modelc_h5t_std_u8le())
    }
    let raw = type.rawValue
    try Library.call("size an integer type") { H5Tset_size(raw, size) }
    try Library.call("size an integer type") { H5Tset_precision(raw, 8 * size) }
    try Library.call("order an integer type") {
      H5Tset_order(raw, order == .little ? H5T_ORDER_LE : H5T_ORDER_BE)
    }
    return type
  }

  private static func float(
    _ format: HDF5FloatFormat, _ order: HDF5ByteOrder
  ) throws(HDF5Error.Reason) -> Identifier {
    let type = try Identifier("make a float type") {
      H5Tcopy(format == .float64 ? modelc_h5t_ieee_f64le() : modelc_h5t_ieee_f32le())
    }
    let raw = type.rawValue
    if format.size == 2 {
      // Sign at bit 15; exponent place and size; mantissa place and size; bias.
      let (exponent, bias) = format == .float16 ? (5, 15) : (8, 127)
      try Library.call("lay out a float type") {
        H5Tset_fields(raw, 15, 15 - exponent, exponent, 0, 15 - exponent)
      }
      try Library.call("size a float type") { H5Tset_size(raw, 2) }
      try Library.call("bias a float type") { H5Tset_ebias(raw, bias) }
    }
    try Library.call("order a float type") {
      H5Tset_order(raw, order == .little ? H5T_ORDER_LE : H5T_ORDER_BE)
    }
    return type
  }

  /// An enumeration of FALSE and TRUE over int8, as h5py writes NumPy's bool.
  private static func boolean() throws(HDF5Error.Reason) -> Identifier {
    let type = try Identifier("make a bool type") { H5Tenum_create(modelc_h5t_std_i8le()) }
    let raw = type.rawValue
    for (name, value) in [("FALSE", Int8(0)), ("TRUE", Int8(1))] {
      // libhdf5 copies the name and the one byte of the value.
      try Library.call("name a bool's values") {
        unsafe withUnsafePointer(to: value) { unsafe H5Tenum_insert(raw, name, $0) }
      }
    }
    return type
  }
}
