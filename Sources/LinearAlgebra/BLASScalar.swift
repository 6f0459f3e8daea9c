import COpenBLAS

/// The scalars that BLAS and LAPACK compute with, and the routines modelc calls.
///
/// All sizes were checked by the caller; matrices of LAPACK are column-major.
protocol BLASScalar: BinaryFloatingPoint, Sendable {
  static func gemm(
    _ transA: CBLAS_TRANSPOSE, _ transB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Self, _ a: UnsafePointer<Self>?, _ lda: Int32, _ b: UnsafePointer<Self>?,
    _ ldb: Int32, _ beta: Self, _ c: UnsafeMutablePointer<Self>?, _ ldc: Int32)
  static func syrk(
    _ trans: CBLAS_TRANSPOSE, _ n: Int32, _ k: Int32, _ alpha: Self, _ a: UnsafePointer<Self>?,
    _ lda: Int32, _ beta: Self, _ c: UnsafeMutablePointer<Self>?, _ ldc: Int32)
  static func sytrd(
    _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ d: UnsafeMutablePointer<Self>,
    _ e: UnsafeMutablePointer<Self>, _ tau: UnsafeMutablePointer<Self>,
    _ work: UnsafeMutablePointer<Self>, _ lwork: Int32
  ) -> Int32
  static func sterf(
    _ n: Int32, _ d: UnsafeMutablePointer<Self>, _ e: UnsafeMutablePointer<Self>
  ) -> Int32
  static func stemr(
    _ n: Int32, _ d: UnsafeMutablePointer<Self>, _ e: UnsafeMutablePointer<Self>, _ il: Int32,
    _ iu: Int32, _ found: UnsafeMutablePointer<Int32>, _ w: UnsafeMutablePointer<Self>,
    _ z: UnsafeMutablePointer<Self>, _ isuppz: UnsafeMutablePointer<Int32>,
    _ work: UnsafeMutablePointer<Self>, _ lwork: Int32, _ iwork: UnsafeMutablePointer<Int32>,
    _ liwork: Int32
  ) -> Int32
  static func stedc(
    _ n: Int32, _ d: UnsafeMutablePointer<Self>, _ e: UnsafeMutablePointer<Self>,
    _ z: UnsafeMutablePointer<Self>, _ work: UnsafeMutablePointer<Self>, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>, _ liwork: Int32
  ) -> Int32
  static func ormtr(
    _ n: Int32, _ k: Int32, _ a: UnsafePointer<Self>, _ tau: UnsafePointer<Self>,
    _ c: UnsafeMutablePointer<Self>, _ work: UnsafeMutablePointer<Self>, _ lwork: Int32
  ) -> Int32
  static func gesdd(
    _ vectors: Int32, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>,
    _ s: UnsafeMutablePointer<Self>, _ u: UnsafeMutablePointer<Self>,
    _ vt: UnsafeMutablePointer<Self>, _ work: UnsafeMutablePointer<Self>, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>
  ) -> Int32
  static func geqrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ tau: UnsafeMutablePointer<Self>,
    _ work: UnsafeMutablePointer<Self>, _ lwork: Int32
  ) -> Int32
  static func orgqr(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ tau: UnsafePointer<Self>,
    _ work: UnsafeMutablePointer<Self>, _ lwork: Int32
  ) -> Int32
  static func potrf(_ n: Int32, _ a: UnsafeMutablePointer<Self>) -> Int32
  static func potrs(
    _ n: Int32, _ k: Int32, _ a: UnsafePointer<Self>, _ b: UnsafeMutablePointer<Self>
  ) -> Int32
}
