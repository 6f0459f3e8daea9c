import Programs
import Tensors

/// Zeroes elements with probability `rate` and scales the others by 1 ÷ (1 − rate).
///
/// What is dropped depends on the run's seed, the step and the sample's position in the whole
/// batch, so that the number of shards changes nothing; the backward pass draws it again.
struct DropoutKernel: Kernel {
  let rate: Float

  var traits: KernelTraits { KernelTraits(overwritesOperand: true, overwritesGradient: true) }

  func forward(_ step: Step, _ workspace: Workspace) {
    workspace.transformOperand(step) { drop(&$0, step, workspace) }
  }

  func backward(_ step: Step, _ workspace: Workspace) {
    workspace.transformGradient(step) { drop(&$0, step, workspace) }
  }

  private func drop(_ x: inout MutableSpan<Float>, _ step: Step, _ workspace: Workspace) {
    let scale = 1 / (1 - rate)
    let threshold = UInt32(min(Double(rate) * 0x1p32, 0xFFFF_FFFF))
    let stream = SeededGenerator(seed: workspace.seed).split(UInt64(step.index))
    for sample in 0..<workspace.batch {
      var part = x._mutatingExtracting(sample * step.resultCount..<(sample + 1) * step.resultCount)
      VectorKernels.drop(
        &part, scale: scale, threshold: threshold,
        generator: stream.split(UInt64(workspace.firstSample + sample)))
    }
  }
}
