/// The functions that a C file may contain, as text; only those that are called are written.
enum CTemplates {
  /// How a weight becomes a float.
  static func load(_ storage: WeightStorage, _ expression: String) -> String {
    switch storage {
    case .float32, .int8: expression
    case .float16: "half_to_float(\(expression))"
    case .bfloat16: "brain_to_float(\(expression))"
    }
  }

  static let windowType = """
    /* A window over an image [image_height x image_width x channels]. */
    typedef struct {
      NUMBER image_height, image_width, channels, height, width, filters;
      NUMBER kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, top, left;
    } window;
    """

  static let boxType = """
    /* Elements moved between two strided boxes. */
    typedef struct {
      int32_t extent[5], source[5], target[5], source_start, target_start;
    } box;
    """

  static let half = """
    /* float16 to float; the constants hold finite numbers only. */
    static inline float half_to_float(uint16_t half)
    {
      union { uint32_t bits; float value; } wide, power;
      wide.bits = (uint32_t)(half & 0x7FFF) << 13;
      power.bits = 0x77800000; /* 2 to the power of 112: the two exponents' biases differ by it */
      wide.value *= power.value;
      wide.bits |= (uint32_t)(half & 0x8000) << 16;
      return wide.value;
    }
    """

  static let brain = """
    /* bfloat16 to float. */
    static inline float brain_to_float(uint16_t brain)
    {
      union { uint32_t bits; float value; } wide;
      wide.bits = (uint32_t)brain << 16;
      return wide.value;
    }
    """

  static let panelWidth = """
    /* The width of the next panel of columns. */
    static inline int panel_width(int columns)
    {
      return columns >= 32 ? 32 : columns >= 16 ? 16 : columns >= 8 ? 8 : columns >= 4 ? 4 : columns;
    }
    """

  static let start = """
    /* y = b, or 0 without b. */
    static inline void start(const float *b, int n, float *y)
    {
      for (int i = 0; i < n; i++) y[i] = b ? b[i] : 0.0f;
    }
    """

  static let rolled = """
    /* GCC keeps the sums of a panel in registers if the loop over its columns stays a loop. */
    #if defined(__GNUC__) && !defined(__clang__)
    #define ROLLED _Pragma("GCC unroll 1")
    #else
    #define ROLLED
    #endif
    """

  /// The functions that add x · w over one panel to y.
  ///
  /// Fixed widths let a compiler keep the sums in registers.
  static func panel(_ storage: WeightStorage) -> String {
    let (s, t) = (storage.suffix, storage.cType)
    return """
      /* y += x[n] . w[n x width]; width is at most 32. */
      static inline void sum_\(s)(const float *x, int n, const \(t) *w, const int width, float *y)
      {
        float sum[32];
        for (int j = 0; j < width; j++) sum[j] = y[j];
        for (int i = 0; i < n; i++, w += width) {
          const float value = x[i];
          ROLLED
          for (int j = 0; j < width; j++) sum[j] += value * \(load(storage, "w[j]"));
        }
        for (int j = 0; j < width; j++) y[j] = sum[j];
      }

      #if defined(__AVX512F__) && !defined(__OPTIMIZE_SIZE__)
      /* The same for four rows of x at once and 32 columns: 32 registers hold the sums. */
      static void sum4_\(s)(const float *x, int step, int n, const \(t) *w, float *y, int gap)
      {
        float sum[4][32];
        for (int k = 0; k < 4; k++)
          for (int j = 0; j < 32; j++) sum[k][j] = y[k * gap + j];
        for (int i = 0; i < n; i++, w += 32)
          for (int k = 0; k < 4; k++) {
            const float value = x[k * step + i];
            for (int j = 0; j < 32; j++) sum[k][j] += value * \(load(storage, "w[j]"));
          }
        for (int k = 0; k < 4; k++)
          for (int j = 0; j < 32; j++) y[k * gap + j] = sum[k][j];
      }
      #endif

      /* `count` (1 or 4) rows of y, `gap` apart, += rows of x, `step` apart, . w. */
      static void add_\(s)(const float *x, int count, int step, int n, const \(t) *w, int width,
                           float *y, int gap)
      {
      #ifdef __OPTIMIZE_SIZE__
        (void)count, (void)step, (void)gap;
        sum_\(s)(x, n, w, width, y);
      #else
      #ifdef __AVX512F__
        if (count == 4 && width == 32) {
          sum4_\(s)(x, step, n, w, y, gap);
          return;
        }
      #endif
        for (; count > 0; count--, x += step, y += gap)
          switch (width) { /* constant widths make fast code */
          case 32: sum_\(s)(x, n, w, 32, y); break;
          case 16: sum_\(s)(x, n, w, 16, y); break;
          case 8: sum_\(s)(x, n, w, 8, y); break;
          case 4: sum_\(s)(x, n, w, 4, y); break;
          default: sum_\(s)(x, n, w, width, y); break;
          }
      #endif
      }
      """
  }

  static func dense(_ storage: WeightStorage) -> String {
    let (s, t) = (storage.suffix, storage.cType)
    return """
      /* y[rows x out] = x[rows x n] . w + b. */
      static void dense_\(s)(const float *x, int rows, int n, const \(t) *w, const float *b,
                             int out, float *y)
      {
        for (int count; rows > 0; rows -= count, x += count * n, y += count * out) {
          const \(t) *panel = w;
          count = at_once(rows);
          for (int done = 0, width; done < out; done += width, panel += n * width) {
            width = panel_width(out - done);
            for (int k = 0; k < count; k++) start(b ? b + done : 0, width, y + k * out + done);
            add_\(s)(x, count, n, n, panel, width, y + done, out);
          }
        }
      }
      """
  }

  static let atOnce = """
    /* How many of the rows left are computed together. */
    static inline int at_once(int rows)
    {
    #if defined(__AVX512F__) && !defined(__OPTIMIZE_SIZE__)
      return rows >= 4 ? 4 : 1;
    #else
      (void)rows;
      return 1;
    #endif
    }
    """

  static func convolution(_ storage: WeightStorage) -> String {
    let (s, t) = (storage.suffix, storage.cType)
    return """
      /* A convolution; positions outside the image are skipped. */
      static void convolve_\(s)(const float *x, const window *a, int groups, const \(t) *w,
                                const float *b, float *y)
      {
        const int inputs = a->channels / groups, outputs = a->filters / groups;
        const int taps = a->kernel_width, patch = a->kernel_height * taps * inputs;
        const int joined = groups == 1 && a->dilation_x == 1; /* neighbours lie side by side */
        for (int row = 0; row < a->height; row++)
          for (int column = 0, count; column < a->width; column += count, y += count * a->filters) {
            const int left = column * a->stride_x - a->left;
            const \(t) *panel = w;
            count = joined && left >= 0 ? at_once(a->width - column) : 1;
            if (left + (count - 1) * a->stride_x + taps > a->image_width) count = 1;
            for (int group = 0; group < groups; group++)
              for (int done = 0, width; done < outputs; done += width, panel += patch * width) {
                float *sum = y + group * outputs + done;
                width = panel_width(outputs - done);
                for (int k = 0; k < count; k++)
                  start(b ? b + group * outputs + done : 0, width, sum + k * a->filters);
                for (int ky = 0; ky < a->kernel_height; ky++) {
                  const int iy = row * a->stride_y - a->top + ky * a->dilation_y;
                  if (iy < 0 || iy >= a->image_height) continue;
                  const float *line = x + iy * a->image_width * a->channels + group * inputs;
                  const \(t) *kernel = panel + ky * taps * inputs * width;
                  if (joined) {
                    const int first = left < 0 ? -left : 0;
                    const int last = left + taps > a->image_width ? a->image_width - left : taps;
                    if (first < last)
                      add_\(s)(line + (left + first) * inputs, count, a->stride_x * inputs,
                              (last - first) * inputs, kernel + first * inputs * width, width, sum,
                              a->filters);
                    continue;
                  }
                  for (int kx = 0; kx < taps; kx++) {
                    const int ix = left + kx * a->dilation_x;
                    if (ix < 0 || ix >= a->image_width) continue;
                    add_\(s)(line + ix * a->channels, 1, 0, inputs, kernel + kx * inputs * width,
                            width, sum, 0);
                  }
                }
              }
          }
      }
      """
  }

  static func depthwise(_ storage: WeightStorage) -> String {
    let (s, t) = (storage.suffix, storage.cType)
    return """
      /* One filter bank per channel: w[kernel_height x kernel_width x channels x multiplier]. */
      static void depthwise_\(s)(const float *x, const window *a, const \(t) *w, const float *b,
                                float *y)
      {
        const int multiplier = a->filters / a->channels;
        for (int row = 0; row < a->height; row++)
          for (int column = 0; column < a->width; column++, y += a->filters) {
            start(b, a->filters, y);
            for (int ky = 0; ky < a->kernel_height; ky++)
              for (int kx = 0; kx < a->kernel_width; kx++) {
                const int iy = row * a->stride_y - a->top + ky * a->dilation_y;
                const int ix = column * a->stride_x - a->left + kx * a->dilation_x;
                if (iy < 0 || iy >= a->image_height || ix < 0 || ix >= a->image_width) continue;
                const float *pixel = x + (iy * a->image_width + ix) * a->channels;
                const \(t) *kernel = w + (ky * a->kernel_width + kx) * a->filters;
                if (multiplier == 1) {
                  for (int j = 0; j < a->filters; j++) y[j] += pixel[j] * \(load(storage, "kernel[j]"));
                } else {
                  for (int j = 0; j < a->filters; j++)
                    y[j] += pixel[j / multiplier] * \(load(storage, "kernel[j]"));
                }
              }
          }
      }
      """
  }

  static func transposed(_ storage: WeightStorage) -> String {
    let (s, t) = (storage.suffix, storage.cType)
    return """
      /* A transposed convolution: w[kernel_height x kernel_width x filters x channels]. */
      static void spread_\(s)(const float *x, const window *a, const \(t) *w, const float *b, float *y)
      {
        for (int i = 0; i < a->height * a->width; i++) start(b, a->filters, y + i * a->filters);
        for (int row = 0; row < a->image_height; row++)
          for (int column = 0; column < a->image_width; column++, x += a->channels)
            for (int ky = 0; ky < a->kernel_height; ky++)
              for (int kx = 0; kx < a->kernel_width; kx++) {
                const int oy = row * a->stride_y - a->top + ky * a->dilation_y;
                const int ox = column * a->stride_x - a->left + kx * a->dilation_x;
                const \(t) *kernel = w + (ky * a->kernel_width + kx) * a->filters * a->channels;
                if (oy < 0 || oy >= a->height || ox < 0 || ox >= a->width) continue;
                for (int j = 0; j < a->filters; j++, kernel += a->channels) {
                  float sum = 0.0f;
                  for (int i = 0; i < a->channels; i++) sum += x[i] * \(load(storage, "kernel[i]"));
                  y[(oy * a->width + ox) * a->filters + j] += sum;
                }
              }
      }
      """
  }

  static func modeProduct(_ storage: WeightStorage) -> String {
    let (s, t) = (storage.suffix, storage.cType)
    let scales = storage == .int8 ? "const float *scale, " : ""
    let scaling =
      storage == .int8 ? "\n      for (int i = 0; i < after; i++) y[i] *= scale[j];" : ""
    return """
      /* y[before x out x after] = x[before x n x after] contracted with w[n x out]. */
      static void contract_\(s)(const float *x, int before, int n, int after, const \(t) *w,
                               \(scales)int out, float *y)
      {
        for (; before > 0; before--, x += n * after)
          for (int j = 0; j < out; j++, y += after) {
            for (int i = 0; i < after; i++) y[i] = 0.0f;
            for (int k = 0; k < n; k++) {
              const float value = \(load(storage, "w[k * out + j]"));
              for (int i = 0; i < after; i++) y[i] += value * x[k * after + i];
            }\(scaling)
          }
      }
      """
  }
}
