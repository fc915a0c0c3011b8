// Dense layers: forward, gradient by the input and gradient by the weights.

// Outputs of so few columns are computed as dot products instead of padded tiles.
#define NARROW CK_NARROW

// y[R × N] = x · WTᵀ + bias, with every sum in 16 lanes.
INLINE void dot_block(
    const int R, const int N, long k, const float *x, long ldx, const float *wt, long ldwt,
    const float *bias, float *y, long ldy) {
  vec16 sum[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) sum[i] = splat(0);
  for (long p = 0; p < k; p += 16) {
    vec16 w[NARROW];
#pragma clang loop unroll(full)
    for (int j = 0; j < N; j++) w[j] = load(wt + j * ldwt + p);
#pragma clang loop unroll(full)
    for (int i = 0; i < R; i++) {
      vec16 element = load(x + i * ldx + p);
#pragma clang loop unroll(full)
      for (int j = 0; j < N; j++) sum[i * N + j] = FMA(element, w[j], sum[i * N + j]);
    }
  }
  if (R * N > 8) {
    float folded[16] __attribute__((aligned(64)));
    store(folded, fold_16(sum));
#pragma clang loop unroll(full)
    for (int i = 0; i < R; i++)
#pragma clang loop unroll(full)
      for (int j = 0; j < N; j++) y[i * ldy + j] = folded[i * N + j] + (bias ? bias[j] : 0);
  } else {
#pragma clang loop unroll(full)
    for (int i = 0; i < R; i++)
#pragma clang loop unroll(full)
      for (int j = 0; j < N; j++) y[i * ldy + j] = fold(sum[i * N + j]) + (bias ? bias[j] : 0);
  }
}

INLINE void dot_rows(
    const int N, long m, long k, const float *x, long ldx, const float *wt, long ldwt,
    const float *bias, float *y, long ldy) {
  const int R = DOT_BLOCK / N;
  long i = 0;
  for (; i + R <= m; i += R)
    dot_block(R, N, k, x + i * ldx, ldx, wt, ldwt, bias, y + i * ldy, ldy);
  for (; i < m; i++) dot_block(1, N, k, x + i * ldx, ldx, wt, ldwt, bias, y + i * ldy, ldy);
}

static void dense_forward(
    long m, long n, long k, const float *x, long ldx, const float *w, long ldw, const float *wt,
    long ldwt, const float *bias, int32_t activation, float *y, long ldy, float *pre, long ldpre) {
  float *sums = pre ? pre : y;
  const long ldsums = pre ? ldpre : ldy;
  if (wt && n <= NARROW) {
    switch (n) {
      case 1: dot_rows(1, m, k, x, ldx, wt, ldwt, bias, sums, ldsums); break;
      case 2: dot_rows(2, m, k, x, ldx, wt, ldwt, bias, sums, ldsums); break;
      case 3: dot_rows(3, m, k, x, ldx, wt, ldwt, bias, sums, ldsums); break;
      case 4: dot_rows(4, m, k, x, ldx, wt, ldwt, bias, sums, ldsums); break;
    }
    if (pre || activation != CK_IDENTITY)
      activate_rows(activation, m, 16, sums, ldsums, y, ldy);
    return;
  }
  const bool copies = pays_to_copy(m, n, k, COPIED_WEIGHTS);
  const bool rectifies = !copies && !pre && activation == CK_RELU;
  epilogue e = {.kind = KEEP};
  if (!rectifies && (pre || activation != CK_IDENTITY))
    e = (epilogue){
      .kind = ACTIVATE, .activation = activation, .output = y, .ldoutput = ldy,
    };
  if (copies)
    multiply_blocks(m, n, k, x, ldx, w, ldw, bias, 0, sums, ldsums, &e);
  else
    multiply(
        rectifies ? nn_rectify_tiles : nn_tiles, m, n, k, x, ldx, ldx, w, ldw, bias, 0, sums,
        ldsums, &e);
}

static void dense_backward_input(
    long m, long n, long k, const float *dy, long lddy, const float *wt, long ldwt,
    int32_t activation, const float *saved, long ldsaved, float *dx, long lddx) {
  const bool copies = pays_to_copy(m, n, k, COPIED_WEIGHTS);
  epilogue e = {.kind = KEEP};
  if (saved && activation == CK_RELU && !copies) {
    multiply(
        nn_slope_tiles, m, n, k, dy, lddy, lddy, wt, ldwt, saved, ldsaved, dx, lddx, &e);
    return;
  }
  if (saved && activation != CK_IDENTITY)
    e = (epilogue){
      .kind = MULTIPLY_BY_SLOPE, .activation = activation, .saved = saved, .ldsaved = ldsaved,
    };
  if (copies)
    multiply_blocks(m, n, k, dy, lddy, wt, ldwt, NULL, 0, dx, lddx, &e);
  else
    multiply(nn_tiles, m, n, k, dy, lddy, lddy, wt, ldwt, NULL, 0, dx, lddx, &e);
}

// Batch rows that are worked off before the next tile of dW: what the second-level cache holds.
// The chains go on through memory, so the number changes no result.
#define BATCH_BLOCK 512

static void narrow_weight_gradient(
    long m, long n, long k, const float *x, long ldx, const float *dy, long lddy, float *dw,
    long lddw, bool accumulate) {
  float transposed[NARROW * 64] __attribute__((aligned(64)));
  const long padded = (n + 15) / 16 * 16, width = TILE_VECTORS * LANES;
  for (long j = 0; j < n; j += width) {
    const long columns = padded - j < width ? padded - j : width;
    const long used = n - j < columns ? n - j : columns;
    if (accumulate)
      for (long i = 0; i < used; i++)
        for (long o = 0; o < k; o++) transposed[o * 64 + i] = dw[(j + i) * lddw + o];
    if (accumulate)
      for (long i = used; i < columns; i++)
        for (long o = 0; o < k; o++) transposed[o * 64 + i] = 0;
    tn_tiles[columns / LANES].rows[k](
        m, dy, lddy, x + j, ldx, accumulate ? transposed : NULL, 64, transposed, 64);
    for (long i = 0; i < used; i++)
      for (long o = 0; o < k; o++) dw[(j + i) * lddw + o] = transposed[o * 64 + i];
  }
}

// Four columns of vectors at a time: each sum waits for its last addition.
INLINE void column_sums_of(
    const int V, long m, const float *dy, long lddy, float *db, bool accumulate) {
  vec16 sum[4];
#pragma clang loop unroll(full)
  for (int v = 0; v < V; v++) sum[v] = accumulate ? load(db + 16 * v) : splat(0);
  for (long i = 0; i < m; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < V; v++) sum[v] += load(dy + i * lddy + 16 * v);
#pragma clang loop unroll(full)
  for (int v = 0; v < V; v++) store(db + 16 * v, sum[v]);
}

static void column_sums(
    long m, long n, const float *dy, long lddy, float *db, bool accumulate) {
  long j = 0;
  for (; j + 48 < n; j += 64) column_sums_of(4, m, dy + j, lddy, db + j, accumulate);
  for (; j < n; j += 16) column_sums_of(1, m, dy + j, lddy, db + j, accumulate);
}

static void dense_backward_weights(
    long m, long n, long k, const float *x, long ldx, const float *dy, long lddy, float *dw,
    long lddw, float *db, bool accumulate) {
  if (db) column_sums(m, k, dy, lddy, db, accumulate);
  const epilogue e = {.kind = KEEP};
  if (k > NARROW && pays_to_copy(m, n, k, COPIED_GRADIENT)) {
    multiply_transposed_blocks(
        n, k, m, x, ldx, dy, lddy, accumulate ? dw : NULL, lddw, dw, lddw);
    return;
  }
  for (long i = 0; i < m; i += BATCH_BLOCK) {
    const long rows = m - i < BATCH_BLOCK ? m - i : BATCH_BLOCK;
    const bool add = accumulate || i > 0;
    const float *xi = x + i * ldx, *dyi = dy + i * lddy;
    if (k <= NARROW)
      narrow_weight_gradient(rows, n, k, xi, ldx, dyi, lddy, dw, lddw, add);
    else
      multiply(tn_tiles, n, k, rows, xi, 1, ldx, dyi, lddy, add ? dw : NULL, lddw, dw, lddw, &e);
  }
}
