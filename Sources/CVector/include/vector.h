// The few loops that need vector instructions beyond the compiler's default: Swift cannot compile
// one function for several processors, and its square root does not vectorise on Linux.
// Each is compiled for AVX-512, AVX2 and the baseline; the loader picks one.
#ifndef MODELC_VECTOR_H
#define MODELC_VECTOR_H

#include <stddef.h>

// m <- m + (g - m)(1 - beta1), v <- v + (g*g - v)(1 - beta2), w <- decay*w - rate*m/(sqrt(v) + epsilon);
// n elements each, no two arrays overlapping.
void modelc_adam(
  ptrdiff_t n, float *w, const float *g, float *m, float *v, float rate, float beta1, float beta2,
  float epsilon, float decay);

// y[c] <- sum over r of x[r] * w[r*columns + c], for one row x. Rows of w whose x is 0 are not read.
void modelc_row_times_matrix(
  ptrdiff_t rows, ptrdiff_t columns, const float *x, const float *w, float *y);

// y[r*inner + i] <- sum over e of w[e*rank + r] * x[e*inner + i]: one block of a mode product.
void modelc_mode_product(
  ptrdiff_t extent, ptrdiff_t rank, ptrdiff_t inner, const float *w, const float *x, float *y);

#endif
