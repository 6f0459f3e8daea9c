import LinearAlgebra
import Programs

/// A convolution by gathered rows and sgemm: y = epilogue(gathered(x) · w), image by image.
///
/// dw = gathered(x)ᵀ · dy, dx = scattered(dy · wᵀ), db = Σ dy. It serves every window; where
/// ``WinogradKernel`` or ``LibraryConvolutionKernel`` is faster, they pass the same tests.
struct ConvolutionKernel: Kernel {
  let kernel: ParameterID
  let groups: Int
  let outputs: Int
  let epilogue: Epilogue
  private let window: Window2D
  private let gathering: Gathering

  /// How an image becomes the left matrix of a product.
  private enum Gathering: Sendable {
    /// One product over whole patches.
    case patches
    /// One product a window row over shared lines.
    case lines
  }

  /// Plans a convolution.
  init(
    kernel: ParameterID, window: Window2D, groups: Int, outputs: Int, epilogue: Epilogue
  ) {
    self.kernel = kernel
    self.window = window
    self.groups = groups
    self.outputs = outputs
    self.epilogue = epilogue
    // Short lines make products too thin to be worth more passes over the results.
    let line = window.width * window.channels / groups
    gathering = window.rowStride == 1 && window.height > 1 && line >= 48 ? .lines : .patches
  }

  var traits: KernelTraits {
    KernelTraits(gradientReadsOperands: true, gradientReadsResult: epilogue.readsResult)
  }

  /// Channels that one group reads.
  private var groupInputs: Int { window.channels / groups }
  /// Channels that one group makes.
  private var groupOutputs: Int { outputs / groups }
  /// Entries of one window row of one group.
  private var lineCount: Int { window.width * groupInputs }
  /// Entries of one row of the left matrix.
  private var depth: Int {
    switch gathering {
    case .patches: window.height * lineCount
    case .lines: lineCount
    }
  }

  /// Result rows per block, so that what is gathered stays in the second-level cache.
  private var blockRows: Int {
    let row = window.outputWidth * depth
    let extra = gathering == .lines ? window.lineCount(for: 1) - 1 : 0
    return max(1, min(window.outputHeight, Self.blockElements / row - extra))
  }

  /// 112 Ki elements, 448 KiB: gathered rows, their kernel and their results share 1 MiB.
  private static let blockElements = 112 * 1024

  /// Elements of scratch space for a block.
  var scratchCount: Int {
    let rows = gathering == .lines ? window.lineCount(for: blockRows) : blockRows
    return saturating(0, rows, window.outputWidth * depth)
  }

  // MARK: Forward

  func forward(_ step: Step, _ workspace: Workspace) {
    let x = workspace.values(step.operands[0])
    let w = workspace.parameter(kernel)
    let finish = epilogue.bound(workspace)
    let imageCount = window.imageCount
    let resultCount = step.resultCount
    let line = window.outputWidth * outputs
    workspace.withScratch(1, count: scratchCount) { gathered in
      workspace.write(step.result, count: resultCount * workspace.batch) { y in
        for sample in 0..<workspace.batch {
          let image = x.span.extracting(sample * imageCount..<(sample + 1) * imageCount)
          var result = y._mutatingExtracting(sample * resultCount..<(sample + 1) * resultCount)
          forEachBlock { rows in
            for group in 0..<groups {
              gather(image, rows, group, into: &gathered)
              forEachProduct(rows, group) { product in
                gemm(
                  m: product.positions, n: groupOutputs, k: depth,
                  a: gathered.span.extracting(product.gathered..<gathered.count), lda: depth,
                  b: w.span.extracting(product.kernel..<w.count), ldb: outputs,
                  beta: product.isFirst ? 0 : 1, c: &result, at: product.result, ldc: outputs)
              }
            }
            var finished = result._mutatingExtracting(
              rows.lowerBound * line..<rows.upperBound * line)
            finish.apply(&finished)
          }
        }
      }
    }
  }

  // MARK: Backward

  func backward(_ step: Step, _ workspace: Workspace) {
    guard let gradient = step.resultGradient else { return }
    epilogue.finishGradient(step, workspace)
    let d = workspace.values(gradient)
    addKernelGradient(step, workspace, d.span)
    addImageGradient(step, workspace, d.span)
  }

  private func addKernelGradient(_ step: Step, _ workspace: Workspace, _ d: Span<Float>) {
    let x = workspace.values(step.operands[0])
    let imageCount = window.imageCount
    workspace.addGradient(kernel) { total in
      workspace.withScratch(1, count: scratchCount) { gathered in
        for sample in 0..<workspace.batch {
          let image = x.span.extracting(sample * imageCount..<(sample + 1) * imageCount)
          let own = d.extracting(sample * step.resultCount..<(sample + 1) * step.resultCount)
          forEachBlock { rows in
            for group in 0..<groups {
              gather(image, rows, group, into: &gathered)
              forEachProduct(rows, group) { product in
                gemm(
                  transA: true, m: depth, n: groupOutputs, k: product.positions,
                  a: gathered.span.extracting(product.gathered..<gathered.count), lda: depth,
                  b: own.extracting(product.result..<own.count), ldb: outputs, beta: 1, c: &total,
                  at: product.kernel, ldc: outputs)
              }
            }
          }
        }
      }
    }
  }

  private func addImageGradient(_ step: Step, _ workspace: Workspace, _ d: Span<Float>) {
    guard let target = step.operandGradients[0] else { return }
    let w = workspace.parameter(kernel)
    let imageCount = window.imageCount
    workspace.withScratch(1, count: scratchCount) { gathered in
      workspace.write(target.slot, count: imageCount * workspace.batch) { dx in
        for sample in 0..<workspace.batch {
          var image = dx._mutatingExtracting(sample * imageCount..<(sample + 1) * imageCount)
          if !target.accumulates { image.fill(0) }
          let own = d.extracting(sample * step.resultCount..<(sample + 1) * step.resultCount)
          forEachBlock { rows in
            for group in 0..<groups {
              // Lines are shared by window rows, so their gradients add up.
              if gathering == .lines { gathered.fill(0) }
              forEachProduct(rows, group) { product in
                gemm(
                  transB: true, m: product.positions, n: depth, k: groupOutputs,
                  a: own.extracting(product.result..<own.count), lda: outputs,
                  b: w.span.extracting(product.kernel..<w.count), ldb: outputs,
                  beta: gathering == .lines ? 1 : 0, c: &gathered, at: product.gathered, ldc: depth)
              }
              scatter(gathered.span, rows, group, into: &image)
            }
          }
        }
      }
    }
  }

  // MARK: Blocks and products

  private func channels(of group: Int) -> Range<Int> {
    group * groupInputs..<(group + 1) * groupInputs
  }

  private func gather(
    _ image: Span<Float>, _ rows: Range<Int>, _ group: Int,
    into gathered: inout MutableSpan<Float>
  ) {
    switch gathering {
    case .patches: window.gather(image, rows: rows, group: channels(of: group), into: &gathered)
    case .lines: window.gatherLines(image, rows: rows, group: channels(of: group), into: &gathered)
    }
  }

  private func scatter(
    _ gathered: Span<Float>, _ rows: Range<Int>, _ group: Int,
    into image: inout MutableSpan<Float>
  ) {
    switch gathering {
    case .patches: window.scatter(gathered, rows: rows, group: channels(of: group), into: &image)
    case .lines:
      window.scatterLines(gathered, rows: rows, group: channels(of: group), into: &image)
    }
  }

  @inline(__always)
  private func forEachBlock(_ body: (Range<Int>) -> Void) {
    let size = blockRows
    var row = 0
    while row < window.outputHeight {
      let end = min(row + size, window.outputHeight)
      body(row..<end)
      row = end
    }
  }

  /// One matrix product of a block: where its three matrices start.
  private struct Product {
    let positions: Int
    let gathered: Int
    let kernel: Int
    let result: Int
    let isFirst: Bool
  }

  /// Visits the products that make a block of result rows of one group.
  @inline(__always)
  private func forEachProduct(_ rows: Range<Int>, _ group: Int, _ body: (Product) -> Void) {
    let positions = rows.count * window.outputWidth
    let result = rows.lowerBound * window.outputWidth * outputs + group * groupOutputs
    let count = gathering == .lines ? window.height : 1
    for row in 0..<count {
      body(
        Product(
          positions: positions, gathered: row * window.rowDilation * window.outputWidth * depth,
          kernel: row * depth * outputs + group * groupOutputs, result: result,
          isFirst: row == 0))
    }
  }
}
