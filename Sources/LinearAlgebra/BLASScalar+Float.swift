import COpenBLAS

extension Float: BLASScalar {
  static func gemm(
    _ transA: CBLAS_TRANSPOSE, _ transB: CBLAS_TRANSPOSE, _ m: Int32, _ n: Int32, _ k: Int32,
    _ alpha: Float, _ a: UnsafePointer<Float>?, _ lda: Int32, _ b: UnsafePointer<Float>?,
    _ ldb: Int32, _ beta: Float, _ c: UnsafeMutablePointer<Float>?, _ ldc: Int32
  ) {
    unsafe cblas_sgemm(CblasRowMajor, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  }

  static func syrk(
    _ trans: CBLAS_TRANSPOSE, _ n: Int32, _ k: Int32, _ alpha: Float, _ a: UnsafePointer<Float>?,
    _ lda: Int32, _ beta: Float, _ c: UnsafeMutablePointer<Float>?, _ ldc: Int32
  ) {
    unsafe cblas_ssyrk(CblasRowMajor, CblasUpper, trans, n, k, alpha, a, lda, beta, c, ldc)
  }

  static func sytrd(
    _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ d: UnsafeMutablePointer<Float>,
    _ e: UnsafeMutablePointer<Float>, _ tau: UnsafeMutablePointer<Float>,
    _ work: UnsafeMutablePointer<Float>, _ lwork: Int32
  ) -> Int32 {
    unsafe modelc_ssytrd(n, a, d, e, tau, work, lwork)
  }

  static func sterf(
    _ n: Int32, _ d: UnsafeMutablePointer<Float>, _ e: UnsafeMutablePointer<Float>
  ) -> Int32 {
    unsafe modelc_ssterf(n, d, e)
  }

  static func stemr(
    _ n: Int32, _ d: UnsafeMutablePointer<Float>, _ e: UnsafeMutablePointer<Float>, _ il: Int32,
    _ iu: Int32, _ found: UnsafeMutablePointer<Int32>, _ w: UnsafeMutablePointer<Float>,
    _ z: UnsafeMutablePointer<Float>, _ isuppz: UnsafeMutablePointer<Int32>,
    _ work: UnsafeMutablePointer<Float>, _ lwork: Int32, _ iwork: UnsafeMutablePointer<Int32>,
    _ liwork: Int32
  ) -> Int32 {
    unsafe modelc_sstemr(n, d, e, il, iu, found, w, z, isuppz, work, lwork, iwork, liwork)
  }

  static func stedc(
    _ n: Int32, _ d: UnsafeMutablePointer<Float>, _ e: UnsafeMutablePointer<Float>,
    _ z: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>, _ liwork: Int32
  ) -> Int32 {
    unsafe modelc_sstedc(n, d, e, z, work, lwork, iwork, liwork)
  }

  static func ormtr(
    _ n: Int32, _ k: Int32, _ a: UnsafePointer<Float>, _ tau: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>, _ lwork: Int32
  ) -> Int32 {
    unsafe modelc_sormtr(n, k, a, tau, c, work, lwork)
  }

  static func gesdd(
    _ vectors: Int32, _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>,
    _ s: UnsafeMutablePointer<Float>, _ u: UnsafeMutablePointer<Float>,
    _ vt: UnsafeMutablePointer<Float>, _ work: UnsafeMutablePointer<Float>, _ lwork: Int32,
    _ iwork: UnsafeMutablePointer<Int32>
  ) -> Int32 {
    unsafe modelc_sgesdd(vectors, m, n, a, s, u, vt, work, lwork, iwork)
  }

  static func geqrf(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ tau: UnsafeMutablePointer<Float>,
    _ work: UnsafeMutablePointer<Float>, _ lwork: Int32
  ) -> Int32 {
    unsafe modelc_sgeqrf(m, n, a, tau, work, lwork)
  }

  static func orgqr(
    _ m: Int32, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ tau: UnsafePointer<Float>,
    _ work: UnsafeMutablePointer<Float>, _ lwork: Int32
  ) -> Int32 {
    unsafe modelc_sorgqr(m, n, a, tau, work, lwork)
  }

  static func potrf(_ n: Int32, _ a: UnsafeMutablePointer<Float>) -> Int32 {
    unsafe modelc_spotrf(n, a)
  }

  static func potrs(
    _ n: Int32, _ k: Int32, _ a: UnsafePointer<Float>, _ b: UnsafeMutablePointer<Float>
  ) -> Int32 {
    unsafe modelc_spotrs(n, k, a, b)
  }
}
