// Kernels over the rows of padded matrices: LayerNorm, gather, the diagonal Gaussian.

static void layer_norm_forward(
    long m, long n, const float *x, long ldx, const float *scale, const float *shift, float epsilon,
    float *normalized, long ldn, float *inverse_deviation, float *y, long ldy) {
  for (long i = 0; i < m; i++) {
    const float *row = x + i * ldx;
    vec16 total = splat(0), squares = splat(0);
    for (long j = 0; j < n; j += 16) total += load(row + j);
    const vec16 mean = splat(fold(total) / (float)n);
    for (long j = 0; j < n; j += 16) {
      vec16 d = first_lanes(load(row + j) - mean, n - j);
      squares = FMA(d, d, squares);
    }
    const float inverse = 1 / __builtin_sqrtf(fold(squares) / (float)n + epsilon);
    inverse_deviation[i] = inverse;
    for (long j = 0; j < n; j += 16) {
      vec16 standard = first_lanes((load(row + j) - mean) * splat(inverse), n - j);
      store(normalized + i * ldn + j, standard);
      store(y + i * ldy + j, FMA(standard, load(scale + j), load(shift + j)));
    }
  }
}

static void layer_norm_backward(
    long m, long n, const float *normalized, long ldn, const float *inverse_deviation,
    const float *scale, const float *dy, long lddy, float *dx, long lddx, float *dscale,
    float *dshift, bool accumulate) {
  for (long j = 0; dscale && dshift && j < n; j += 16) {
    vec16 by_scale = accumulate ? load(dscale + j) : splat(0);
    vec16 by_shift = accumulate ? load(dshift + j) : splat(0);
    for (long i = 0; i < m; i++) {
      vec16 g = load(dy + i * lddy + j);
      by_scale = FMA(g, load(normalized + i * ldn + j), by_scale);
      by_shift += g;
    }
    store(dscale + j, by_scale);
    store(dshift + j, by_shift);
  }
  for (long i = 0; i < m; i++) {
    const float *standard = normalized + i * ldn;
    vec16 total = splat(0), product = splat(0);
    for (long j = 0; j < n; j += 16) {
      vec16 g = load(dy + i * lddy + j) * load(scale + j);
      total += g;
      product = FMA(g, load(standard + j), product);
    }
    const vec16 mean = splat(fold(total) / (float)n), along = splat(fold(product) / (float)n);
    for (long j = 0; j < n; j += 16) {
      vec16 g = load(dy + i * lddy + j) * load(scale + j);
      vec16 centred = FMA(-load(standard + j), along, g - mean);
      store(dx + i * lddx + j, first_lanes(centred * splat(inverse_deviation[i]), n - j));
    }
  }
}

static void gather_rows(
    long count, long stride, const float *src, const int32_t *indices, float *dst) {
  for (long i = 0; i < count; i++) {
    const float *row = src + indices[i] * stride;
    for (long j = 0; j < stride; j += 16) store(dst + i * stride + j, load(row + j));
  }
}

// (action - mean) / deviation; zero in the padding, because both operands are.
INLINE vec16 standard_score(const float *action, const float *mean, const float *log_deviation) {
  return (load(action) - load(mean)) * exponential(-load(log_deviation));
}

static void gaussian_log_probability(
    long m, long n, const float *actions, long lda, const float *mean, long ldm,
    const float *log_deviation, float *out) {
  vec16 total = splat(0);
  for (long j = 0; j < n; j += 16) total += load(log_deviation + j);
  const float half_log_two_pi = 0.918938533f;
  const float constant = -fold(total) - (float)n * half_log_two_pi;
  for (long i = 0; i < m; i++) {
    vec16 squares = splat(0);
    for (long j = 0; j < n; j += 16) {
      vec16 z = standard_score(actions + i * lda + j, mean + i * ldm + j, log_deviation + j);
      squares = FMA(z, z, squares);
    }
    out[i] = -0.5f * fold(squares) + constant;
  }
}

static void gaussian_backward(
    long m, long n, const float *weights, const float *actions, long lda, const float *mean,
    long ldm, const float *log_deviation, float *dmean, long lddm, float *dlog_deviation) {
  for (long j = 0; j < n; j += 16) {
    const vec16 inverse = exponential(-load(log_deviation + j));
    vec16 by_deviation = load(dlog_deviation + j);
    for (long i = 0; i < m; i++) {
      vec16 z = (load(actions + i * lda + j) - load(mean + i * ldm + j)) * inverse;
      vec16 weight = splat(weights[i]);
      store(dmean + i * lddm + j, weight * z * inverse);
      by_deviation = FMA(weight, FMA(z, z, splat(-1)), by_deviation);
    }
    store(dlog_deviation + j, first_lanes(by_deviation, n - j));
  }
}
