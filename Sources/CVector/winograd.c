#include "winograd.h"

#include <string.h>

#include "lanes.h"
#include "tiles.h"
#include "vector.h"

#pragma clang fp contract(fast)

enum { POINTS = 16 };

// Visits vectors over n channels at offsets i; the last one overlaps.
#define EACH_CHANNEL(n) \
  for (ptrdiff_t i = 0, next = 0; next < (n) && ((i = next + WIDTH <= (n) ? next : (n) - WIDTH), 1); next += WIDTH)

// ---- Tiles of results: two by two, numbered over all images.

typedef struct { ptrdiff_t down, across, a_row; } grid;

INLINE grid tiles_of(const modelc_winograd *window) {
  const ptrdiff_t down = (window->result_height + 1) / 2, across = (window->result_width + 1) / 2;
  // 96 Ki floats of transformed images and products stay in the second-level cache.
  const ptrdiff_t row = POINTS * across * (window->inputs + window->outputs);
  ptrdiff_t rows = (96 * 1024) / row;
  // Deep kernels do not stay there, and must not pass for a few tiles only.
  if (rows * across < 48) rows = (48 + across - 1) / across;
  return (grid){down, across, rows};
}

ptrdiff_t modelc_winograd_scratch(const modelc_winograd *window) {
  const grid g = tiles_of(window);
  const ptrdiff_t widest = window->inputs > window->outputs ? window->inputs : window->outputs;
  return POINTS * g.a_row * g.across * (window->inputs + window->outputs) + widest;
}

// ---- Transforms. Each runs over channels, 16 pixels at a time.

// v [16 x count x channels] <- B' x B of 4x4 pixels at one tile.
INLINE void transform_image(
  const float *const pixel[4][4], ptrdiff_t channels, ptrdiff_t plane, float *v) {
  EACH_CHANNEL(channels) {
    lanes t[4][4];
    UNROLL for (int c = 0; c < 4; c++) {
      const lanes a = load(pixel[0][c] + i), b = load(pixel[1][c] + i);
      const lanes e = load(pixel[2][c] + i), f = load(pixel[3][c] + i);
      t[0][c] = a - e;
      t[1][c] = b + e;
      t[2][c] = e - b;
      t[3][c] = b - f;
    }
    UNROLL for (int r = 0; r < 4; r++) {
      float *to = v + 4 * r * plane + i;
      store(to, t[r][0] - t[r][2]);
      store(to + plane, t[r][1] + t[r][2]);
      store(to + 2 * plane, t[r][2] - t[r][1]);
      store(to + 3 * plane, t[r][1] - t[r][3]);
    }
  }
}

// v [16 x count x channels] <- A d A' of 2x2 gradients at one tile.
INLINE void transform_gradient(
  const float *const pixel[2][2], ptrdiff_t channels, ptrdiff_t plane, float *v) {
  EACH_CHANNEL(channels) {
    lanes t[4][2];
    UNROLL for (int c = 0; c < 2; c++) {
      const lanes a = load(pixel[0][c] + i), b = load(pixel[1][c] + i);
      t[0][c] = a;
      t[1][c] = a + b;
      t[2][c] = a - b;
      t[3][c] = -b;
    }
    UNROLL for (int r = 0; r < 4; r++) {
      float *to = v + 4 * r * plane + i;
      store(to, t[r][0]);
      store(to + plane, t[r][0] + t[r][1]);
      store(to + 2 * plane, t[r][0] - t[r][1]);
      store(to + 3 * plane, -t[r][1]);
    }
  }
}

// y <- A' m A at one tile of which `rows` by `columns` results exist.
INLINE void transform_result(
  const float *m, ptrdiff_t plane, ptrdiff_t channels, const float *bias, int clips,
  ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t line, float *y) {
  EACH_CHANNEL(channels) {
    lanes t[2][4];
    UNROLL for (int c = 0; c < 4; c++) {
      const float *from = m + c * plane + i;
      const lanes a = load(from), b = load(from + 4 * plane);
      const lanes e = load(from + 8 * plane), f = load(from + 12 * plane);
      t[0][c] = a + b + e;
      t[1][c] = b - e - f;
    }
    const lanes shift = bias ? load(bias + i) : (lanes){0};
    UNROLL for (int r = 0; r < 2; r++) {
      lanes left = t[r][0] + t[r][1] + t[r][2] + shift;
      lanes right = t[r][1] - t[r][2] - t[r][3] + shift;
      if (clips) {
        left = __builtin_elementwise_max(left, (lanes){0});
        right = __builtin_elementwise_max(right, (lanes){0});
      }
      if (r < rows) {
        store(y + r * line + i, left);
        if (columns > 1) store(y + r * line + channels + i, right);
      }
    }
  }
}

// Runs `body` for each tile of rows first..<end; `t` counts them.
#define EACH_TILE(g, first, end, body)                                                    \
  for (ptrdiff_t number = (first), t = 0; number < (end); number++) {                     \
    const ptrdiff_t sample = number / (g).down, y0 = 2 * (number % (g).down);             \
    for (ptrdiff_t tile = 0; tile < (g).across; tile++, t++) {                            \
      const ptrdiff_t x0 = 2 * tile;                                                      \
      body                                                                                \
    }                                                                                     \
  }

INLINE void transform_images(
  const modelc_winograd *window, grid g, ptrdiff_t first, ptrdiff_t end, const float *x,
  const float *zeros, float *v) {
  const ptrdiff_t plane = (end - first) * g.across * window->inputs, line = window->width * window->inputs;
  EACH_TILE(g, first, end, {
    const float *pixel[4][4];
    for (int r = 0; r < 4; r++) {
      const ptrdiff_t row = y0 - window->top + r;
      const float *start = x + (sample * window->height + row) * line;
      for (int c = 0; c < 4; c++) {
        const ptrdiff_t place = x0 - window->left + c;
        const int is_inside = row >= 0 && row < window->height && place >= 0 && place < window->width;
        pixel[r][c] = is_inside ? start + place * window->inputs : zeros;
      }
    }
    transform_image(pixel, window->inputs, plane, v + t * window->inputs);
  })
}

INLINE void transform_gradients(
  const modelc_winograd *window, grid g, ptrdiff_t first, ptrdiff_t end, const float *d,
  const float *zeros, float *v) {
  const ptrdiff_t plane = (end - first) * g.across * window->outputs;
  EACH_TILE(g, first, end, {
    const float *pixel[2][2];
    for (int r = 0; r < 2; r++) {
      for (int c = 0; c < 2; c++) {
        const int is_inside = y0 + r < window->result_height && x0 + c < window->result_width;
        pixel[r][c] = is_inside ? d
          + ((sample * window->result_height + y0 + r) * window->result_width + x0 + c) * window->outputs
          : zeros;
      }
    }
    transform_gradient(pixel, window->outputs, plane, v + t * window->outputs);
  })
}

INLINE void transform_results(
  const modelc_winograd *window, grid g, ptrdiff_t first, ptrdiff_t end, const float *m,
  const float *bias, int clips, float *y) {
  const ptrdiff_t plane = (end - first) * g.across * window->outputs;
  EACH_TILE(g, first, end, {
    transform_result(
      m + t * window->outputs, plane, window->outputs, bias, clips, window->result_height - y0,
      window->result_width - x0, window->result_width * window->outputs,
      y + ((sample * window->result_height + y0) * window->result_width + x0) * window->outputs);
  })
}

CLONES
void modelc_winograd_product(
  const modelc_winograd *window, ptrdiff_t batch, const float *restrict x, const float *restrict u,
  const float *restrict bias, int clips, float *restrict scratch, float *restrict y) {
  const grid g = tiles_of(window);
  const ptrdiff_t inputs = window->inputs, outputs = window->outputs, rows = batch * g.down;
  const ptrdiff_t room = g.a_row * g.across;
  float *v = scratch, *m = v + POINTS * room * inputs, *zeros = m + POINTS * room * outputs;
  memset(zeros, 0, (size_t)inputs * sizeof(float));
  for (ptrdiff_t first = 0; first < rows; first += g.a_row) {
    const ptrdiff_t end = first + g.a_row < rows ? first + g.a_row : rows;
    const ptrdiff_t count = (end - first) * g.across;
    transform_images(window, g, first, end, x, zeros, v);
    for (int point = 0; point < POINTS; point++) {
      EACH_COLUMN_TILE(outputs) {
        WITH_VECTORS(
          product_tile, count, inputs, outputs, v + point * count * inputs,
          u + point * inputs * outputs + from, m + point * count * outputs + from)
      }
    }
    transform_results(window, g, first, end, m, bias, clips, y);
  }
}

CLONES
void modelc_winograd_gradient(
  const modelc_winograd *window, ptrdiff_t batch, const float *restrict x, const float *restrict d,
  float *restrict scratch, float *restrict u) {
  const grid g = tiles_of(window);
  const ptrdiff_t inputs = window->inputs, outputs = window->outputs, rows = batch * g.down;
  const ptrdiff_t room = g.a_row * g.across;
  const ptrdiff_t widest = inputs > outputs ? inputs : outputs;
  float *v = scratch, *m = v + POINTS * room * inputs, *zeros = m + POINTS * room * outputs;
  memset(zeros, 0, (size_t)widest * sizeof(float));
  for (ptrdiff_t first = 0; first < rows; first += g.a_row) {
    const ptrdiff_t end = first + g.a_row < rows ? first + g.a_row : rows;
    const ptrdiff_t count = (end - first) * g.across;
    transform_images(window, g, first, end, x, zeros, v);
    transform_gradients(window, g, first, end, d, zeros, m);
    for (int point = 0; point < POINTS; point++) {
      EACH_COLUMN_TILE(outputs) {
        WITH_VECTORS(
          gradient_tile, count, inputs, outputs, first == 0, v + point * count * inputs,
          m + point * count * outputs + from, u + point * inputs * outputs + from)
      }
    }
  }
}

// ---- Kernels.

// Four values of G (a, b, c)', for each of the positions of one vector.
#define SPREAD(t, a, b, c)             \
  t[0] = a;                            \
  t[1] = 0.5f * ((a) + (c) + (b));     \
  t[2] = 0.5f * ((a) + (c) - (b));     \
  t[3] = c;

CLONES
void modelc_winograd_kernel(
  ptrdiff_t inputs, ptrdiff_t outputs, const float *restrict w, float *restrict u) {
  const ptrdiff_t plane = inputs * outputs;
  EACH_CHANNEL(plane) {
    lanes t[3][4];
    UNROLL for (int c = 0; c < 3; c++) {
      const lanes a = load(w + c * plane + i), b = load(w + (3 + c) * plane + i);
      const lanes e = load(w + (6 + c) * plane + i);
      SPREAD(t[c], a, b, e)
    }
    UNROLL for (int r = 0; r < 4; r++) {
      lanes row[4];
      SPREAD(row, t[0][r], t[1][r], t[2][r])
      UNROLL for (int c = 0; c < 4; c++) store(u + (4 * r + c) * plane + i, row[c]);
    }
  }
}

CLONES
void modelc_winograd_turned_kernel(
  ptrdiff_t inputs, ptrdiff_t outputs, const float *restrict w, float *restrict u) {
  const ptrdiff_t plane = inputs * outputs;
  for (ptrdiff_t input = 0; input < inputs; input++) {
    EACH_CHANNEL(outputs) {
      const float *from = w + input * outputs + i;
      lanes t[3][4];
      UNROLL for (int c = 0; c < 3; c++) {
        const lanes a = load(from + (8 - c) * plane), b = load(from + (5 - c) * plane);
        const lanes e = load(from + (2 - c) * plane);
        SPREAD(t[c], a, b, e)
      }
      UNROLL for (int r = 0; r < 4; r++) {
        lanes row[4];
        SPREAD(row, t[0][r], t[1][r], t[2][r])
        UNROLL for (int c = 0; c < 4; c++) {
          float *to = u + (4 * r + c) * plane + i * inputs + input;
          UNROLL for (int l = 0; l < WIDTH; l++) to[l * inputs] = row[c][l];
        }
      }
    }
  }
}

// Three values of G' (a, b, c, e)'.
#define GATHER(t, a, b, c, e)          \
  t[0] = (a) + 0.5f * ((b) + (c));     \
  t[1] = 0.5f * ((b) - (c));           \
  t[2] = 0.5f * ((b) + (c)) + (e);

CLONES
void modelc_winograd_kernel_gradient(
  ptrdiff_t inputs, ptrdiff_t outputs, int adds, const float *restrict u, float *restrict g) {
  const ptrdiff_t plane = inputs * outputs;
  for (ptrdiff_t i = 0; i < plane; i += WIDTH) {
    // Sums must not overlap, so the last vector is brought into a full one.
    float part[POINTS][WIDTH] = {{0}};
    const ptrdiff_t count = plane - i < WIDTH ? plane - i : WIDTH;
    const int is_whole = count == WIDTH;
    if (!is_whole) {
      for (int p = 0; p < POINTS; p++) memcpy(part[p], u + p * plane + i, (size_t)count * sizeof(float));
    }
    lanes t[4][3];
    UNROLL for (int c = 0; c < 4; c++) {
      lanes value[4];
      UNROLL for (int r = 0; r < 4; r++) {
        value[r] = is_whole ? load(u + (4 * r + c) * plane + i) : load(part[4 * r + c]);
      }
      GATHER(t[c], value[0], value[1], value[2], value[3])
    }
    UNROLL for (int r = 0; r < 3; r++) {
      lanes row[3];
      GATHER(row, t[0][r], t[1][r], t[2][r], t[3][r])
      UNROLL for (int c = 0; c < 3; c++) {
        float *to = g + (3 * r + c) * plane + i;
        if (is_whole) {
          store(to, adds ? load(to) + row[c] : row[c]);
        } else {
          for (ptrdiff_t l = 0; l < count; l++) to[l] = adds ? to[l] + row[c][l] : row[c][l];
        }
      }
    }
  }
}
