// Quantile regression: the Huber loss of quantiles against targets, and sorted rows.

// Lanes are quantiles and targets follow each other, so no sum crosses lanes but the total.
static float quantile_loss(
    long m, long n, long count, const float *values, long ldv, const float *targets, long ldt,
    float *gradient, long ldg) {
  const vec16 middle = {
    0.5f, 1.5f, 2.5f,  3.5f,  4.5f,  5.5f,  6.5f,  7.5f,
    8.5f, 9.5f, 10.5f, 11.5f, 12.5f, 13.5f, 14.5f, 15.5f,
  };
  const vec16 scale = splat(1 / (float)(m * n * count));
  vec16 total = splat(0);
  for (long j = 0; j < n; j += 16) {
    const vec16 fraction = (splat((float)j) + middle) / splat((float)n);
    const vec16 above = first_lanes(scale * fraction, n - j);
    const vec16 below = first_lanes(scale * (splat(1) - fraction), n - j);
    for (long i = 0; i < m; i++) {
      const vec16 value = load(values + i * ldv + j);
      vec16 loss = splat(0), slope = splat(0);
      for (long t = 0; t < count; t++) {
        vec16 error = splat(targets[i * ldt + t]) - value;
        vec16 weight = error < splat(0) ? below : above;
        vec16 bounded = at_most(at_least(error, -1), 1);
        // ½ e² within ±1 and |e| - ½ beyond.
        loss += weight * (bounded * (error - splat(0.5f) * bounded));
        slope -= weight * bounded;
      }
      total += loss;
      store(gradient + i * ldg + j, first_lanes(slope, n - j));
    }
  }
  return fold(total);
}

static int ascending(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

// Longer rows are left to the C library.
#define LONGEST_RANKED 256

// Each element's rank is the number of elements that go before it.
INLINE void sort_by_rank(long n, const float *row, float *sorted) {
  const int16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  int rank[LONGEST_RANKED] __attribute__((aligned(64)));
  for (long j = 0; j < n; j += 16) {
    const vec16 own = load(row + j);
    const int16 index = lanes + (int16)(int)j;
    int16 before = (int16)0;
    for (long o = 0; o < n; o++) {
      const vec16 other = splat(row[o]);
      before -= (other < own) | ((other == own) & ((int16)(int)o < index));
    }
    *(int16 *)(rank + j) = before;
  }
  for (long j = 0; j < n; j++) sorted[rank[j]] = row[j];
}

static void sort_rows(
    long m, long n, long kept, float *x, long ldx, float *y, long ldy) {
  float sorted[LONGEST_RANKED];
  for (long i = 0; i < m; i++) {
    float *row = x + i * ldx;
    const float *result = sorted;
    bool isOrdered = true;
    for (long j = 0; j < n; j++) isOrdered &= row[j] == row[j];
    if (isOrdered && n <= LONGEST_RANKED) {
      sort_by_rank(n, row, sorted);
    } else {
      result = row;
      if (isOrdered) qsort(row, (size_t)n, sizeof(float), ascending);
    }
    for (long j = 0; j < kept; j++) y[i * ldy + j] = isOrdered ? result[j] : __builtin_nanf("");
  }
}
