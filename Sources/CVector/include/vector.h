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

// One row of results of two-by-two windows side by side: `top` and `bottom` are the two image rows,
// y and d the results and their gradients, all of `channels` floats a pixel. The first of equal
// values is the largest. The gradient's two rows are overwritten.
void modelc_max_pool_row(
  ptrdiff_t columns, ptrdiff_t channels, const float *top, const float *bottom, float *y);
void modelc_max_pool_row_gradient(
  ptrdiff_t columns, ptrdiff_t channels, const float *top, const float *bottom, const float *d,
  float *top_gradient, float *bottom_gradient);

// Scales the elements whose 32 random bits reach the threshold and zeroes the others. The bits are
// SplitMix64's that follow `state`, two elements a word, the lower half first.
void modelc_drop(
  ptrdiff_t n, float *x, float scale, unsigned threshold, unsigned long long state);

// Copies `count` runs of `length` floats; run i starts at source + i*source_step and goes to
// target + i*target_step.
void modelc_gather_runs(
  ptrdiff_t count, ptrdiff_t length, const float *source, ptrdiff_t source_step, float *target,
  ptrdiff_t target_step);

// y[i] <- bytes[i] * scale + offset, rounded after each of the two.
void modelc_scale_bytes(
  ptrdiff_t n, const unsigned char *bytes, float scale, float offset, float *y);

// Asks the processor to fetch n bytes that will be read soon.
void modelc_prefetch(ptrdiff_t n, const unsigned char *bytes);

// Whether the processor has the 32 registers of 16 floats for which the products below, and those of
// winograd.h, are written; they work everywhere.
int modelc_has_wide_registers(void);

// Products with a matrix x that is mostly zeros, which are skipped. Rows of all matrices lie densely;
// `outputs` must be at least 16.
ptrdiff_t modelc_count_zeros(ptrdiff_t n, const float *x);
// y [rows x outputs] <- x [rows x inputs] * w [inputs x outputs]
void modelc_sparse_product(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, const float *x, const float *w, float *y);
// g [inputs x outputs] <- transposed x [rows x inputs] * d [rows x outputs], added to g if `adds`.
void modelc_sparse_gradient(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, int adds, const float *x, const float *d,
  float *g);

// Products with few columns, by tiles of 24 vectors: faster than a library's where the columns fill
// whole vectors. `outputs` must be at least 16; rows of all matrices lie densely.
// y [rows x outputs] <- x [rows x inputs] * w [inputs x outputs]
void modelc_thin_product(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, const float *x, const float *w, float *y);
// g [inputs x outputs] <- transposed x [rows x inputs] * d [rows x outputs], added to g if `adds`.
void modelc_thin_gradient(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, int adds, const float *x, const float *d,
  float *g);

#endif
