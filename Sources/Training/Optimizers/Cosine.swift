#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// The cosine of an angle in radians.
func cosine(_ angle: Double) -> Double { cos(angle) }
