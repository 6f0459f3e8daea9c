import Compression
import LinearAlgebra
public import Models
import Tensors

/// The singular values of one kernel, as a matrix of inputs (and window) × outputs.
public struct KernelSpectrum: Sendable {
  /// The kernel's path.
  public let path: String
  /// The matrix' rows and columns.
  public let rows: Int
  /// The matrix' columns.
  public let columns: Int
  /// The singular values, non-increasing; those of a factorised kernel are the kept ones.
  public let values: [Double]
  /// Σσ² of values that are not listed.
  public let tailEnergy: Double

  /// The rank that keeps a share of the energy; nil if the listed values do not reach it.
  public func rank(forEnergyShare share: Double) -> Int? {
    Spectrum(values: values, tailEnergy: tailEnergy).rank(forEnergyShare: share)
  }

  /// The spectra of the kernels whose layer or path matches a glob.
  /// - Throws: `PipelineError` if none does; what reading a kernel throws.
  public static func spectra(of model: Model, matching pattern: String) throws -> [KernelSpectrum] {
    let glob = try Glob(pattern)
    let matching = model.kernels.filter { kernel in
      glob.matches(kernel.path) || glob.matches(model.layers[kernel.layer].path)
    }
    guard !matching.isEmpty else {
      let names = model.kernels.map { model.layers[$0.layer].path }
      throw SpecificationError(
        "--spectrum",
        "'\(pattern)' matches no layer with a factorisable kernel"
          + NearestName.hint(pattern, among: names)
          + "; they are \(names.prefix(8).joined(separator: ", "))")
    }
    return try matching.map { try KernelSpectrum($0, in: model) }
  }

  private init(_ kernel: KernelReference, in model: Model) throws {
    let weight = model[kernel]
    path = kernel.path
    columns = weight.denseShape.last
    rows = weight.denseShape.count / max(columns, 1)
    if let recorded = weight.record?.spectra.first, weight.kind == .lowRank {
      values = recorded.values
      tailEnergy = recorded.tailEnergy
      return
    }
    let dense = try weight.reconstructed()
    values = try Matrix(rows: rows, columns: columns, elements: dense.elements).singularValues()
    tailEnergy = 0
  }
}
