// Log-probabilities, entropies and their gradients: diagonal Gaussian and categorical.

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

// The largest of the first n logits.
INLINE float largest(long n, const float *logits) {
  float result = logits[0];
  for (long j = 1; j < n; j++) result = logits[j] > result ? logits[j] : result;
  return result;
}

// Σ exp(logit - offset).  A row's padding counts as nothing.
INLINE float partition(long n, const float *logits, float offset) {
  vec16 total = splat(0);
  for (long j = 0; j < n; j += 16)
    total += first_lanes(exponential(load(logits + j) - splat(offset)), n - j);
  return fold(total);
}

// Σ p (logit - offset), the negative of which is the entropy without the normaliser.
INLINE float mean_logit(long n, const float *logits, float offset, float sum) {
  vec16 total = splat(0);
  for (long j = 0; j < n; j += 16) {
    vec16 x = load(logits + j) - splat(offset);
    total = FMA(first_lanes(exponential(x), n - j), x, total);
  }
  return fold(total) / sum;
}

// The logarithm of one number, in the bits of the vector function.
INLINE float scalar_logarithm(float x) { return logarithm(splat(x))[0]; }

static void categorical_log_probability(
    long m, long n, const float *actions, long lda, const float *logits, long ldl, float *out) {
  for (long i = 0; i < m; i++) {
    const float *row = logits + i * ldl;
    const float offset = largest(n, row);
    out[i] = row[(long)actions[i * lda]] - offset
        - scalar_logarithm(partition(n, row, offset));
  }
}

static void categorical_entropy(long m, long n, const float *logits, long ldl, float *out) {
  for (long i = 0; i < m; i++) {
    const float *row = logits + i * ldl;
    const float offset = largest(n, row), sum = partition(n, row, offset);
    out[i] = scalar_logarithm(sum) - mean_logit(n, row, offset, sum);
  }
}

// ∂ log p(choice) / ∂ logit = [choice] - p;  ∂ H / ∂ logit = -p (log p + H), and there the
// normaliser cancels: log p + H = (logit - offset) - Σ p (logit - offset).
static void categorical_backward(
    long m, long n, const float *weights, float entropy_weight, const float *actions, long lda,
    const float *logits, long ldl, float *dlogits, long lddl) {
  for (long i = 0; i < m; i++) {
    const float *row = logits + i * ldl;
    float *gradient = dlogits + i * lddl;
    const float offset = largest(n, row), sum = partition(n, row, offset);
    const float mean = entropy_weight == 0 ? 0 : mean_logit(n, row, offset, sum);
    for (long j = 0; j < n; j += 16) {
      vec16 x = load(row + j) - splat(offset);
      vec16 p = exponential(x) / splat(sum);
      vec16 slope = splat(weights[i]);
      if (entropy_weight != 0) slope = FMA(splat(entropy_weight), x - splat(mean), slope);
      store(gradient + j, first_lanes(-p * slope, n - j));
    }
    gradient[(long)actions[i * lda]] += weights[i];
  }
}
