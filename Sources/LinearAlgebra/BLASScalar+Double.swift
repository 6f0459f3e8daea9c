import COpenBLAS

extension Double: BLASScalar {
  static func gemm(
    _ transA: CBLAS_TRANSPOSE, _ transB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Double, _ a: UnsafePointer<Double>?, _ lda: Int32, _ b: UnsafePointer<Double>?,
    _ ldb: Int32, _ beta: Double, _ c: UnsafeMutablePointer<Double>?, _ ldc: Int32
  ) {
    unsafe cblas_dgemm(CblasRowMajor, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }

  static func syrk(
    _ trans: CBLAS_TRANSPOSE, _ n: Int32, _ k: Int32, _ alpha: Double, _ a: UnsafePointer<Double>?,
    _ lda: Int32, _ beta: Double, _ c: UnsafeMutablePointer<Double>?, _ ldc: Int32
  ) {
    unsafe cblas_dsyrk(CblasRowMajor, CblasUpper, trans, n, k, alpha, a, lda, beta, c, ldc)
  }

  static func sytrd(
    _ n: Int32, _ a: UnsafeMutablePointer<Double>, _ d: UnsafeMutablePointer<Double>,
    _ e: UnsafeMutablePointer<Double>, _ tau: UnsafeMutablePointer<Double>,
    _ work: UnsafeMutablePointer<Double>, _ lwork: Int32
  ) -> Int32 {
    unsafe modelc_dsytrd(n, a, d, e, tau, work, lwork)
  }

  static func sterf(
    _ n: Int32, _ d: UnsafeMutablePointer<Double>, _ e: UnsafeMutablePointer<Double>
  ) -> Int32 {
    unsafe modelc_dsterf(n, d, e)
  }

  static func stemr(
    _ n: Int32, _ d: UnsafeMutablePointer<Double>, _ e: UnsafeMutablePointer<Double>, _ il: Int32,
    _ iu: Int32, _ found: UnsafeMutablePointer<Int32>, _ w: UnsafeMutablePointer<Double>,
    _ z: UnsafeMutablePointer<Double>, _ isuppz: UnsafeMutablePointer<Int32>,
    _ work: UnsafeMutablePointer<Double>, _ lwork: Int32, _ iwork: UnsafeMutablePointer<Int32>,
    _ liwork: Int32
  ) -> Int32 {
    unsafe modelc_dstemr(n, d, e, il, iu, found, w, z, isuppz, work, lwork, iwork, liwork)
  }

  static func stedc(
    _ n: Int32, _ d: UnsafeMutablePointer<Double>, _ e: UnsafeMutablePointer<Double>,
    _ z: UnsafeMutablePointer<Double>, _ work: UnsafeMutablePointer<Double>, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>, _ liwork: Int32
  ) -> Int32 {
    unsafe modelc_dstedc(n, d, e, z, work, lwork, iwork, liwork)
  }

  static func ormtr(
    _ n: Int32, _ k: Int32, _ a: UnsafePointer<Double>, _ tau: UnsafePointer<Double>,
    _ c: UnsafeMutablePointer<Double>, _ work: UnsafeMutablePointer<Double>, _ lwork: Int32
  ) -> Int32 {
    unsafe modelc_dormtr(n, k, a, tau, c, work, lwork)
  }

  static func gesdd(
    _ vectors: Int32, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>,
    _ s: UnsafeMutablePointer<Double>, _ u: UnsafeMutablePointer<Double>,
    _ vt: UnsafeMutablePointer<Double>, _ work: UnsafeMutablePointer<Double>, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>
  ) -> Int32 {
    unsafe modelc_dgesdd(vectors, m, n, a, s, u, vt, work, lwork, iwork)
  }

  static func geqrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>, _ tau: UnsafeMutablePointer<Double>,
    _ work: UnsafeMutablePointer<Double>, _ lwork: Int32
  ) -> Int32 {
    unsafe modelc_dgeqrf(m, n, a, tau, work, lwork)
  }

  static func orgqr(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Double>, _ tau: UnsafePointer<Double>,
    _ work: UnsafeMutablePointer<Double>, _ lwork: Int32
  ) -> Int32 {
    unsafe modelc_dorgqr(m, n, a, tau, work, lwork)
  }

  static func potrf(_ n: Int32, _ a: UnsafeMutablePointer<Double>) -> Int32 {
    unsafe modelc_dpotrf(n, a)
  }

  static func potrs(
    _ n: Int32, _ k: Int32, _ a: UnsafePointer<Double>, _ b: UnsafeMutablePointer<Double>
  ) -> Int32 {
    unsafe modelc_dpotrs(n, k, a, b)
  }
}
