import LinearAlgebra
public import Models
public import Tensors

extension Weight {
  /// The dense kernel that the form stands for.
  /// - Throws: what reading a deferred component throws.
  public func reconstructed() throws -> Tensor {
    switch self {
    case .dense(let form): return try form.parameter.tensor()
    case .lowRank(let form):
      return Matrix(try form.left.tensor()).multiplied(by: Matrix(try form.right.tensor()))
        .tensor.reshaped(to: form.denseShape)
    case .tucker2(let form): return try reconstruct(form)
    case .tensorised(let form): return try reconstruct(form)
    }
  }

  private func reconstruct(_ form: Tucker2Form) throws -> Tensor {
    let core = TapStack(
      taps: form.core.shape.count / max(form.ranks[0] * form.ranks[1], 1), rows: form.ranks[0],
      columns: form.ranks[1], elements: try form.core.tensor().elements)
    let dense = core.projectingRows(Matrix(try form.inputFactor.tensor()))
      .projectingColumns(Matrix(try form.outputFactor.tensor()).transposed())
    return Tensor(shape: form.denseShape, elements: dense.elements)
  }

  /// K[(h, w, c), m] = Σ P_h[h, a] · P_w[w, b] · P_c[c, p] · (left · right)[(a, b, p), m].
  private func reconstruct(_ form: TensorisedForm) throws -> Tensor {
    let outputs = form.denseShape[1]
    var value = Matrix(try form.left.tensor()).multiplied(by: Matrix(try form.right.tensor()))
      .elements
    // The axes not yet widened, and those already done, before and after the current one.
    var trailing = value.count
    var leading = 1
    var factors = [form.heightFactor, form.widthFactor]
    if let channelFactor = form.channelFactor { factors.append(channelFactor) }
    for factor in factors {
      let (wide, narrow) = (factor.shape[0], factor.shape[1])
      trailing /= narrow
      let matrix = Matrix(try factor.tensor())
      let stack = TapStack(taps: leading, rows: narrow, columns: trailing, elements: value)
      value = stack.projectingRows(matrix).elements
      leading *= wide
    }
    precondition(value.count == form.denseShape[0] * outputs, "the factors make up the kernel")
    return Tensor(shape: form.denseShape, elements: value)
  }

  /// x · K for one input or patch x, in Double, through the factors.
  /// - Throws: what reading a deferred component throws.
  func applied(to x: [Double]) throws -> [Double] {
    let row = DoubleMatrix(rows: 1, columns: x.count, elements: x)
    switch self {
    case .lowRank(let form):
      return row.multiplied(by: DoubleMatrix(try form.left.tensor()))
        .multiplied(by: DoubleMatrix(try form.right.tensor())).elements
    default:
      return row.multiplied(by: DoubleMatrix(try reconstructed())).elements
    }
  }
}

extension Model {
  /// The same model with every kernel dense, under the original layer names.
  ///
  /// Rebuilt kernels are float32, or of the factors' 16-bit type; kernels that are dense already keep their type and bytes.
  /// - Throws: what reading a deferred component throws.
  public func expanded() throws -> Model {
    var model = self
    for reference in kernels {
      let weight = model[reference]
      if weight.kind == .dense { continue }
      let type = StoredEncoding.factors(of: weight.components[0].parameter.scalarType)
      model[reference] = Weight(
        Parameter(try weight.reconstructed(), as: type.scalarType))
    }
    return model
  }
}
