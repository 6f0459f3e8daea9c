#include "vector.h"

#include <string.h>

#include "lanes.h"

#pragma clang fp contract(fast)

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
void modelc_max_pool_row(
  ptrdiff_t columns, ptrdiff_t channels, const float *restrict top, const float *restrict bottom,
  float *restrict y) {
  for (ptrdiff_t column = 0; column < columns; column++) {
    const float *a = top + 2 * column * channels, *b = a + channels;
    const float *c = bottom + 2 * column * channels, *e = c + channels;
    float *target = y + column * channels;
    for (ptrdiff_t i = 0; i < channels; i++) {
      // Written so that NaN wins, whichever of the four it is.
      const float first = b[i] <= a[i] || a[i] != a[i] ? a[i] : b[i];
      const float second = e[i] <= c[i] || c[i] != c[i] ? c[i] : e[i];
      target[i] = second <= first || first != first ? first : second;
    }
  }
}

CLONES
void modelc_max_pool_row_gradient(
  ptrdiff_t columns, ptrdiff_t channels, const float *restrict top, const float *restrict bottom,
  const float *restrict d, float *restrict top_gradient, float *restrict bottom_gradient) {
  for (ptrdiff_t column = 0; column < columns; column++) {
    const ptrdiff_t start = 2 * column * channels;
    const float *a = top + start, *b = a + channels, *c = bottom + start, *e = c + channels;
    const float *incoming = d + column * channels;
    float *ga = top_gradient + start, *gb = ga + channels;
    float *gc = bottom_gradient + start, *ge = gc + channels;
    for (ptrdiff_t i = 0; i < channels; i++) {
      const int upper = b[i] <= a[i], lower = e[i] <= c[i];
      const float first = upper ? a[i] : b[i], second = lower ? c[i] : e[i];
      const int is_top = second <= first;
      const float above = is_top ? incoming[i] : 0, below = is_top ? 0 : incoming[i];
      ga[i] = upper ? above : 0;
      gb[i] = upper ? 0 : above;
      gc[i] = lower ? below : 0;
      ge[i] = lower ? 0 : below;
    }
  }
}

// Short runs are two vectors that overlap, so that no length needs a loop over single floats.
#define GATHER_SHORT(type)                                                                    \
  for (ptrdiff_t i = 0; i < count; i++, source += source_step, target += target_step) {       \
    const type first = *(const type *)source;                                                 \
    const type last = *(const type *)(source + length - (ptrdiff_t)(sizeof(type) / 4));       \
    *(type *)target = first;                                                                  \
    *(type *)(target + length - (ptrdiff_t)(sizeof(type) / 4)) = last;                        \
  }

CLONES
void modelc_gather_runs(
  ptrdiff_t count, ptrdiff_t length, const float *restrict source, ptrdiff_t source_step,
  float *restrict target, ptrdiff_t target_step) {
  if (length > 2 * WIDTH) {
    for (ptrdiff_t i = 0; i < count; i++, source += source_step, target += target_step) {
      ptrdiff_t j = 0;
      for (; j + WIDTH <= length; j += WIDTH) store(target + j, load(source + j));
      if (j < length) store(target + length - WIDTH, load(source + length - WIDTH));
    }
  } else if (length >= 16) {
    GATHER_SHORT(lanes)
  } else if (length >= 8) {
    GATHER_SHORT(eight)
  } else if (length >= 4) {
    GATHER_SHORT(four)
  } else {
    for (ptrdiff_t i = 0; i < count; i++, source += source_step, target += target_step) {
      for (ptrdiff_t j = 0; j < length; j++) target[j] = source[j];
    }
  }
}

CLONES
void modelc_scale_bytes(
  ptrdiff_t n, const unsigned char *restrict bytes, float scale, float offset, float *restrict y) {
#pragma clang fp contract(off)
  for (ptrdiff_t i = 0; i < n; i++) y[i] = (float)bytes[i] * scale + offset;
}

void modelc_prefetch(ptrdiff_t n, const unsigned char *bytes) {
  for (ptrdiff_t i = 0; i < n; i += 64) __builtin_prefetch(bytes + i);
}

typedef unsigned long long words __attribute__((vector_size(64)));
typedef unsigned int halves __attribute__((vector_size(64)));
typedef int masks __attribute__((vector_size(64)));

#define MIX(z)                                       \
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;       \
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;       \
  z = z ^ (z >> 31);

CLONES
void modelc_drop(
  ptrdiff_t n, float *x, float scale, unsigned threshold, unsigned long long state) {
  const unsigned long long step = 0x9E3779B97F4A7C15ULL;
  const words places = {1, 2, 3, 4, 5, 6, 7, 8};
  const lanes kept = (lanes){0} + scale;
  ptrdiff_t i = 0;
  for (; i + WIDTH <= n; i += WIDTH) {
    words z = state + places * step;
    state += 8 * step;
    MIX(z)
    // The halves of a word lie in memory as their order asks: the lower one first.
    const masks is_kept = (halves)z >= threshold;
    store(x + i, load(x + i) * (lanes)((masks)kept & is_kept));
  }
  for (; i < n; i += 2) {
    unsigned long long z = state += step;
    MIX(z)
    x[i] *= (unsigned)z >= threshold ? scale : 0;
    if (i + 1 < n) x[i + 1] *= (unsigned)(z >> 32) >= threshold ? scale : 0;
  }
}
