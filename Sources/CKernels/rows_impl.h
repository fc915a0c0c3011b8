// Kernels over the rows of padded matrices: LayerNorm and gather.

// Rows go four at a time: each waits long for its sums across lanes, its root and its quotient.
#define NORM_ROWS 4

INLINE void layer_norm_rows(
    const int R, long n, const float *x, long ldx, const float *scale, const float *shift,
    float epsilon, float *normalized, long ldn, float *inverse_deviation, float *y, long ldy) {
  vec16 sum[NORM_ROWS], mean[NORM_ROWS], inverse[NORM_ROWS];
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++) sum[r] = splat(0);
  for (long j = 0; j < n; j += 16)
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) sum[r] += load(x + r * ldx + j);
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++) mean[r] = splat(fold(sum[r]) / (float)n);
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++) sum[r] = splat(0);
  for (long j = 0; j < n; j += 16)
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      vec16 d = first_lanes(load(x + r * ldx + j) - mean[r], n - j);
      sum[r] = FMA(d, d, sum[r]);
    }
#pragma clang loop unroll(full)
  for (int r = 0; r < R; r++) {
    inverse_deviation[r] = 1 / __builtin_elementwise_sqrt(fold(sum[r]) / (float)n + epsilon);
    inverse[r] = splat(inverse_deviation[r]);
  }
  for (long j = 0; j < n; j += 16)
#pragma clang loop unroll(full)
    for (int r = 0; r < R; r++) {
      vec16 standard = first_lanes((load(x + r * ldx + j) - mean[r]) * inverse[r], n - j);
      store(normalized + r * ldn + j, standard);
      store(y + r * ldy + j, FMA(standard, load(scale + j), load(shift + j)));
    }
}

static void layer_norm_forward(
    long m, long n, const float *x, long ldx, const float *scale, const float *shift, float epsilon,
    float *normalized, long ldn, float *inverse_deviation, float *y, long ldy) {
  long i = 0;
  for (; i + NORM_ROWS <= m; i += NORM_ROWS)
    layer_norm_rows(
        NORM_ROWS, n, x + i * ldx, ldx, scale, shift, epsilon, normalized + i * ldn, ldn,
        inverse_deviation + i, y + i * ldy, ldy);
  for (; i < m; i++)
    layer_norm_rows(
        1, n, x + i * ldx, ldx, scale, shift, epsilon, normalized + i * ldn, ldn,
        inverse_deviation + i, y + i * ldy, ldy);
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
