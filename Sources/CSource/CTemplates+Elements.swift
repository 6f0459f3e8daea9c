import Programs

/// The functions that do not multiply by kernels.
extension CTemplates {
  static let channelsScaled = """
    /* y = y * scale + shift over the last axis. */
    static void scale_channels(float *y, int rows, int n, const float *scale, const float *shift)
    {
      for (; rows > 0; rows--, y += n)
        for (int j = 0; j < n; j++) y[j] = y[j] * scale[j] + (shift ? shift[j] : 0.0f);
    }
    """

  static let channelsShifted = """
    /* y = y + shift over the last axis. */
    static void shift_channels(float *y, int rows, int n, const float *shift)
    {
      for (; rows > 0; rows--, y += n)
        for (int j = 0; j < n; j++) y[j] += shift[j];
    }
    """

  static let exponential = """
    /* e to the power of x, to about two units in the last place: x = k ln 2 + r. */
    static inline float exponential(float x)
    {
      union { float value; uint32_t bits; } power, shifted;
      float p = 1.98756915e-4f, r, k;
      x = x < -87.3f ? -87.3f : x > 88.7f ? 88.7f : x;
      shifted.value = x * 1.44269504f + 12582912.0f; /* rounds to an integer in the low bits */
      k = shifted.value - 12582912.0f;
      r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
      p = p * r + 1.39819995e-3f;
      p = p * r + 8.33345190e-3f;
      p = p * r + 4.16657960e-2f;
      p = p * r + 1.66666655e-1f;
      p = p * r + 5.00000100e-1f;
      p = p * r * r + r + 1.0f;
      power.bits = (shifted.bits - 0x4B400000u + 126u) << 23; /* half of the power of two */
      return p * power.value * 2.0f;
    }
    """

  static let tangent = """
    static inline float tangent(float x)
    {
      const float size = x < 0.0f ? -x : x, z = x * x;
      float p = -5.70498870e-3f, far;
      if (size >= 0.625f) {
        far = 1.0f - 2.0f / (exponential(2.0f * size) + 1.0f);
        return x < 0.0f ? -far : far;
      }
      p = p * z + 2.06390890e-2f;
      p = p * z - 5.37397150e-2f;
      p = p * z + 1.33314420e-1f;
      p = p * z - 3.33332820e-1f;
      return p * z * x + x;
    }
    """

  static let softplusHelper = """
    static inline float log_one_plus_exp(float x)
    {
      return (x > 0.0f ? x : 0.0f) + log1pf(exponential(x < 0.0f ? x : -x));
    }
    """

  static let clip = """
    static inline float clip(float x, float maximum)
    {
      return x > 0.0f ? (x < maximum ? x : maximum) : 0.0f;
    }
    """

  /// An elementwise function `name(y, n)` with its expression in `v`.
  static func elementwise(_ activation: CActivation) -> String {
    """
    static void \(activation.name)(float *y, int n\(activation.parameters))
    {
      for (int i = 0; i < n; i++) {
        const float v = y[i];
        y[i] = \(activation.expression);
      }
    }
    """
  }

  static let softmax = """
    /* Softmax over rows. */
    static void softmax(float *y, int rows, int n)
    {
      for (; rows > 0; rows--, y += n) {
        float highest = y[0], sum = 0.0f;
        for (int i = 1; i < n; i++) highest = y[i] > highest ? y[i] : highest;
        for (int i = 0; i < n; i++) {
          y[i] = exponential(y[i] - highest);
          sum += y[i];
        }
        for (int i = 0; i < n; i++) y[i] *= 1.0f / sum;
      }
    }
    """

  static let logSoftmax = """
    /* The logarithm of softmax over rows. */
    static void log_softmax(float *y, int rows, int n)
    {
      for (; rows > 0; rows--, y += n) {
        float highest = y[0], sum = 0.0f;
        for (int i = 1; i < n; i++) highest = y[i] > highest ? y[i] : highest;
        for (int i = 0; i < n; i++) sum += exponential(y[i] - highest);
        sum = highest + logf(sum);
        for (int i = 0; i < n; i++) y[i] -= sum;
      }
    }
    """

  /// A pooling window over floats or codes.
  static func pool(_ kind: PoolingKind, quantized: Bool) -> String {
    let type = quantized ? "int8_t" : "float"
    let sumType = kind == .max ? type : quantized ? "int32_t" : "float"
    let take =
      kind == .max
      ? "if (!count || value > sum) sum = value;\n                count++;"
      : "sum += value;\n                count++;"
    let finish =
      kind == .max ? "sum" : quantized ? "to_code((float)sum / (float)count)" : "sum / (float)count"
    return """
      /* A pooling window; only positions inside the image count. */
      static void \(poolName(kind, quantized: quantized))(const \(type) *x, const window *a, \(type) *y)
      {
        for (int row = 0; row < a->height; row++)
          for (int column = 0; column < a->width; column++)
            for (int j = 0; j < a->channels; j++) {
              \(sumType) sum = 0;
              int count = 0;
              for (int ky = 0; ky < a->kernel_height; ky++)
                for (int kx = 0; kx < a->kernel_width; kx++) {
                  const int iy = row * a->stride_y - a->top + ky;
                  const int ix = column * a->stride_x - a->left + kx;
                  if (iy < 0 || iy >= a->image_height || ix < 0 || ix >= a->image_width) continue;
                  const \(type) value = x[(iy * a->image_width + ix) * a->channels + j];
                  \(take)
                }
              *y++ = \(finish);
            }
      }
      """
  }

  static func poolName(_ kind: PoolingKind, quantized: Bool) -> String {
    "\(kind.rawValue)_pool" + (quantized ? "_i8" : "")
  }

  static func combine(_ name: String, _ expression: String) -> String {
    """
    /* y and x combined, times a factor that averages use. */
    static void \(name)(float *y, const float *x, int n, float factor)
    {
      for (int i = 0; i < n; i++) {
        const float a = y[i], b = x[i];
        y[i] = (\(expression)) * factor;
      }
    }
    """
  }

  static func copyBox(quantized: Bool) -> String {
    let type = quantized ? "int8_t" : "float"
    return """
      /* Moves a box of elements. */
      static void move\(quantized ? "_i8" : "")(const \(type) *x, const box *a, \(type) *y)
      {
        for (int i = 0; i < a->extent[0]; i++)
          for (int j = 0; j < a->extent[1]; j++)
            for (int k = 0; k < a->extent[2]; k++)
              for (int l = 0; l < a->extent[3]; l++) {
                const \(type) *from = x + a->source_start + i * a->source[0] + j * a->source[1] +
                                    k * a->source[2] + l * a->source[3];
                \(type) *to = y + a->target_start + i * a->target[0] + j * a->target[1] +
                            k * a->target[2] + l * a->target[3];
                for (int m = 0; m < a->extent[4]; m++) to[m * a->target[4]] = from[m * a->source[4]];
              }
      }
      """
  }

  static func fill(quantized: Bool) -> String {
    let type = quantized ? "int8_t" : "float"
    return """
      static void fill\(quantized ? "_i8" : "")(\(type) *y, int n, \(type) value)
      {
        for (int i = 0; i < n; i++) y[i] = value;
      }
      """
  }

  static func copy(quantized: Bool) -> String {
    let type = quantized ? "int8_t" : "float"
    return """
      static void copy\(quantized ? "_i8" : "")(const \(type) *x, int n, \(type) *y)
      {
        for (int i = 0; i < n; i++) y[i] = x[i];
      }
      """
  }

  static func select(quantized: Bool) -> String {
    let type = quantized ? "int8_t" : "float"
    return """
      /* Picks entries of the last axis. */
      static void pick\(quantized ? "_i8" : "")(const \(type) *x, int rows, int width,
                                                const int32_t *indices, int n, \(type) *y)
      {
        for (; rows > 0; rows--, x += width, y += n)
          for (int i = 0; i < n; i++) y[i] = x[indices[i]];
      }
      """
  }

  static let prelu = """
    static void prelu(float *y, int n, const float *alpha, int period)
    {
      for (int i = 0; i < n; i++) y[i] = y[i] > 0.0f ? y[i] : alpha[i % period] * y[i];
    }
    """

  static let layerNorm = """
    /* Normalises rows to mean 0 and variance 1. */
    static void layer_norm(float *y, int rows, int n, float epsilon, const float *gamma,
                           const float *beta)
    {
      for (; rows > 0; rows--, y += n) {
        float mean = 0.0f, variance = 0.0f;
        for (int i = 0; i < n; i++) mean += y[i];
        mean /= (float)n;
        for (int i = 0; i < n; i++) variance += (y[i] - mean) * (y[i] - mean);
        variance = 1.0f / sqrtf(variance / (float)n + epsilon);
        for (int i = 0; i < n; i++)
          y[i] = (y[i] - mean) * variance * (gamma ? gamma[i] : 1.0f) + (beta ? beta[i] : 0.0f);
      }
    }
    """

  static let groupNorm = """
    /* Normalises over positions and the channels of a group. */
    static void group_norm(float *y, int positions, int channels, int groups, float epsilon,
                           const float *gamma, const float *beta)
    {
      const int size = channels / groups;
      for (int first = 0; first < channels; first += size) {
        const float count = (float)(positions * size);
        float mean = 0.0f, variance = 0.0f;
        for (int i = 0; i < positions; i++)
          for (int j = first; j < first + size; j++) mean += y[i * channels + j];
        mean /= count;
        for (int i = 0; i < positions; i++)
          for (int j = first; j < first + size; j++) {
            const float distance = y[i * channels + j] - mean;
            variance += distance * distance;
          }
        variance = 1.0f / sqrtf(variance / count + epsilon);
        for (int i = 0; i < positions; i++)
          for (int j = first; j < first + size; j++)
            y[i * channels + j] = (y[i * channels + j] - mean) * variance *
                                  (gamma ? gamma[j] : 1.0f) + (beta ? beta[j] : 0.0f);
      }
    }
    """

  static let l2Normalize = """
    /* Divides rows by their length. */
    static void normalize(float *y, int rows, int n)
    {
      for (; rows > 0; rows--, y += n) {
        float sum = 0.0f;
        for (int i = 0; i < n; i++) sum += y[i] * y[i];
        sum = 1.0f / sqrtf(sum > 1e-12f ? sum : 1e-12f);
        for (int i = 0; i < n; i++) y[i] *= sum;
      }
    }
    """
}

extension ElementwiseKind {
  /// The function's name in C.
  var cName: String {
    switch self {
    case .add: "add"
    case .subtract: "subtract"
    case .multiply: "multiply"
    case .average: "average"
    case .maximum: "maximum"
    case .minimum: "minimum"
    }
  }

  /// The combination of `a` and `b`; an average is a sum that is divided afterwards.
  var cExpression: String {
    switch self {
    case .add, .average: "a + b"
    case .subtract: "a - b"
    case .multiply: "a * b"
    case .maximum: "b > a ? b : a"
    case .minimum: "b < a ? b : a"
    }
  }
}
