// A block of worlds in lanes.  Included once per width; NAME adds the width to a name.

typedef float NAME(vector) __attribute__((ext_vector_type(LANES)));
typedef int NAME(mask) __attribute__((ext_vector_type(LANES)));
#define V NAME(vector)
#define M NAME(mask)

typedef struct {
  V x, y;
} NAME(vpoint);
#define P NAME(vpoint)

// The bodies that one contact of each lane belongs to.
typedef struct {
  int count, bodies[BODIES];
  // The lanes of each.
  M lanes[BODIES];
} NAME(owners);

// One contact of each lane that has as many.
typedef struct {
  NAME(owners) owners;
  bool any_one, any_two;
  V inverse_mass, inverse_inertia;
  M on, two;
  P arm[2], still[2];
  V normal_impulse[2], tangent_impulse[2], normal_mass[2], tangent_mass[2];
  P normal;
  V friction, k11, k12, k22, i11, i12, i22;
} NAME(slot);

typedef struct {
  P arm1, arm2, impulse;
  V k11, k12, k22, determinant, minus_axial, lower_room, upper_room, most, speed;
  V motor_impulse, lower_impulse, upper_impulse;
} NAME(vhinge);

// The part of a contact that pushes positions.
typedef struct {
  NAME(owners) owners;
  V inverse_mass, inverse_inertia;
  P local_center;
  M on, two, is_face_b;
  P local[2], normal, point;
} NAME(pusher);

typedef struct {
  P center[BODIES], local_center[BODIES];
  V angle[BODIES], inverse_mass[BODIES], inverse_inertia[BODIES];
  P velocity[BODIES];
  V omega[BODIES];
} NAME(block);

INLINE P NAME(vadd)(P a, P b) { return (P){a.x + b.x, a.y + b.y}; }
INLINE P NAME(vsubtract)(P a, P b) { return (P){a.x - b.x, a.y - b.y}; }
INLINE P NAME(vscale)(V s, P a) { return (P){s * a.x, s * a.y}; }
INLINE V NAME(vdot)(P a, P b) { return a.x * b.x + a.y * b.y; }
INLINE V NAME(vcross)(P a, P b) { return a.x * b.y - a.y * b.x; }
INLINE P NAME(vcross_left)(V s, P a) { return (P){-s * a.y, s * a.x}; }
INLINE V NAME(vlarger)(V a, V b) { return a > b ? a : b; }
INLINE V NAME(vsmaller)(V a, V b) { return a < b ? a : b; }
INLINE V NAME(vclamp)(V a, V low, V high) {
  return NAME(vlarger)(low, NAME(vsmaller)(a, high));
}
INLINE P NAME(vselect)(M mask, P a, P b) {
  return (P){mask ? a.x : b.x, mask ? a.y : b.y};
}
INLINE bool NAME(any)(M mask) { return __builtin_reduce_or(mask) != 0; }
#define vadd NAME(vadd)
#define vsubtract NAME(vsubtract)
#define vscale NAME(vscale)
#define vdot NAME(vdot)
#define vcross NAME(vcross)
#define vcross_left NAME(vcross_left)
#define vlarger NAME(vlarger)
#define vsmaller NAME(vsmaller)
#define vclamp NAME(vclamp)
#define vselect NAME(vselect)

INLINE void NAME(vturned)(V angle, V *sine, V *cosine) {
  union {
    V whole;
    float8 eighths[(LANES + 7) / 8];
    float each[LANES];
  } in, sines, cosines;
  in.whole = angle;
  const M far = ~(__builtin_elementwise_abs(angle) < LARGEST_ANGLE);
#if LANES < 8
  float8 few = 0, few_sines, few_cosines;
  few.lo = angle;
  sines_of_8(few, &few_sines, &few_cosines);
  sines.whole = few_sines.lo;
  cosines.whole = few_cosines.lo;
#else
  for (int i = 0; i < LANES / 8; ++i)
    sines_of_8(in.eighths[i], &sines.eighths[i], &cosines.eighths[i]);
#endif
  if (__builtin_expect(NAME(any)(far), 0))
    for (int i = 0; i < LANES; ++i)
      if (far[i]) {
        sines.each[i] = sinf(in.each[i]);
        cosines.each[i] = cosf(in.each[i]);
      }
  *sine = sines.whole;
  *cosine = cosines.whole;
}

INLINE P NAME(vrotate)(V s, V c, P v) { return (P){c * v.x - s * v.y, s * v.x + c * v.y}; }
#define vturned NAME(vturned)
#define vrotate NAME(vrotate)

// The value of each lane's body, of any if it has none; and its replacement.
INLINE V NAME(of_owner)(const NAME(owners) *o, const V *values) {
  V value = values[o->bodies[0]];
  for (int i = 1; i < o->count; ++i) value = o->lanes[i] ? values[o->bodies[i]] : value;
  return value;
}
INLINE P NAME(point_of_owner)(const NAME(owners) *o, const P *values) {
  P value = values[o->bodies[0]];
  for (int i = 1; i < o->count; ++i)
    value = vselect(o->lanes[i], values[o->bodies[i]], value);
  return value;
}
INLINE void NAME(set_owner)(const NAME(owners) *o, V *values, V value) {
  for (int i = 0; i < o->count; ++i)
    values[o->bodies[i]] = o->lanes[i] ? value : values[o->bodies[i]];
}
INLINE void NAME(set_owner_point)(const NAME(owners) *o, P *values, P value) {
  for (int i = 0; i < o->count; ++i)
    values[o->bodies[i]] = vselect(o->lanes[i], value, values[o->bodies[i]]);
}

// Notes that a lane's contact belongs to a body.
INLINE void NAME(add_owner)(NAME(owners) *o, int body, int lane) {
  int i = 0;
  while (i < o->count && o->bodies[i] != body) ++i;
  if (i == o->count) {
    o->bodies[o->count++] = body;
    o->lanes[i] = (M)0;
  }
  o->lanes[i][lane] = -1;
}

INLINE int NAME(most_constraints)(lane_world *const *worlds, int32_t count) {
  int most = 0;
  for (int lane = 0; lane < count; ++lane) {
    const int n = worlds[lane]->constraint_count;
    most = n > most ? n : most;
  }
  return most;
}

// The worlds in the lanes; lanes beyond the count hold the first world again, and are not stored.
INLINE void NAME(gather_bodies)(NAME(block) *b, lane_world *const *worlds, int32_t count) {
  for (int lane = 0; lane < LANES; ++lane) {
    const lane_world *lw = worlds[lane < count ? lane : 0];
    for (int i = 0; i < BODIES; ++i) {
      const body *from = &lw->world->bodies[i];
      b->center[i].x[lane] = from->center.x;
      b->center[i].y[lane] = from->center.y;
      b->local_center[i].x[lane] = from->local_center.x;
      b->local_center[i].y[lane] = from->local_center.y;
      b->angle[i][lane] = from->angle;
      b->inverse_mass[i][lane] = from->inverse_mass;
      b->inverse_inertia[i][lane] = from->inverse_inertia;
    }
  }
}

// Stores positions, with poses where the positions are solved.
INLINE void NAME(scatter_positions)(
    const NAME(block) *b, lane_world *const *worlds, int32_t count) {
  for (int i = 0; i < BODIES; ++i) {
    V s, c;
    vturned(b->angle[i], &s, &c);
    const P origin = vsubtract(b->center[i], vrotate(s, c, b->local_center[i]));
    for (int lane = 0; lane < count; ++lane) {
      body *to = &worlds[lane]->world->bodies[i];
      to->center = (point){b->center[i].x[lane], b->center[i].y[lane]};
      to->angle = b->angle[i][lane];
      to->pose = (pose){{origin.x[lane], origin.y[lane]}, {s[lane], c[lane]}};
    }
  }
}
