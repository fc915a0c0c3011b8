// Vector types, and sines and cosines.  Included once per instruction set.

// Vectors pass between functions only where those are inlined, so their calling convention is moot.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float float8 __attribute__((ext_vector_type(8)));
typedef double double8 __attribute__((ext_vector_type(8)));
typedef int int8 __attribute__((ext_vector_type(8)));
typedef long long8 __attribute__((ext_vector_type(8)));

// Below this the vector code has the bits of glibc's, whether that fuses products or not.
#define LARGEST_ANGLE 16.0f

// The numbers of glibc's sincosf, in double precision: reduction by multiples of π/2, then a polynomial
// each.
INLINE void sines_of_8(float8 angle, float8 *sine, float8 *cosine) {
  const double8 x = __builtin_convertvector(angle, double8);
  const double8 scaled = x * 0x1.45F306DC9C883p+23;
  const int8 quarter = (__builtin_convertvector(scaled, int8) + 0x800000) >> 24;
  const double8 r = x - __builtin_convertvector(quarter, double8) * 0x1.921FB54442D18p0;
  const double8 r2 = r * r, r4 = r2 * r2;
  const double8 r3 = r2 * r;
  const double8 cos2 = -0x1.6c087e89a359dp-10 + r2 * 0x1.99343027bf8c3p-16;
  const double8 sin1 = 0x1.1107605230bc4p-7 + r2 * -0x1.994eb3774cf24p-13;
  const double8 cos1 = 1.0 + r2 * -0x1.ffffffd0c621cp-2;
  const double8 r5 = r3 * r2, r6 = r4 * r2;
  const double8 s = (r + r3 * -0x1.555545995a603p-3) + r5 * sin1;
  const double8 c = (cos1 + r4 * 0x1.55553e1068f19p-5) + r6 * cos2;
  float8 first = __builtin_convertvector(s, float8), second = __builtin_convertvector(c, float8);
  // Zeros keep their sign, and tiny angles are their own sines.
  const int8 tiny = (int8)__builtin_elementwise_abs(angle) < 0x39800000;
  first = tiny ? angle : first;
  const int8 odd = (quarter & 1) != 0;
  const float8 sines = odd ? second : first, cosines = odd ? first : second;
  // Sines change sign in the third and fourth quarter, cosines in the second and third.
  *sine = (float8)((int8)sines ^ ((quarter & 2) << 30));
  *cosine = (float8)((int8)cosines ^ (((quarter + 1) & 2) << 30));
}

static void sines_and_cosines(
    int32_t count, const float *angles, float *sines, float *cosines) {
  for (int32_t i = 0; i < count; i += 8) {
    float8 angle = 0, sine, cosine;
    const int32_t n = count - i < 8 ? count - i : 8;
    for (int32_t k = 0; k < n; ++k) angle[k] = angles[i + k];
    sines_of_8(angle, &sine, &cosine);
    for (int32_t k = 0; k < n; ++k) {
      const bool fits = fabsf(angle[k]) < LARGEST_ANGLE;
      sines[i + k] = fits ? sine[k] : sinf(angle[k]);
      cosines[i + k] = fits ? cosine[k] : cosf(angle[k]);
    }
  }
}

// MARK: Lidar

typedef float float16 __attribute__((ext_vector_type(16)));
typedef int int16 __attribute__((ext_vector_type(16)));

INLINE bool any16(int16 mask) { return __builtin_reduce_or(mask) != 0; }

// Rays are the lanes.  A ray leaves out edges that it has passed, as `cb2_cast_fan` does.
static void cast_fan(
    const world *w, point origin, const double *offsets, int32_t count, float *fractions) {
  const int32_t edges = w->column_count - 1;
  const float spacing = w->columns[1].x - w->columns[0].x, first_x = w->columns[0].x;
  const float column = floorf((origin.x - first_x) / spacing) - 1;
  const int32_t first = column > 0 ? (int32_t)(column < (float)edges ? column : (float)edges) : 0;

  float16 end_x = 0, end_y = 0;
  int16 last = 0, live = 0;
  int32_t furthest = first;
  for (int32_t i = 0; i < count; ++i) {
    end_x[i] = (float)((double)origin.x + offsets[2 * i]);
    end_y[i] = (float)((double)origin.y + offsets[2 * i + 1]);
    const float reach = end_x[i] - first_x + spacing;
    int32_t end = first;
    // The condition is monotonic, so a ray that reaches further begins where the last one ended.
    if (furthest > end && (float)(furthest - 1) * spacing <= reach) end = furthest;
    while (end < edges && (float)end * spacing <= reach) ++end;
    last[i] = end;
    live[i] = -1;
    furthest = end > furthest ? end : furthest;
  }
  const float16 x1 = origin.x + 0.0f * origin.y, y1 = -0.0f * origin.x + origin.y;
  const float16 dx = (end_x + 0.0f * end_y) - x1, dy = (-0.0f * end_x + end_y) - y1;
  float16 fraction = 1;
  for (int32_t edge = first; edge < furthest; ++edge) {
    const int16 open = live & (last > edge);
    if (!any16(open)) break;
    const point v1 = w->columns[edge], v2 = w->columns[edge + 1], n = w->edge_normals[edge];
    const float16 numerator = n.x * (v1.x - x1) + n.y * (v1.y - y1);
    const float16 denominator = n.x * dx + n.y * dy;
    const float16 t = numerator / denominator;
    const point r = subtract(v2, v1);
    const float rr = dot(r, r);
    const float16 qx = x1 + t * dx, qy = y1 + t * dy;
    const float16 s = ((qx - v1.x) * r.x + (qy - v1.y) * r.y) / rr;
    const int16 hit = open & (denominator != 0) & ~((t < 0) | (fraction < t))
        & ~((s < 0) | (1.0f < s));
    if (!any16(hit)) continue;
    fraction = hit ? t : fraction;
    last = (hit & (last > edge + 2)) ? (int16)(edge + 2) : last;
  }
  for (int32_t k = 0; k < w->obstacle_count; ++k) {
    const obstacle *o = &w->obstacles[k];
    if (o->right < origin.x) continue;
    int16 open = live & ~(o->left > end_x);
    if (!any16(open)) continue;
    float16 lower = 0, upper = fraction;
    int16 entered = 0;
    for (int32_t i = 0; i < o->count; ++i) {
      const point n = o->normals[i], v = o->vertices[i];
      const float16 numerator = n.x * (v.x - x1) + n.y * (v.y - y1);
      const float16 denominator = n.x * dx + n.y * dy;
      const float16 t = numerator / denominator;
      const int16 parallel = denominator == 0;
      open &= ~(parallel & (numerator < 0));
      const int16 enters = ~parallel & (denominator < 0) & (numerator < lower * denominator);
      const int16 leaves =
          ~parallel & ~enters & (denominator > 0) & (numerator < upper * denominator);
      lower = enters ? t : lower;
      upper = leaves ? t : upper;
      entered |= enters;
      open &= ~(upper < lower);
    }
    fraction = (open & entered) ? lower : fraction;
  }
  for (int32_t i = 0; i < count; ++i) fractions[i] = fraction[i];
}
