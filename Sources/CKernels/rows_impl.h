// Kernels over the rows of padded matrices: LayerNorm and gather.

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
