public import Models
public import Programs
public import Tensors

/// Collects the statistics of many kernels while a model runs over data.
public struct CalibrationAccumulator: Sendable {
  private let sites: [String: KernelSite]
  private var kernels: [String: KernelAccumulator] = [:]
  /// At most this many patches of an image are taken; the others are skipped evenly.
  private let patchLimit: Int
  /// The number of samples that were run, as the caller counts them.
  public var sampleCount = 0

  /// Starts for kernels of a model; dense values of very wide ones are kept.
  /// - Throws: what reading a deferred kernel throws.
  public init(_ model: Model, sites: [KernelSite], patchLimit: Int = 64) throws {
    self.sites = Dictionary(sites.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    self.patchLimit = patchLimit
    for reference in model.kernels where self.sites[reference.path] != nil {
      kernels[reference.path] = KernelAccumulator(kernel: try model[reference].reconstructed())
    }
  }

  /// The kernels that are collected.
  public var paths: Set<String> { Set(kernels.keys) }

  /// Adds a batch of what a kernel reads: [batch × … × inputs], for a convolution
  /// [batch × height × width × channels] with its geometry (over one axis, height is 1).
  public mutating func add(inputs batch: Tensor, to path: String, geometry: Conv2DGeometry? = nil) {
    guard let site = sites[path] else { return }
    if site.structure == .matrix || (!site.isWindowed && geometry?.isPlain ?? true) {
      kernels[path]?.add(inputs: batch.elements.span)
    } else {
      let patches = PatchRows(batch, site: site, geometry: geometry ?? Conv2DGeometry())
        .rows(limit: patchLimit)
      kernels[path]?.add(inputs: patches.span)
    }
  }

  /// Adds a batch of gradients with respect to a kernel's products, [batch × … × outputs].
  public mutating func add(outputGradients batch: Tensor, to path: String) {
    kernels[path]?.add(outputGradients: batch.elements.span)
  }

  /// Adds what another accumulator of the same kernels has seen.
  public mutating func merge(_ other: CalibrationAccumulator) {
    sampleCount += other.sampleCount
    for (path, accumulator) in other.kernels { kernels[path]?.merge(accumulator) }
  }

  /// The statistics of every kernel that data reached.
  public var calibration: Calibration {
    Calibration(kernels: kernels.compactMapValues(\.statistics), sampleCount: sampleCount)
  }
}

extension Conv2DGeometry {
  /// Whether every position is read once, without padding.
  var isPlain: Bool { strides == .one && padding == .zero }
}

/// The patches of a batch of images, one row [taps · channels] each.
struct PatchRows {
  private let images: Tensor
  private let geometry: Conv2DGeometry
  private let window: Extent2D
  private let channels: Int
  private let image: Extent2D
  private let output: Extent2D

  init(_ batch: Tensor, site: KernelSite, geometry: Conv2DGeometry) {
    images = batch
    self.geometry = geometry
    channels = site.channels
    let extents = site.shape.extents.dropLast(2)
    window =
      extents.count == 1
      ? Extent2D(height: 1, width: extents[0])
      : Extent2D(height: extents[0], width: extents[1])
    let shape = batch.shape
    image =
      shape.order == 4
      ? Extent2D(height: shape[1], width: shape[2]) : Extent2D(height: 1, width: shape[1])
    func count(_ size: Int, _ pad: Int, _ taps: Int, _ stride: Int, _ dilation: Int) -> Int {
      max(0, (size + pad - (taps - 1) * dilation - 1) / stride + 1)
    }
    output = Extent2D(
      height: count(
        image.height, geometry.padding.top + geometry.padding.bottom, window.height,
        geometry.strides.height, geometry.dilation.height),
      width: count(
        image.width, geometry.padding.left + geometry.padding.right, window.width,
        geometry.strides.width, geometry.dilation.width))
  }

  /// Rows of at most `limit` positions an image, spread evenly and shifted from image to image.
  func rows(limit: Int) -> [Float] {
    let positions = output.height * output.width
    guard positions > 0 else { return [] }
    let step = max(1, (positions + limit - 1) / limit)
    var rows: [Float] = []
    for sample in 0..<images.shape[0] {
      // A shift that changes with the image, so that no position is left out for good.
      for position in stride(from: sample % step, to: positions, by: step) {
        append(sample, position / output.width, position % output.width, to: &rows)
      }
    }
    return rows
  }

  private func append(_ sample: Int, _ row: Int, _ column: Int, to rows: inout [Float]) {
    let size = image.height * image.width * channels
    for tapRow in 0..<window.height {
      let y =
        row * geometry.strides.height - geometry.padding.top
        + tapRow * geometry.dilation.height
      for tapColumn in 0..<window.width {
        let x =
          column * geometry.strides.width - geometry.padding.left
          + tapColumn * geometry.dilation.width
        if y >= 0, y < image.height, x >= 0, x < image.width {
          let start = sample * size + (y * image.width + x) * channels
          rows.append(contentsOf: images.elements[start..<start + channels])
        } else {
          rows.append(contentsOf: repeatElement(0, count: channels))
        }
      }
    }
  }
}
