// Flat arrays: activations, Adam, reductions, elementary functions.

static void activate(long count, int32_t activation, const float *z, float *y) {
  const long whole = count / 16 * 16;
  activate_rows(activation, 1, whole, z, 0, y, 0);
  if (whole < count) {
    float rest[16] __attribute__((aligned(64)));
    activate_rows(activation, 1, 16, z + whole, 0, rest, 0);
    store_first(y + whole, load(rest), count - whole);
  }
}

static void activation_gradient(
    long count, int32_t activation, const float *saved, const float *dy, float *dz) {
  const long whole = count / 16 * 16;
  slope_rows(activation, 1, whole, saved, 0, dy, 0, dz, 0);
  if (whole < count) {
    float rest[16] __attribute__((aligned(64)));
    slope_rows(activation, 1, 16, saved + whole, 0, dy + whole, 0, rest, 0);
    store_first(dz + whole, load(rest), count - whole);
  }
}

static void adam(
    long count, const ck_adam_constants *constants, const float *gradient, float *value,
    float *first_moment, float *second_moment) {
  const ck_adam_constants c = *constants;
  for (long i = 0; i < count; i += 16) {
    vec16 g = load(gradient + i) * splat(c.gradient_scale);
    vec16 m = load(first_moment + i), v = load(second_moment + i), w = load(value + i);
    m = FMA(splat(c.beta1), m, splat(1 - c.beta1) * g);
    v = FMA(splat(c.beta2), v, (splat(1 - c.beta2) * g) * g);
    vec16 denominator = FMA(root(v), splat(c.inverse_root_bias2), splat(c.epsilon));
    w = FMA(splat(-c.step_size), m / denominator, w * splat(c.decay));
    if (count - i >= 16) {
      store(first_moment + i, m);
      store(second_moment + i, v);
      store(value + i, w);
    } else {
      store_first(first_moment + i, m, count - i);
      store_first(second_moment + i, v, count - i);
      store_first(value + i, w, count - i);
    }
  }
}

static void soft_update(long count, float rate, const float *source, float *target) {
  for (long i = 0; i < count; i += 16) {
    vec16 t = load(target + i);
    store_first(target + i, FMA(splat(rate), load(source + i) - t, t), count - i);
  }
}

// Four accumulators hide the latency; they are added in a fixed order before the fold.
static float sum_of_squares(long count, const float *x) {
  vec16 s0 = splat(0), s1 = s0, s2 = s0, s3 = s0;
  long i = 0;
  for (; i + 64 <= count; i += 64) {
    vec16 a = load(x + i), b = load(x + i + 16), c = load(x + i + 32), d = load(x + i + 48);
    s0 = FMA(a, a, s0);
    s1 = FMA(b, b, s1);
    s2 = FMA(c, c, s2);
    s3 = FMA(d, d, s3);
  }
  for (; i < count; i += 16) {
    vec16 a = first_lanes(load(x + i), count - i);
    s0 = FMA(a, a, s0);
  }
  return fold((s0 + s1) + (s2 + s3));
}

static float sum(long count, const float *x) {
  vec16 s0 = splat(0), s1 = s0, s2 = s0, s3 = s0;
  long i = 0;
  for (; i + 64 <= count; i += 64) {
    s0 += load(x + i);
    s1 += load(x + i + 16);
    s2 += load(x + i + 32);
    s3 += load(x + i + 48);
  }
  for (; i < count; i += 16) s0 += first_lanes(load(x + i), count - i);
  return fold((s0 + s1) + (s2 + s3));
}

INLINE vec16 elementary(int function, vec16 x) {
  switch (function) {
    case CK_EXPONENTIAL: return exponential(x);
    case CK_LOGARITHM: return logarithm(x);
    case CK_HYPERBOLIC_TANGENT: return hyperbolic_tangent(x);
    default: return sigmoid(x);
  }
}

INLINE void apply_all(int function, long count, float *x) {
  long i = 0;
  for (; i + 16 <= count; i += 16) store(x + i, elementary(function, load(x + i)));
  if (i < count) store_first(x + i, elementary(function, load(x + i)), count - i);
}

static void apply(long count, int32_t function, float *x) {
  switch (function) {
    case CK_EXPONENTIAL: apply_all(CK_EXPONENTIAL, count, x); break;
    case CK_LOGARITHM: apply_all(CK_LOGARITHM, count, x); break;
    case CK_HYPERBOLIC_TANGENT: apply_all(CK_HYPERBOLIC_TANGENT, count, x); break;
    default: apply_all(CK_SIGMOID, count, x); break;
  }
}

// Twelve independent chains are more than two units with a latency of four need.
static long multiply_adds(long rounds, float *result) {
  enum { CHAINS = 12 };
  vec sum[CHAINS];
  const vec factor = (vec)0.999f, term = (vec)0.001f;
#pragma clang loop unroll(full)
  for (int i = 0; i < CHAINS; i++) sum[i] = (vec)(float)i;
  for (long r = 0; r < rounds; r++)
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) sum[i] = FMA(sum[i], factor, term);
  *result = 0;
#pragma clang loop unroll(full)
  for (int i = 0; i < CHAINS; i++) *result += sum[i][0];
  return rounds * CHAINS * LANES * 2;
}
