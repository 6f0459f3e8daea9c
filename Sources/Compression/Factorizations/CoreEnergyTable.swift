import Models

/// The energy of every leading block of a full Tucker core, which is what HOSVD keeps at the
/// block's ranks: energy(R_in, R_out) = Σ_{t, i < R_in, o < R_out} core[t, i, o]².
struct CoreEnergyTable {
  private let inputs: Int
  private let outputs: Int
  /// Sums over leading blocks, [inputs + 1 × outputs + 1].
  private let sums: [Double]

  init(_ core: TapStack) {
    inputs = core.rows
    outputs = core.columns
    var energies = [Double](repeating: 0, count: inputs * outputs)
    let values = core.elements.span
    for tap in 0..<core.taps {
      let base = tap * inputs * outputs
      for index in 0..<inputs * outputs {
        let value = Double(values[base + index])
        energies[index] += value * value
      }
    }
    let width = outputs + 1
    var sums = [Double](repeating: 0, count: (inputs + 1) * width)
    for input in 0..<inputs {
      var row = 0.0
      for output in 0..<outputs {
        row += energies[input * outputs + output]
        sums[(input + 1) * width + output + 1] = sums[input * width + output + 1] + row
      }
    }
    self.sums = sums
  }

  /// The energy at R_in = `input` and R_out = `output`.
  func energy(_ input: Int, _ output: Int) -> Double {
    sums[min(input, inputs) * (outputs + 1) + min(output, outputs)]
  }

  /// The singular values of the two unfoldings; their squares sum up to `total`.
  func modeSpectra(total: Double) -> [Spectrum] {
    let sum = energy(inputs, outputs)
    let correction = sum > 0 ? total / sum : 0
    func spectrum(_ count: Int, _ upTo: (Int) -> Double) -> Spectrum {
      let values = (0..<count).map {
        (max(0, upTo($0 + 1) - upTo($0)) * correction).squareRoot()
      }
      return Spectrum(values: values.sorted(by: >))
    }
    return [
      spectrum(inputs) { energy($0, outputs) }, spectrum(outputs) { energy(inputs, $0) },
    ]
  }
}
