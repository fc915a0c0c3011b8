// Vector types, lane reductions and elementary functions.

// Vectors pass between functions only where those are inlined, so their calling convention is moot.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

// The unit of elementwise work and of reductions, whatever the register width.
typedef float vec16 __attribute__((ext_vector_type(16)));
typedef int int16 __attribute__((ext_vector_type(16)));

#if CK_FUSED
#define FMA(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#else
#define FMA(a, b, c) ((a) * (b) + (c))
#endif

INLINE vec16 splat(float x) { return (vec16)x; }
INLINE vec16 load(const float *p) { return *(const vec16 *)p; }
INLINE void store(float *p, vec16 x) { *(vec16 *)p = x; }
INLINE vec16 root(vec16 x) { return __builtin_elementwise_sqrt(x); }
INLINE vec16 as_float(int16 x) { return (vec16)x; }
INLINE int16 as_int(vec16 x) { return (int16)x; }

// Comparisons are written so that a NaN comes through: the loss must see it.
INLINE vec16 at_most(vec16 x, float limit) { return x > splat(limit) ? splat(limit) : x; }
INLINE vec16 at_least(vec16 x, float limit) { return x < splat(limit) ? splat(limit) : x; }

// x in the first n lanes and zero behind.
INLINE vec16 first_lanes(vec16 x, long n) {
  const int16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lane < (int16)(int)n ? x : splat(0);
}

// Stores the first n lanes and keeps what is behind them.
INLINE void store_first(float *p, vec16 x, long n) {
  const int16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  store(p, lane < (int16)(int)n ? x : load(p));
}

// Folds the 16 lanes of each of two vectors to 8: i with i + 8.
INLINE vec16 fold8(vec16 a, vec16 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
      + __builtin_shufflevector(
             a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

// Folds groups of 8 lanes to 4.
INLINE vec16 fold4(vec16 a, vec16 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
      + __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

// Folds groups of 4 lanes to 2.
INLINE vec16 fold2(vec16 a, vec16 b) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29)
      + __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
}

// Folds groups of 2 lanes to 1.
INLINE vec16 fold1(vec16 a, vec16 b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
      + __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

// The sums of 16 vectors, one per lane.
INLINE vec16 fold_16(const vec16 v[16]) {
  vec16 a[8], b[4];
  for (int i = 0; i < 8; i++) a[i] = fold8(v[2 * i], v[2 * i + 1]);
  for (int i = 0; i < 4; i++) b[i] = fold4(a[2 * i], a[2 * i + 1]);
  return fold1(fold2(b[0], b[1]), fold2(b[2], b[3]));
}

// The sum of one vector, in the same order as `fold_16`.
INLINE float fold(vec16 v) {
  typedef float vec8 __attribute__((ext_vector_type(8)));
  typedef float vec4 __attribute__((ext_vector_type(4)));
  vec8 e = v.lo + v.hi;
  vec4 q = e.lo + e.hi;
  return (q[0] + q[2]) + (q[1] + q[3]);
}

// e^r - 1 for |r| ≤ ln 2 / 2; relative error of 1 + the result: 3e-9 before rounding.
INLINE vec16 exponential_remainder(vec16 r) {
  vec16 p = FMA(splat(0.0013814163394272327f), r, splat(0.008368898183107376f));
  p = FMA(p, r, splat(0.04166840761899948f));
  p = FMA(p, r, splat(0.1666651964187622f));
  p = FMA(p, r, splat(0.4999999403953552f));
  return FMA(p * r, r, r);
}

// Splits x into n ln 2 + r; returns r and 2^n as two factors, so that the ends of the range
// overflow to infinity and underflow through the denormals to zero.
INLINE vec16 exponential_split(vec16 x, vec16 *first, vec16 *second) {
  const float magic = 12582912.0f;  // 1.5 · 2^23: adding it rounds to an integer
  vec16 shifted = FMA(x, splat(1.44269504f), splat(magic));
  vec16 n = shifted - splat(magic);
  int16 whole = as_int(shifted) - as_int(splat(magic));
  int16 half = whole >> 1;
  *first = as_float((half + 127) << 23);
  *second = as_float((whole - half + 127) << 23);
  return FMA(n, splat(-1.42860677e-6f), FMA(n, splat(-0.693145752f), x));
}

INLINE vec16 exponential(vec16 x) {
  vec16 first, second;
  vec16 r = exponential_split(at_least(at_most(x, 89.0f), -105.0f), &first, &second);
  return (exponential_remainder(r) + splat(1)) * first * second;
}

// e^x - 1 without cancellation, for x ≤ 0.
INLINE vec16 exponential_minus_one(vec16 x) {
  vec16 first, second;
  vec16 r = exponential_split(at_least(x, -20.0f), &first, &second);
  vec16 scale = first * second;
  return FMA(exponential_remainder(r), scale, scale - splat(1));
}

INLINE vec16 sigmoid(vec16 x) { return splat(1) / (splat(1) + exponential(-x)); }

// x P(x²) / Q(x²), fitted to relative error 1e-8 on |x| ≤ 8.4; beyond, 1 - tanh < 1.1e-7.
INLINE vec16 hyperbolic_tangent(vec16 x) {
  x = at_least(at_most(x, 8.4f), -8.4f);
  vec16 t = x * x;
  vec16 p = FMA(splat(1.4457653740862497e-08f), t, splat(2.137962837878149e-05f));
  vec16 q = FMA(splat(8.219879532589403e-07f), t, splat(0.00033614126732572913f));
  p = FMA(p, t, splat(0.0035416085738688707f));
  q = FMA(q, t, splat(0.02605140581727028f));
  p = FMA(p, t, splat(0.1341957151889801f));
  q = FMA(q, t, splat(0.46752896904945374f));
  p = FMA(p, t, splat(1));
  q = FMA(q, t, splat(1));
  return x * p / q;
}

// log x = e ln 2 + log(m) with m in [√½, √2), and log(m) = 2s + s³ R(s²), s = (m - 1) / (m + 1).
INLINE vec16 logarithm(vec16 x) {
  int16 tiny = x < splat(FLT_MIN);
  vec16 scaled = tiny ? x * splat(0x1p23f) : x;
  const int root_half = 0x3f3504f3;
  int16 shifted = as_int(scaled) - root_half;
  vec16 e = __builtin_convertvector(shifted >> 23, vec16) - (tiny ? splat(23) : splat(0));
  vec16 f = as_float((shifted & 0x7fffff) + root_half) - splat(1);
  vec16 s = f / (f + splat(2));
  vec16 z = s * s;
  vec16 r = FMA(splat(0.2987109124660492f), z, splat(0.3997756838798523f));
  r = FMA(r, z, splat(0.6666677594184875f)) * z;
  // f - s (f - r) equals 2s + s r, with the large term exact.
  vec16 m = FMA(s, r - f, f);
  vec16 y = FMA(e, splat(0.693145752f), FMA(e, splat(1.42860677e-6f), m));
  y = x > splat(0) ? y : (x == splat(0) ? splat(-__builtin_inff()) : splat(__builtin_nanf("")));
  return x == splat(__builtin_inff()) ? x : (x != x ? x : y);
}

INLINE vec16 activation_value(int activation, vec16 z) {
  switch (activation) {
    case CK_TANH: return hyperbolic_tangent(z);
    case CK_RELU: return z < splat(0) ? splat(0) : z;
    case CK_ELU: return z <= splat(0) ? exponential_minus_one(z) : z;
    case CK_SILU: return z * sigmoid(z);
    default: return z;
  }
}

// The derivative by z from what was saved: z for SiLU, act(z) for all others.
INLINE vec16 activation_slope(int activation, vec16 saved) {
  switch (activation) {
    case CK_TANH: return FMA(-saved, saved, splat(1));
    case CK_RELU: return saved > splat(0) ? splat(1) : splat(0);
    case CK_ELU: return saved > splat(0) ? splat(1) : saved + splat(1);
    case CK_SILU: {
      vec16 s = sigmoid(saved);
      return s * FMA(saved, splat(1) - s, splat(1));
    }
    default: return splat(1);
  }
}
