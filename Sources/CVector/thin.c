#include "vector.h"

#include <string.h>

#include "lanes.h"
#include "tiles.h"

#pragma clang fp contract(fast)

// Rows of x that stay in the first-level cache while the columns pass.
enum { BLOCK = 96 };

CLONES
void modelc_thin_product(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, const float *restrict x,
  const float *restrict w, float *restrict y) {
  for (ptrdiff_t first = 0; first < rows; first += BLOCK) {
    const ptrdiff_t count = rows - first < BLOCK ? rows - first : BLOCK;
    EACH_COLUMN_TILE(outputs) {
      WITH_VECTORS(
        product_tile, count, inputs, outputs, x + first * inputs, w + from,
        y + first * outputs + from)
    }
  }
}

CLONES
void modelc_thin_gradient(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, int adds, const float *restrict x,
  const float *restrict d, float *restrict g) {
  for (ptrdiff_t first = 0; first < rows; first += 2 * BLOCK) {
    const ptrdiff_t count = rows - first < 2 * BLOCK ? rows - first : 2 * BLOCK;
    EACH_COLUMN_TILE(outputs) {
      WITH_VECTORS(
        gradient_tile, count, inputs, outputs, first == 0 && !adds, x + first * inputs,
        d + first * outputs + from, g + from)
    }
  }
}

CLONES
void modelc_mode_product(
  ptrdiff_t extent, ptrdiff_t rank, ptrdiff_t inner, const float *restrict w,
  const float *restrict x, float *restrict y) {
  if (inner >= WIDTH) {
    EACH_COLUMN_TILE(inner) {
      WITH_VECTORS(gradient_tile, extent, rank, inner, 1, w, x + from, y + from)
    }
    return;
  }
  // Rows shorter than a vector: what is loaded beyond one is not used, and what is stored beyond one is
  // overwritten by the next.
  enum { TALL = 12 };
  for (ptrdiff_t first = 0; first < rank; first += TALL) {
    const ptrdiff_t rows = rank - first < TALL ? rank - first : TALL;
    lanes sum[TALL];
    UNROLL for (int r = 0; r < TALL; r++) sum[r] = (lanes){0};
    for (ptrdiff_t e = 0; e < extent; e++) {
      const float *factor = w + e * rank + first;
      lanes value;
      if (e * inner + WIDTH <= extent * inner) {
        value = load(x + e * inner);
      } else {
        float last[WIDTH] = {0};
        for (ptrdiff_t i = 0; i < inner; i++) last[i] = x[e * inner + i];
        value = load(last);
      }
      UNROLL for (int r = 0; r < TALL; r++) sum[r] += factor[r < rows ? r : rows - 1] * value;
    }
    UNROLL for (int r = 0; r < TALL; r++) if (r < rows) {
      float *to = y + (first + r) * inner;
      if ((first + r) * inner + WIDTH <= rank * inner) {
        store(to, sum[r]);
      } else {
        float last[WIDTH];
        store(last, sum[r]);
        for (ptrdiff_t i = 0; i < inner; i++) to[i] = last[i];
      }
    }
  }
}
