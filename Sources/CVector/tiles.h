// Products of matrices with few columns, by tiles of sums that stay in registers.
#ifndef MODELC_TILES_H
#define MODELC_TILES_H

#include <stddef.h>

#include "lanes.h"

#pragma clang fp contract(fast)

// A tile of sums has 24 vectors, which AVX-512's 32 registers can hold beside their factors.
enum { SUMS = 24, TILE = 4 };

// The columns are cut into tiles of equal width, none narrower than a vector.

#define EACH_COLUMN_TILE(columns)                                                               \
  const ptrdiff_t cuts = ((columns) + TILE * WIDTH - 1) / (TILE * WIDTH);                       \
  for (ptrdiff_t cut = 0, from = 0, wide; cut < cuts; cut++, from += wide)                      \
    if ((wide = (columns) * (cut + 1) / cuts - from) > 0)

#define WITH_VECTORS(tile, ...)                \
  switch ((wide + WIDTH - 1) / WIDTH) {        \
    case 1: tile(1, wide, __VA_ARGS__); break; \
    case 2: tile(2, wide, __VA_ARGS__); break; \
    case 3: tile(3, wide, __VA_ARGS__); break; \
    default: tile(4, wide, __VA_ARGS__);       \
  }

#define EACH_VECTOR UNROLL for (int l = 0; l < TILE; l++) if (l < vectors)
#define EACH_ROW UNROLL for (int r = 0; r < SUMS; r++) if (r < SUMS / vectors)

// m [rows x stride] <- v [rows x depth] * u [depth x stride], `columns` of them.
INLINE void product_tile(
  int vectors, ptrdiff_t columns, ptrdiff_t rows, ptrdiff_t depth, ptrdiff_t stride,
  const float *restrict v, const float *restrict u, float *restrict m) {
  for (ptrdiff_t row = 0; row < rows; row += SUMS / vectors) {
    lanes sum[SUMS][TILE];
    const float *factor[SUMS];
    EACH_ROW factor[r] = v + (row + r < rows ? row + r : row) * depth;
    EACH_ROW EACH_VECTOR sum[r][l] = (lanes){0};
    for (ptrdiff_t k = 0; k < depth; k++) {
      lanes value[TILE];
      EACH_VECTOR value[l] = load(u + k * stride + column(l, vectors, columns));
      EACH_ROW EACH_VECTOR sum[r][l] += factor[r][k] * value[l];
    }
    EACH_ROW if (row + r < rows) EACH_VECTOR {
      store(m + (row + r) * stride + column(l, vectors, columns), sum[r][l]);
    }
  }
}

// u [depth x stride] <- u + transposed v [rows x depth] * d [rows x stride]; replaces u if `is_first`.
INLINE void gradient_tile(
  int vectors, ptrdiff_t columns, ptrdiff_t rows, ptrdiff_t depth, ptrdiff_t stride, int is_first,
  const float *restrict v, const float *restrict d, float *restrict u) {
  for (ptrdiff_t k = 0; k < depth; k += SUMS / vectors) {
    // The last rows overlap their neighbours', which must not add twice.
    lanes sum[SUMS][TILE];
    EACH_ROW EACH_VECTOR sum[r][l] = is_first || k + r >= depth
      ? (lanes){0} : load(u + (k + r) * stride + column(l, vectors, columns));
    const ptrdiff_t shift = depth - k < SUMS / vectors ? depth - k - 1 : SUMS / vectors - 1;
    for (ptrdiff_t row = 0; row < rows; row++) {
      const float *factor = v + row * depth + k;
      lanes value[TILE];
      EACH_VECTOR value[l] = load(d + row * stride + column(l, vectors, columns));
      EACH_ROW EACH_VECTOR sum[r][l] += factor[r < shift ? r : shift] * value[l];
    }
    EACH_ROW if (k + r < depth) EACH_VECTOR {
      store(u + (k + r) * stride + column(l, vectors, columns), sum[r][l]);
    }
  }
}

#endif
