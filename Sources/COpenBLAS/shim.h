#ifndef MODELC_COPENBLAS_SHIM_H
#define MODELC_COPENBLAS_SHIM_H

#include <cblas.h>
#include <stddef.h>

// Debian's OpenBLAS holds LAPACK's Fortran symbols but no LAPACKE and no header for them. The
// prototypes follow LAPACK 3.9; Fortran passes the length of every character argument as a hidden
// size_t at the end, and compilers rely on it. The wrappers take values instead of pointers, fix
// the options that modelc uses, and return LAPACK's `info`.
//
// All matrices are column-major here: a row-major A is Aᵀ.
#define MODELC_LAPACK(T, P)                                                                      \
  void P##sytrd_(const char *, const int *, T *, const int *, T *, T *, T *, T *, const int *,   \
                 int *, size_t);                                                                 \
  void P##sterf_(const int *, T *, T *, int *);                                                  \
  void P##stemr_(const char *, const char *, const int *, T *, T *, const T *, const T *,        \
                 const int *, const int *, int *, T *, T *, const int *, const int *, int *,     \
                 int *, T *, const int *, int *, const int *, int *, size_t, size_t);            \
  void P##stedc_(const char *, const int *, T *, T *, T *, const int *, T *, const int *, int *, \
                 const int *, int *, size_t);                                                    \
  void P##ormtr_(const char *, const char *, const char *, const int *, const int *, const T *,  \
                 const int *, const T *, T *, const int *, T *, const int *, int *, size_t,      \
                 size_t, size_t);                                                                \
  void P##gesdd_(const char *, const int *, const int *, T *, const int *, T *, T *,             \
                 const int *, T *, const int *, T *, const int *, int *, int *, size_t);         \
  void P##geqrf_(const int *, const int *, T *, const int *, T *, T *, const int *, int *);      \
  void P##orgqr_(const int *, const int *, const int *, T *, const int *, const T *, T *,        \
                 const int *, int *);                                                            \
  void P##potrf_(const char *, const int *, T *, const int *, int *, size_t);                    \
  void P##potrs_(const char *, const int *, const int *, const T *, const int *, T *,            \
                 const int *, int *, size_t);                                                    \
                                                                                                 \
  /* A = Q T Qᵀ from the lower triangle; reflectors stay in a. */                                \
  static inline int modelc_##P##sytrd(int n, T *a, T *d, T *e, T *tau, T *work, int lwork) {     \
    int info = 0;                                                                                \
    P##sytrd_("L", &n, a, &n, d, e, tau, work, &lwork, &info, 1);                                \
    return info;                                                                                 \
  }                                                                                              \
  /* All eigenvalues of a tridiagonal matrix, ascending in d; e is destroyed. */                 \
  static inline int modelc_##P##sterf(int n, T *d, T *e) {                                       \
    int info = 0;                                                                                \
    P##sterf_(&n, d, e, &info);                                                                  \
    return info;                                                                                 \
  }                                                                                              \
  /* Eigenpairs il...iu (from 1, ascending) of a tridiagonal matrix; d and e are destroyed. */   \
  static inline int modelc_##P##stemr(int n, T *d, T *e, int il, int iu, int *found, T *w, T *z, \
                                      int *isuppz, T *work, int lwork, int *iwork, int liwork) { \
    int info = 0, count = iu - il + 1, tryrac = 1;                                               \
    T zero = 0;                                                                                  \
    P##stemr_("V", "I", &n, d, e, &zero, &zero, &il, &iu, found, w, z, &n, &count, isuppz,       \
              &tryrac, work, &lwork, iwork, &liwork, &info, 1, 1);                               \
    return info;                                                                                 \
  }                                                                                              \
  /* All eigenpairs of a tridiagonal matrix by divide and conquer. */                            \
  static inline int modelc_##P##stedc(int n, T *d, T *e, T *z, T *work, int lwork, int *iwork,   \
                                      int liwork) {                                              \
    int info = 0;                                                                                \
    P##stedc_("I", &n, d, e, z, &n, work, &lwork, iwork, &liwork, &info, 1);                     \
    return info;                                                                                 \
  }                                                                                              \
  /* c [n × k] ← Q c, Q as sytrd left it in a. */                                                \
  static inline int modelc_##P##ormtr(int n, int k, const T *a, const T *tau, T *c, T *work,     \
                                      int lwork) {                                               \
    int info = 0;                                                                                \
    P##ormtr_("L", "L", "N", &n, &k, a, &n, tau, c, &n, work, &lwork, &info, 1, 1, 1);           \
    return info;                                                                                 \
  }                                                                                              \
  /* Thin SVD of a [m × n] (destroyed); with vectors == 0 the values alone. */                   \
  static inline int modelc_##P##gesdd(int vectors, int m, int n, T *a, T *s, T *u, T *vt,        \
                                      T *work, int lwork, int *iwork) {                          \
    int info = 0, r = m < n ? m : n, ldvt = vectors ? r : 1, ldu = vectors ? m : 1;              \
    P##gesdd_(vectors ? "S" : "N", &m, &n, a, &m, s, u, &ldu, vt, &ldvt, work, &lwork, iwork,    \
              &info, 1);                                                                         \
    return info;                                                                                 \
  }                                                                                              \
  /* QR of a [m × n]: R above the diagonal, reflectors below. */                                 \
  static inline int modelc_##P##geqrf(int m, int n, T *a, T *tau, T *work, int lwork) {          \
    int info = 0;                                                                                \
    P##geqrf_(&m, &n, a, &m, tau, work, &lwork, &info);                                          \
    return info;                                                                                 \
  }                                                                                              \
  /* The thin Q [m × n] of geqrf's reflectors. */                                                \
  static inline int modelc_##P##orgqr(int m, int n, T *a, const T *tau, T *work, int lwork) {    \
    int info = 0;                                                                                \
    P##orgqr_(&m, &n, &n, a, &m, tau, work, &lwork, &info);                                      \
    return info;                                                                                 \
  }                                                                                              \
  /* A = L Lᵀ from and into the lower triangle. */                                               \
  static inline int modelc_##P##potrf(int n, T *a) {                                             \
    int info = 0;                                                                                \
    P##potrf_("L", &n, a, &n, &info, 1);                                                         \
    return info;                                                                                 \
  }                                                                                              \
  /* Solves L Lᵀ X = B in place, B [n × k]. */                                                   \
  static inline int modelc_##P##potrs(int n, int k, const T *a, T *b) {                          \
    int info = 0;                                                                                \
    P##potrs_("L", &n, &k, a, &n, b, &n, &info, 1);                                              \
    return info;                                                                                 \
  }

MODELC_LAPACK(float, s)
MODELC_LAPACK(double, d)

#undef MODELC_LAPACK

#endif
