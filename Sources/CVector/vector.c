#include "vector.h"

#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#define CLONES __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define CLONES
#endif

#pragma clang fp contract(fast)

typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));
enum { WIDTH = 16 };

// Macros, because a function that takes or returns vectors has no one calling convention.
#define load(p) (*(const lanes *)(p))
#define store(p, x) (*(lanes *)(p) = (x))

CLONES
void modelc_adam(
  ptrdiff_t n, float *restrict w, const float *restrict g, float *restrict m, float *restrict v,
  float rate, float beta1, float beta2, float epsilon, float decay) {
  const float share1 = 1 - beta1, share2 = 1 - beta2;
  ptrdiff_t i = 0;
  for (; i + WIDTH <= n; i += WIDTH) {
    const lanes gradient = load(g + i);
    lanes first = load(m + i), second = load(v + i);
    first += (gradient - first) * share1;
    second += (gradient * gradient - second) * share2;
    store(m + i, first);
    store(v + i, second);
    store(w + i, decay * load(w + i) - rate * first / (__builtin_elementwise_sqrt(second) + epsilon));
  }
  for (; i < n; i++) {
    m[i] += (g[i] - m[i]) * share1;
    v[i] += (g[i] * g[i] - v[i]) * share2;
    w[i] = decay * w[i] - rate * m[i] / (__builtin_elementwise_sqrt(v[i]) + epsilon);
  }
}

CLONES
void modelc_row_times_matrix(
  ptrdiff_t rows, ptrdiff_t columns, const float *restrict x, const float *restrict w,
  float *restrict y) {
  memset(y, 0, (size_t)columns * sizeof(float));
  // Four rows at a time, taken from those that count, so that y is loaded and stored once for them.
  ptrdiff_t r = 0;
  while (r < rows) {
    const float *row[4];
    float factor[4];
    int found = 0;
    while (r < rows && found < 4) {
      if (x[r] != 0) {
        row[found] = w + r * columns;
        factor[found++] = x[r];
      }
      r++;
    }
    for (int missing = found; missing < 4; missing++) {
      if (found == 0) return;
      row[missing] = row[0];
      factor[missing] = 0;
    }
    const float *a = row[0], *b = row[1], *c = row[2], *d = row[3];
    ptrdiff_t i = 0;
    for (; i + WIDTH <= columns; i += WIDTH) {
      lanes sum = load(y + i);
      sum += factor[0] * load(a + i);
      sum += factor[1] * load(b + i);
      sum += factor[2] * load(c + i);
      sum += factor[3] * load(d + i);
      store(y + i, sum);
    }
    for (; i < columns; i++) {
      y[i] += factor[0] * a[i] + factor[1] * b[i] + factor[2] * c[i] + factor[3] * d[i];
    }
  }
}

CLONES
void modelc_mode_product(
  ptrdiff_t extent, ptrdiff_t rank, ptrdiff_t inner, const float *restrict w,
  const float *restrict x, float *restrict y) {
  ptrdiff_t i = 0;
  for (; i + WIDTH <= inner; i += WIDTH) {
    ptrdiff_t r = 0;
    for (; r + 4 <= rank; r += 4) {
      lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
      for (ptrdiff_t e = 0; e < extent; e++) {
        const lanes value = load(x + e * inner + i);
        const float *factor = w + e * rank + r;
        s0 += factor[0] * value;
        s1 += factor[1] * value;
        s2 += factor[2] * value;
        s3 += factor[3] * value;
      }
      store(y + r * inner + i, s0);
      store(y + (r + 1) * inner + i, s1);
      store(y + (r + 2) * inner + i, s2);
      store(y + (r + 3) * inner + i, s3);
    }
    for (; r < rank; r++) {
      lanes sum = {0};
      for (ptrdiff_t e = 0; e < extent; e++) sum += w[e * rank + r] * load(x + e * inner + i);
      store(y + r * inner + i, sum);
    }
  }
  for (; i < inner; i++) {
    for (ptrdiff_t r = 0; r < rank; r++) {
      float sum = 0;
      for (ptrdiff_t e = 0; e < extent; e++) sum += w[e * rank + r] * x[e * inner + i];
      y[r * inner + i] = sum;
    }
  }
}
