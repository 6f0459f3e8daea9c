/// The functions of int8 activations: x = (code − zero) · scale.
extension CTemplates {
  static let toCode = """
    /* The nearest code, -128 for NaN; y is in units of the result's scale, its zero point added. */
    static inline int8_t to_code(float y)
    {
      y = y > -128.0f ? (y < 127.0f ? y : 127.0f) : -128.0f;
      return (int8_t)(y < 0.0f ? y - 0.5f : y + 0.5f);
    }
    """

  /// The type of a result and how a number becomes one.
  static func result(_ isQuantized: Bool) -> (
    suffix: String, type: String, open: String, close: String
  ) {
    isQuantized ? ("i8_i8", "int8_t", "to_code(", ")") : ("i8_float", "float", "", "")
  }

  static let codePanel = """
    /* sum += (x[n] - zero) . w[n x width]; width is at most 32. */
    static inline void sum_codes(const int8_t *x, int n, int zero, const int8_t *w, const int width,
                                 int32_t *y)
    {
      int32_t sum[32];
      for (int j = 0; j < width; j++) sum[j] = y[j];
      for (int i = 0; i < n; i++, w += width) {
        const int32_t value = x[i] - zero;
        ROLLED
        for (int j = 0; j < width; j++) sum[j] += value * w[j];
      }
      for (int j = 0; j < width; j++) y[j] = sum[j];
    }

    static void add_codes(const int8_t *x, int n, int zero, const int8_t *w, int width, int32_t *y)
    {
    #ifdef __OPTIMIZE_SIZE__
      sum_codes(x, n, zero, w, width, y);
    #else
      switch (width) { /* constant widths make fast code */
      case 32: sum_codes(x, n, zero, w, 32, y); break;
      case 16: sum_codes(x, n, zero, w, 16, y); break;
      case 8: sum_codes(x, n, zero, w, 8, y); break;
      case 4: sum_codes(x, n, zero, w, 4, y); break;
      default: sum_codes(x, n, zero, w, width, y); break;
      }
    #endif
    }
    """

  static func codeDense(_ isQuantized: Bool) -> String {
    let r = result(isQuantized)
    return """
      /* y[rows x out] = (x[rows x n] - zero) . w * scale + shift. */
      static void dense_\(r.suffix)(const int8_t *x, int zero, int rows, int n, const int8_t *w,
                               const float *scale, const float *shift, int out, \(r.type) *y)
      {
        for (; rows > 0; rows--, x += n, y += out) {
          const int8_t *panel = w;
          for (int done = 0, width; done < out; done += width, panel += n * width) {
            int32_t sum[32] = {0};
            width = panel_width(out - done);
            add_codes(x, n, zero, panel, width, sum);
            for (int j = 0; j < width; j++)
              y[done + j] = \(r.open)(float)sum[j] * scale[done + j] + shift[done + j]\(r.close);
          }
        }
      }
      """
  }

  static func codeConvolution(_ isQuantized: Bool) -> String {
    let r = result(isQuantized)
    return """
      /* A convolution of codes; positions outside the image are skipped. */
      static void convolve_\(r.suffix)(const int8_t *x, int zero, const window *a, int groups,
                                  const int8_t *w, const float *scale, const float *shift, \(r.type) *y)
      {
        const int inputs = a->channels / groups, outputs = a->filters / groups;
        const int taps = a->kernel_width, patch = a->kernel_height * taps * inputs;
        for (int row = 0; row < a->height; row++)
          for (int column = 0; column < a->width; column++)
            for (int group = 0; group < groups; group++, y += outputs) {
              const int8_t *panel = w + group * patch * outputs;
              const int left = column * a->stride_x - a->left;
              for (int done = 0, width; done < outputs; done += width, panel += patch * width) {
                const int own = group * outputs + done;
                int32_t sum[32] = {0};
                width = panel_width(outputs - done);
                for (int ky = 0; ky < a->kernel_height; ky++) {
                  const int iy = row * a->stride_y - a->top + ky * a->dilation_y;
                  if (iy < 0 || iy >= a->image_height) continue;
                  const int8_t *line = x + iy * a->image_width * a->channels + group * inputs;
                  const int8_t *kernel = panel + ky * taps * inputs * width;
                  if (groups == 1 && a->dilation_x == 1) { /* neighbours lie side by side */
                    const int first = left < 0 ? -left : 0;
                    const int last = left + taps > a->image_width ? a->image_width - left : taps;
                    if (first < last)
                      add_codes(line + (left + first) * inputs, (last - first) * inputs, zero,
                                kernel + first * inputs * width, width, sum);
                    continue;
                  }
                  for (int kx = 0; kx < taps; kx++) {
                    const int ix = left + kx * a->dilation_x;
                    if (ix < 0 || ix >= a->image_width) continue;
                    add_codes(line + ix * a->channels, inputs, zero, kernel + kx * inputs * width,
                              width, sum);
                  }
                }
                for (int j = 0; j < width; j++)
                  y[done + j] = \(r.open)(float)sum[j] * scale[own + j] + shift[own + j]\(r.close);
              }
            }
      }
      """
  }

  static func codeDepthwise(_ isQuantized: Bool) -> String {
    let r = result(isQuantized)
    return """
      /* One filter bank per channel of codes. */
      static void depthwise_\(r.suffix)(const int8_t *x, int zero, const window *a, const int8_t *w,
                                   const float *scale, const float *shift, \(r.type) *y)
      {
        const int multiplier = a->filters / a->channels;
        for (int row = 0; row < a->height; row++)
          for (int column = 0; column < a->width; column++)
            for (int j = 0; j < a->filters; j++) {
              int32_t sum = 0;
              for (int ky = 0; ky < a->kernel_height; ky++)
                for (int kx = 0; kx < a->kernel_width; kx++) {
                  const int iy = row * a->stride_y - a->top + ky * a->dilation_y;
                  const int ix = column * a->stride_x - a->left + kx * a->dilation_x;
                  if (iy < 0 || iy >= a->image_height || ix < 0 || ix >= a->image_width) continue;
                  sum += (x[(iy * a->image_width + ix) * a->channels + j / multiplier] - zero) *
                         w[(ky * a->kernel_width + kx) * a->filters + j];
                }
              *y++ = \(r.open)(float)sum * scale[j] + shift[j]\(r.close);
            }
      }
      """
  }

  static func codeModeProduct(_ isQuantized: Bool) -> String {
    let r = result(isQuantized)
    return """
      /* y[before x out x after] = x[before x n x after] contracted with w[n x out]. */
      static void contract_\(r.suffix)(const int8_t *x, int zero, int before, int n, int after,
                                  const int8_t *w, const float *scale, const float *shift, int out,
                                  \(r.type) *y)
      {
        for (; before > 0; before--, x += n * after)
          for (int j = 0; j < out; j++)
            for (int i = 0; i < after; i++) {
              int32_t sum = 0;
              for (int k = 0; k < n; k++) sum += (x[k * after + i] - zero) * w[k * out + j];
              *y++ = \(r.open)(float)sum * scale[j] + shift[j]\(r.close);
            }
      }
      """
  }

  static let codeChannels = """
    /* y = (y - zero) * scale + shift over the last axis, on codes. */
    static void channels_i8(int8_t *y, int zero, int rows, int n, const float *scale,
                            const float *shift)
    {
      for (; rows > 0; rows--, y += n)
        for (int j = 0; j < n; j++) y[j] = to_code((float)(y[j] - zero) * scale[j] + shift[j]);
    }
    """

  static let lookup = """
    /* An elementwise function by table. */
    static void lookup(int8_t *y, int n, const int8_t *table)
    {
      for (int i = 0; i < n; i++) y[i] = table[y[i] + 128];
    }
    """

  static let quantize = """
    /* Codes of floats. */
    static void quantize(const float *x, int n, float units, int zero, int8_t *y)
    {
      for (int i = 0; i < n; i++) y[i] = to_code(x[i] * units + (float)zero);
    }
    """

  static let dequantize = """
    /* Floats of codes. */
    static void dequantize(const int8_t *x, int n, int zero, float scale, float *y)
    {
      for (int i = 0; i < n; i++) y[i] = (float)(x[i] - zero) * scale;
    }
    """

  /// An elementwise combination of codes in float.
  static func codeCombine(_ name: String, _ expression: String) -> String {
    """
    /* y = y and x combined, each code with its scale; the result's units are 1 ÷ scale. */
    static void \(name)_i8(int8_t *y, int y_zero, float y_scale, const int8_t *x, int x_zero,
                       float x_scale, int n, float units, int zero)
    {
      for (int i = 0; i < n; i++) {
        const float a = (float)(y[i] - y_zero) * y_scale, b = (float)(x[i] - x_zero) * x_scale;
        y[i] = to_code((\(expression)) * units + (float)zero);
      }
    }
    """
  }
}
