import LinearAlgebra
public import Models
import Tensors

extension Model {
  /// The model with every low-rank pair balanced for training: ‖left_k‖ = ‖right_k‖.
  ///
  /// U·Σ beside Vᵀ has gradients of very different size; √Σ on both sides trains better. The
  /// product of the factors stays the same up to rounding.
  public func balanced() throws -> Model {
    try mapLowRank { form in try form.balanced() }
  }

  /// The model with every low-rank pair back in the form U·Σ and Vᵀ, and its spectrum recorded.
  ///
  /// The relative error is no longer known: training has moved the kernel it referred to.
  public func canonicalised() throws -> Model {
    var model = try mapLowRank { form in try form.canonicalised() }
    for layer in model.layers.indices {
      for weight in model.layers[layer].weights.indices {
        model.layers[layer].weights[weight].weight.forgetError()
      }
    }
    return model
  }

  private func mapLowRank(_ transform: (LowRankForm) throws -> LowRankForm) throws -> Model {
    var model = self
    for layer in model.layers.indices {
      for weight in model.layers[layer].weights.indices {
        guard case .lowRank(var form) = model.layers[layer].weights[weight].weight else {
          continue
        }
        // A rotation would fill the zeros of pruned factors.
        if form.left.isMasked || form.right.isMasked {
          form.record = FactorizationRecord(basis: .weighted, route: form.record.route)
          model.layers[layer].weights[weight].weight = .lowRank(form)
          continue
        }
        model.layers[layer].weights[weight].weight = .lowRank(try transform(form))
      }
    }
    return model
  }
}

extension Weight {
  /// Drops the error and spectra of a form whose factors were trained on.
  fileprivate mutating func forgetError() {
    switch self {
    case .dense, .lowRank: break
    case .tucker2(var form):
      form.record = FactorizationRecord(basis: form.record.basis, route: form.record.route)
      self = .tucker2(form)
    case .tensorised(var form):
      form.record = FactorizationRecord(basis: form.record.basis, route: form.record.route)
      self = .tensorised(form)
    }
  }
}

extension LowRankForm {
  private var leftMatrix: Matrix {
    get throws {
      Matrix(
        rows: left.count / rank, columns: rank, elements: try left.tensor().elements)
    }
  }

  private var rightMatrix: Matrix {
    get throws {
      Matrix(rows: rank, columns: denseShape.last, elements: try right.tensor().elements)
    }
  }

  private func replacing(
    left newLeft: Matrix, right newRight: Matrix, record: FactorizationRecord
  ) throws -> LowRankForm {
    try LowRankForm(
      denseShape: denseShape,
      left: left.replacing(with: Tensor(shape: left.shape, elements: newLeft.elements)),
      right: right.replacing(with: Tensor(shape: right.shape, elements: newRight.elements)),
      record: record)
  }

  /// The same product with columns of left and rows of right of equal length.
  func balanced() throws -> LowRankForm {
    var left = try leftMatrix
    var right = try rightMatrix
    for k in 0..<rank {
      var leftSquare = 0.0
      for row in 0..<left.rows {
        let value = Double(left.elements[row * rank + k])
        leftSquare += value * value
      }
      var rightSquare = 0.0
      for column in 0..<right.columns {
        let value = Double(right.elements[k * right.columns + column])
        rightSquare += value * value
      }
      guard leftSquare > 0, rightSquare > 0 else { continue }
      let factor = Float((rightSquare / leftSquare).squareRoot().squareRoot())
      for row in 0..<left.rows { left.elements[row * rank + k] *= factor }
      for column in 0..<right.columns { right.elements[k * right.columns + column] /= factor }
    }
    return try replacing(left: left, right: right, record: record)
  }

  /// left = U·Σ and right = Vᵀ of the product, by QR of both factors and a small SVD.
  func canonicalised() throws -> LowRankForm {
    let left = try leftMatrix
    let right = try rightMatrix
    // Wider than tall on either side, QR would not shrink the problem.
    guard left.rows >= rank, right.columns >= rank else {
      let svd = try TruncatedSVD.compute(
        left.multiplied(by: right), rank: rank, route: .exact)
      return try padded(svd)
    }
    let (q1, r1) = try left.qr()
    let (q2, r2) = try right.transposed().qr()
    let svd = try TruncatedSVD.compute(
      r1.multiplied(by: r2.transposed()), rank: rank, route: .exact)
    var u = q1.multiplied(by: svd.u)
    var vt = svd.vt.multiplied(by: q2.transposed())
    canonicalizeSigns(u: &u.elements, vt: &vt.elements, count: svd.rank)
    let whole = TruncatedSVD(
      u: u, singularValues: svd.singularValues, vt: vt, route: svd.route,
      discardedEnergy: 0, squaredNorm: svd.squaredNorm)
    return try padded(whole)
  }

  /// The form of an SVD; where the product has less rank than the factors, zeros fill them up.
  private func padded(_ svd: TruncatedSVD) throws -> LowRankForm {
    let found = svd.singularValues.count
    var newLeft = Matrix(rows: left.count / rank, columns: rank)
    var newRight = Matrix(rows: rank, columns: denseShape.last)
    let scaled = svd.left()
    for k in 0..<min(found, rank) {
      for row in 0..<newLeft.rows {
        newLeft.elements[row * rank + k] = scaled.elements[row * found + k]
      }
      for column in 0..<newRight.columns {
        newRight.elements[k * newRight.columns + column] =
          svd.vt.elements[k * newRight.columns + column]
      }
    }
    let values = svd.singularValues.map { Double($0) }
    return try replacing(
      left: newLeft, right: newRight,
      record: FactorizationRecord(
        basis: .svd, spectra: [Spectrum(values: values)], route: record.route))
  }
}
