#include <string.h>

#include "lanes.h"
#include "vector.h"

#pragma clang fp contract(fast)

typedef int flags __attribute__((vector_size(64), aligned(4), may_alias));
typedef _Bool bits __attribute__((ext_vector_type(16)));

// A tile is 4 rows of at most 7 vectors: 28 sums, which AVX-512's 32 registers can hold.
enum { ROWS = 4, TILE = 7 };

int modelc_has_wide_registers(void) {
#if defined(__x86_64__) && defined(__linux__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
    && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return 0;
#endif
}

CLONES
ptrdiff_t modelc_count_zeros(ptrdiff_t n, const float *restrict x) {
  flags sums = {0};
  ptrdiff_t i = 0, count = 0;
  for (; i + WIDTH <= n; i += WIDTH) sums -= load(x + i) == 0;
  for (int l = 0; l < WIDTH; l++) count += sums[l];
  for (; i < n; i++) count += x[i] == 0;
  return count;
}

// Vectors beyond the tile's own number vanish when `vectors` is a constant.
#define EACH_VECTOR UNROLL for (int l = 0; l < TILE; l++) if (l < vectors)
#define EACH_ROW UNROLL for (int r = 0; r < ROWS; r++)

INLINE void product_tile(
  int vectors, ptrdiff_t columns, ptrdiff_t inputs, ptrdiff_t stride, ptrdiff_t rows,
  const float *restrict x, const float *restrict w, float *restrict y) {
  lanes sum[ROWS][TILE];
  const float *row[ROWS];
  EACH_ROW row[r] = x + (r < rows ? r : 0) * inputs;
  EACH_ROW EACH_VECTOR sum[r][l] = (lanes){0};
  for (ptrdiff_t start = 0; start < inputs; start += WIDTH) {
    unsigned wanted = (1u << (inputs - start < WIDTH ? inputs - start : WIDTH)) - 1;
    if (start + WIDTH <= inputs) {
      const flags any = (load(row[0] + start) != 0) | (load(row[1] + start) != 0)
        | (load(row[2] + start) != 0) | (load(row[3] + start) != 0);
      wanted = __builtin_bit_cast(unsigned short, __builtin_convertvector(any, bits));
    }
    for (; wanted; wanted &= wanted - 1) {
      const ptrdiff_t i = start + __builtin_ctz(wanted);
      const float a = row[0][i], b = row[1][i], c = row[2][i], d = row[3][i];
      EACH_VECTOR {
        const lanes value = load(w + i * stride + column(l, vectors, columns));
        sum[0][l] += a * value;
        sum[1][l] += b * value;
        sum[2][l] += c * value;
        sum[3][l] += d * value;
      }
    }
  }
  EACH_ROW if (r < rows) EACH_VECTOR store(y + r * stride + column(l, vectors, columns), sum[r][l]);
}

INLINE void gradient_tile(
  int vectors, ptrdiff_t columns, ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t stride,
  ptrdiff_t part, int adds, const float *restrict x, const float *restrict d, float *restrict g) {
  lanes sum[ROWS][TILE];
  EACH_ROW EACH_VECTOR sum[r][l] = adds && r < part
    ? load(g + r * stride + column(l, vectors, columns)) : (lanes){0};
  const size_t width = part == ROWS ? ROWS * sizeof(float) : (size_t)part * sizeof(float);
  for (ptrdiff_t start = 0; start < rows; start += 64) {
    const ptrdiff_t count = rows - start < 64 ? rows - start : 64;
    unsigned long long wanted = 0;
    for (ptrdiff_t b = 0; b < count; b++) {
      unsigned long long pair[2] = {0, 0};
      memcpy(pair, x + (start + b) * inputs, width);
      wanted |= (unsigned long long)((pair[0] | pair[1]) != 0) << b;
    }
    for (; wanted; wanted &= wanted - 1) {
      const ptrdiff_t b = start + __builtin_ctzll(wanted);
      float factor[ROWS] = {0};
      memcpy(factor, x + b * inputs, width);
      EACH_VECTOR {
        const lanes value = load(d + b * stride + column(l, vectors, columns));
        EACH_ROW sum[r][l] += factor[r] * value;
      }
    }
  }
  EACH_ROW if (r < part) EACH_VECTOR store(g + r * stride + column(l, vectors, columns), sum[r][l]);
}

#define WITH_VECTORS(tile, ...)                     \
  switch ((columns + WIDTH - 1) / WIDTH) {          \
    case 1: tile(1, columns, __VA_ARGS__); break;   \
    case 2: tile(2, columns, __VA_ARGS__); break;   \
    case 3: tile(3, columns, __VA_ARGS__); break;   \
    case 4: tile(4, columns, __VA_ARGS__); break;   \
    case 5: tile(5, columns, __VA_ARGS__); break;   \
    case 6: tile(6, columns, __VA_ARGS__); break;   \
    default: tile(7, columns, __VA_ARGS__);         \
  }

// The columns are cut into tiles of equal width, none narrower than a vector.
#define EACH_TILE                                                                       \
  const ptrdiff_t tiles = (outputs + TILE * WIDTH - 1) / (TILE * WIDTH);                \
  for (ptrdiff_t tile = 0, first = 0, columns; tile < tiles; tile++, first += columns)  \
    if ((columns = outputs * (tile + 1) / tiles - first) > 0)

CLONES
void modelc_sparse_product(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, const float *restrict x,
  const float *restrict w, float *restrict y) {
  EACH_TILE {
    for (ptrdiff_t r = 0; r < rows; r += ROWS) {
      WITH_VECTORS(
        product_tile, inputs, outputs, rows - r, x + r * inputs, w + first,
        y + r * outputs + first)
    }
  }
}

CLONES
void modelc_sparse_gradient(
  ptrdiff_t rows, ptrdiff_t inputs, ptrdiff_t outputs, int adds, const float *restrict x,
  const float *restrict d, float *restrict g) {
  EACH_TILE {
    ptrdiff_t i = 0;
    for (; i + ROWS <= inputs; i += ROWS) {
      WITH_VECTORS(
        gradient_tile, rows, inputs, outputs, ROWS, adds, x + i, d + first,
        g + i * outputs + first)
    }
    if (i < inputs) {
      WITH_VECTORS(
        gradient_tile, rows, inputs, outputs, inputs - i, adds, x + i, d + first,
        g + i * outputs + first)
    }
  }
}
