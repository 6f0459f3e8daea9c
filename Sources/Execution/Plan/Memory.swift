#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// The bytes of memory that this machine has.
var physicalMemory: Int {
  #if canImport(Glibc)
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let size = sysconf(Int32(_SC_PAGESIZE))
    return pages > 0 && size > 0 ? pages * size : Int.max
  #else
    return Int(clamping: ProcessInfo.processInfo.physicalMemory)
  #endif
}

/// total + count · size, or `Int.max` where that overflows.
func saturating(_ total: Int, _ count: Int, _ size: Int) -> Int {
  let (product, productOverflow) = count.multipliedReportingOverflow(by: size)
  let (sum, sumOverflow) = total.addingReportingOverflow(product)
  return productOverflow || sumOverflow ? Int.max : sum
}
