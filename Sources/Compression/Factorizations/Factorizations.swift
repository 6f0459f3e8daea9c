public import Models

/// The factorisations that modelc knows.
public enum Factorizations {
  /// All of them, in the order of help and tables.
  public static let all: [any Factorization.Type] = [
    Tucker2Factorization.self, TruncatedSVDFactorization.self, TensorisedFactorization.self,
  ]

  /// The factorisation that makes a form.
  public static func making(_ form: Weight.Kind) -> (any Factorization)? {
    all.first { $0.form == form }?.init()
  }

  /// The factorisation with a name on the command line.
  /// - Throws: `SpecificationError` with the nearest name.
  public static func named(_ name: String) throws(SpecificationError) -> any Factorization {
    guard let found = all.first(where: { $0.identifier == name || $0.form.rawValue == name })
    else {
      let names = all.map { $0.identifier }
      throw SpecificationError(
        "--form",
        "'\(name)' is not one of auto, \(names.joined(separator: ", "))"
          + NearestName.hint(name, among: names + ["auto"]))
    }
    return found.init()
  }
}
