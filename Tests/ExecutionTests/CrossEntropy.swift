#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// −log p.
func crossEntropy(_ probability: Float) -> Double { -log(Double(probability)) }
