// Times of impact: Box2D's conservative advancement, and the sub-steps after each impact.
#include <string.h>

#include "apart.h"
#include "island.h"

// MARK: Distance

typedef struct {
  const point *vertices;
  int32_t count;
} proxy;

typedef struct {
  point a, b, w;
  float weight;
  int32_t index_a, index_b;
} vertex;

typedef struct {
  float metric;
  int32_t count, index_a[3], index_b[3];
} cache;

static int32_t support(const proxy *p, point direction) {
  int32_t best = 0;
  float value = dot(p->vertices[0], direction);
  for (int32_t i = 1; i < p->count; ++i) {
    const float candidate = dot(p->vertices[i], direction);
    if (candidate > value) {
      best = i;
      value = candidate;
    }
  }
  return best;
}

static void set_vertex(
    vertex *v, const proxy *pa, pose ta, const proxy *pb, pose tb, int32_t a, int32_t b) {
  v->index_a = a;
  v->index_b = b;
  v->a = place(ta, pa->vertices[a]);
  v->b = place(tb, pb->vertices[b]);
  v->w = subtract(v->b, v->a);
}

static float metric_of(const vertex *v, int32_t count) {
  if (count == 2) return distance(v[0].w, v[1].w);
  if (count == 3) return cross(subtract(v[1].w, v[0].w), subtract(v[2].w, v[0].w));
  return 0;
}

static void keep_one(vertex *v, int32_t *count, int32_t index) {
  v[index].weight = 1;
  v[0] = v[index];
  *count = 1;
}

// Keeps the vertices at `first` and `second`, with their unscaled weights.
static void keep_two(
    vertex *v, int32_t *count, int32_t first, int32_t second, float weight1, float weight2) {
  const float inverse = 1.0f / (weight1 + weight2);
  v[first].weight = weight1 * inverse;
  v[second].weight = weight2 * inverse;
  // The third takes the place of the one that goes.
  if (first == 1) v[0] = v[2];
  else if (second == 2) v[1] = v[2];
  *count = 2;
}

static void solve_two(vertex *v, int32_t *count) {
  const point e = subtract(v[1].w, v[0].w);
  const float second = -dot(v[0].w, e);
  if (second <= 0) return keep_one(v, count, 0);
  const float first = dot(v[1].w, e);
  if (first <= 0) return keep_one(v, count, 1);
  keep_two(v, count, 0, 1, first, second);
}

static void solve_three(vertex *v, int32_t *count) {
  const point w1 = v[0].w, w2 = v[1].w, w3 = v[2].w;
  const point e12 = subtract(w2, w1), e13 = subtract(w3, w1), e23 = subtract(w3, w2);
  const float d12_1 = dot(w2, e12), d12_2 = -dot(w1, e12);
  const float d13_1 = dot(w3, e13), d13_2 = -dot(w1, e13);
  const float d23_1 = dot(w3, e23), d23_2 = -dot(w2, e23);
  const float n = cross(e12, e13);
  const float d1 = n * cross(w2, w3), d2 = n * cross(w3, w1), d3 = n * cross(w1, w2);
  if (d12_2 <= 0 && d13_2 <= 0) return keep_one(v, count, 0);
  if (d12_1 > 0 && d12_2 > 0 && d3 <= 0) return keep_two(v, count, 0, 1, d12_1, d12_2);
  if (d13_1 > 0 && d13_2 > 0 && d2 <= 0) return keep_two(v, count, 0, 2, d13_1, d13_2);
  if (d12_1 <= 0 && d23_2 <= 0) return keep_one(v, count, 1);
  if (d13_1 <= 0 && d23_1 <= 0) return keep_one(v, count, 2);
  if (d23_1 > 0 && d23_2 > 0 && d1 <= 0) return keep_two(v, count, 1, 2, d23_1, d23_2);
  const float inverse = 1.0f / (d1 + d2 + d3);
  v[0].weight = d1 * inverse;
  v[1].weight = d2 * inverse;
  v[2].weight = d3 * inverse;
  *count = 3;
}

static point search_direction(const vertex *v, int32_t count) {
  if (count == 1) return negate(v[0].w);
  const point e = subtract(v[1].w, v[0].w);
  return cross(e, negate(v[0].w)) > 0 ? cross_left(1.0f, e) : cross_right(e, 1.0f);
}

static float separation_distance(
    cache *c, const proxy *pa, pose ta, const proxy *pb, pose tb) {
  vertex v[3];
  int32_t count = c->count;
  for (int32_t i = 0; i < count; ++i) {
    set_vertex(&v[i], pa, ta, pb, tb, c->index_a[i], c->index_b[i]);
    v[i].weight = 0;
  }
  if (count > 1) {
    const float before = c->metric, now = metric_of(v, count);
    if (now < 0.5f * before || 2.0f * before < now || now < EPSILON) count = 0;
  }
  if (count == 0) {
    set_vertex(&v[0], pa, ta, pb, tb, 0, 0);
    v[0].weight = 1;
    count = 1;
  }
  for (int32_t iteration = 0; iteration < 20; ++iteration) {
    const int32_t saved = count;
    int32_t saved_a[3], saved_b[3];
    for (int32_t i = 0; i < saved; ++i) {
      saved_a[i] = v[i].index_a;
      saved_b[i] = v[i].index_b;
    }
    if (count == 2) solve_two(v, &count);
    else if (count == 3) solve_three(v, &count);
    if (count == 3) break;
    const point d = search_direction(v, count);
    if (dot(d, d) < EPSILON * EPSILON) break;
    const int32_t a = support(pa, unrotate(ta.q, negate(d)));
    const int32_t b = support(pb, unrotate(tb.q, d));
    set_vertex(&v[count], pa, ta, pb, tb, a, b);
    bool repeats = false;
    for (int32_t i = 0; i < saved; ++i) repeats |= a == saved_a[i] && b == saved_b[i];
    if (repeats) break;
    ++count;
  }
  c->metric = metric_of(v, count);
  c->count = count;
  for (int32_t i = 0; i < count; ++i) {
    c->index_a[i] = v[i].index_a;
    c->index_b[i] = v[i].index_b;
  }
  if (count == 1) return distance(v[0].a, v[0].b);
  if (count == 3) return 0;
  const point a = add(scale(v[0].weight, v[0].a), scale(v[1].weight, v[1].a));
  const point b = add(scale(v[0].weight, v[0].b), scale(v[1].weight, v[1].b));
  return distance(a, b);
}

// MARK: Time of impact

typedef struct {
  point local_center, center0, center;
  float angle0, angle;
} sweep;

// The static body does not move, but its pose is mixed as that of any other.
static pose pose_at(const sweep *s, float beta) {
  const point center = add(scale(1.0f - beta, s->center0), scale(beta, s->center));
  return pose_of(center, (1.0f - beta) * s->angle0 + beta * s->angle, s->local_center);
}

typedef struct {
  enum { POINTS, FACE_A, FACE_B } type;
  const proxy *pa, *pb;
  const sweep *sweep;
  point axis, local;
} separation;

static void separation_set(
    separation *f, const cache *c, const proxy *pa, const proxy *pb, const sweep *s, float t) {
  *f = (separation){.pa = pa, .pb = pb, .sweep = s};
  const pose ta = IDENTITY, tb = pose_at(s, t);
  if (c->count == 1) {
    f->type = POINTS;
    const point a = place(ta, pa->vertices[c->index_a[0]]);
    f->axis = subtract(place(tb, pb->vertices[c->index_b[0]]), a);
    normalize(&f->axis);
    return;
  }
  f->type = c->index_a[0] == c->index_a[1] ? FACE_B : FACE_A;
  const bool on_b = f->type == FACE_B;
  const proxy *face = on_b ? pb : pa;
  const int32_t *indices = on_b ? c->index_b : c->index_a;
  const point first = face->vertices[indices[0]], second = face->vertices[indices[1]];
  f->axis = cross_right(subtract(second, first), 1.0f);
  normalize(&f->axis);
  const point normal = rotate(on_b ? tb.q : ta.q, f->axis);
  f->local = scale(0.5f, add(first, second));
  const point on_face = place(on_b ? tb : ta, f->local);
  const point other =
      on_b ? place(ta, pa->vertices[c->index_a[0]]) : place(tb, pb->vertices[c->index_b[0]]);
  if (dot(subtract(other, on_face), normal) < 0) f->axis = negate(f->axis);
}

static float separation_evaluate(const separation *f, int32_t a, int32_t b, float t) {
  const pose ta = IDENTITY, tb = pose_at(f->sweep, t);
  if (f->type == POINTS)
    return dot(subtract(place(tb, f->pb->vertices[b]), place(ta, f->pa->vertices[a])), f->axis);
  if (f->type == FACE_A)
    return dot(
        subtract(place(tb, f->pb->vertices[b]), place(ta, f->local)), rotate(ta.q, f->axis));
  return dot(subtract(place(ta, f->pa->vertices[a]), place(tb, f->local)), rotate(tb.q, f->axis));
}

static float separation_least(const separation *f, int32_t *a, int32_t *b, float t) {
  const pose ta = IDENTITY, tb = pose_at(f->sweep, t);
  *a = *b = -1;
  if (f->type == POINTS) {
    *a = support(f->pa, unrotate(ta.q, f->axis));
    *b = support(f->pb, unrotate(tb.q, negate(f->axis)));
  } else if (f->type == FACE_A) {
    *b = support(f->pb, unrotate(tb.q, negate(rotate(ta.q, f->axis))));
  } else {
    *a = support(f->pa, unrotate(ta.q, negate(rotate(tb.q, f->axis))));
  }
  return separation_evaluate(f, *a, *b, t);
}

// Whether and when two touch, in the fraction of the sweep that is left.
static bool time_of_impact(const proxy *pa, const proxy *pb, sweep s, float *time) {
  const float turn = 2.0f * PI, turns = turn * floorf(s.angle0 / turn);
  s.angle0 -= turns;
  s.angle -= turns;
  const float target = larger(LINEAR_SLOP, RADIUS + RADIUS - 3.0f * LINEAR_SLOP);
  const float tolerance = 0.25f * LINEAR_SLOP;
  cache c = {.count = 0};
  float t1 = 0;
  for (int32_t iteration = 0; iteration < 20; ++iteration) {
    const float d = separation_distance(&c, pa, IDENTITY, pb, pose_at(&s, t1));
    *time = t1;
    if (d <= 0) return false;
    if (d < target + tolerance) return true;
    separation f;
    separation_set(&f, &c, pa, pb, &s, t1);
    float t2 = 1;
    for (int32_t push = 0; push < VERTICES; ++push) {
      int32_t a, b;
      float s2 = separation_least(&f, &a, &b, t2);
      if (s2 > target + tolerance) return false;
      if (s2 > target - tolerance) {
        t1 = t2;
        break;
      }
      float s1 = separation_evaluate(&f, a, b, t1);
      if (s1 < target - tolerance) return false;
      if (s1 <= target + tolerance) return true;
      float a1 = t1, a2 = t2;
      for (int32_t root = 0; root < 50; ++root) {
        const float t =
            root & 1 ? a1 + (target - s1) * (a2 - a1) / (s2 - s1) : 0.5f * (a1 + a2);
        const float at = separation_evaluate(&f, a, b, t);
        if (magnitude(at - target) < tolerance) {
          t2 = t;
          break;
        }
        if (at > target) {
          a1 = t;
          s1 = at;
        } else {
          a2 = t;
          s2 = at;
        }
      }
    }
  }
  return false;
}

// MARK: Impacts of a step

INLINE void body_advance_sweep(body *b, float alpha) {
  const float beta = (alpha - b->alpha0) / (1.0f - b->alpha0);
  b->center0 = add(b->center0, scale(beta, subtract(b->center, b->center0)));
  b->angle0 += beta * (b->angle - b->angle0);
  b->alpha0 = alpha;
}

static void body_advance(body *b, float alpha) {
  body_advance_sweep(b, alpha);
  b->center = b->center0;
  b->angle = b->angle0;
  synchronize_pose(b);
}

static bool impact_is_impossible(const world *w, const contact *c) {
  const body *b = &w->bodies[c->body];
  // A vertex leaves the straight line between its ends by at most the arc's sagitta.
  const float turn = b->angle - b->angle0;
  const float margin = IMPACT_MARGIN + w->reach[c->body] * (turn * turn) * 0.125f;
  return surely_apart(w, &b->before, &b->now, w->shapes[c->body].count, c->leaf, margin);
}

static bool contact_impact(const world *w, const contact *c, float *time) {
  const body *b = &w->bodies[c->body];
  const polygon *shape = &w->shapes[c->body];
  const sweep s = {b->local_center, b->center0, b->center, b->angle0, b->angle};
  const proxy moving = {shape->vertices, shape->count};
  proxy still;
  if (c->leaf < w->obstacle_count)
    still = (proxy){w->obstacles[c->leaf].vertices, w->obstacles[c->leaf].count};
  else
    still = (proxy){&w->columns[c->leaf - w->obstacle_count], 2};
  return time_of_impact(&still, &moving, s, time);
}

static float impact_alpha(world *w, const contact *c) {
  body *b = &w->bodies[c->body];
  float *static_alpha0 = &w->static_alpha0[static_body(w, c->leaf)];
  float alpha0 = *static_alpha0;
  if (*static_alpha0 < b->alpha0) {
    alpha0 = *static_alpha0 = b->alpha0;
  } else if (b->alpha0 < *static_alpha0) {
    body_advance_sweep(b, alpha0);
    outline_set(
        &b->before, &w->shapes[c->body], pose_of(b->center0, b->angle0, b->local_center));
  }
  float time = 1;
  if (impact_is_impossible(w, c)) {
    ++counts.impacts_skipped;
    if (checks_shortcuts && contact_impact(w, c, &time)) ++counts.wrong;
    return 1;
  }
  ++counts.impacts_computed;
  if (!contact_impact(w, c, &time)) return 1;
  return smaller(alpha0 + (1.0f - alpha0) * time, 1.0f);
}

// Finds the first impact, and of equal ones the first in the list.
static contact *first_impact(world *w, float *alpha) {
  contact *first = NULL;
  *alpha = 1;
  for (int32_t i = 0; i < w->contact_count; ++i) {
    contact *c = &w->contacts[i];
    if (!c->enabled || c->impact_count > 8) continue;
    if (!c->has_impact) {
      if (!w->bodies[c->body].awake) continue;
      c->impact = impact_alpha(w, c);
      c->has_impact = true;
    }
    if (c->impact < *alpha) {
      first = c;
      *alpha = c->impact;
    }
  }
  return first;
}

// Collects the contacts of the body that hit something, beginning with that one.
static int32_t impact_contacts(world *w, contact *first, float alpha, contact **contacts) {
  bool static_in_island[CL_OBSTACLES + 1] = {false};
  int32_t count = 0;
  contacts[count++] = first;
  static_in_island[static_body(w, first->leaf)] = true;
  for (int32_t i = 0; i < w->contact_count && count < IMPACT_CONTACTS; ++i) {
    contact *c = &w->contacts[i];
    if (c->body != first->body || c == first) continue;
    const int32_t other = static_body(w, c->leaf);
    const float before = w->static_alpha0[other];
    if (!static_in_island[other]) w->static_alpha0[other] = alpha;
    contact_update(w, c);
    if (!c->touching) {
      w->static_alpha0[other] = before;
      continue;
    }
    contacts[count++] = c;
    static_in_island[other] = true;
  }
  return count;
}

void impacts_begin(world *w) {
  for (int32_t i = 0; i < BODIES; ++i) w->bodies[i].alpha0 = 0;
  memset(w->static_alpha0, 0, sizeof w->static_alpha0);
  for (int32_t i = 0; i < w->contact_count; ++i) {
    w->contacts[i].has_impact = false;
    w->contacts[i].impact_count = 0;
  }
}

bool impacts_next(world *w, impact *next) {
  for (;;) {
    float alpha;
    contact *c = first_impact(w, &alpha);
    if (c == NULL || 1.0f - 10.0f * EPSILON < alpha) return false;
    const int32_t other = static_body(w, c->leaf);
    body *b = &w->bodies[c->body];
    const body body_before = *b;
    const float static_before = w->static_alpha0[other];
    body_advance(b, alpha);
    w->static_alpha0[other] = alpha;
    contact_update(w, c);
    c->has_impact = false;
    ++c->impact_count;
    if (c->touching) {
      wake(b);
      contact *contacts[IMPACT_CONTACTS];
      const int32_t count = impact_contacts(w, c, alpha, contacts);
      impact_prepare(next, w, contacts, count, (1.0f - alpha) * w->model->seconds);
      return true;
    }
    c->enabled = false;
    b->center = body_before.center;
    b->center0 = body_before.center0;
    b->angle = body_before.angle;
    b->angle0 = body_before.angle0;
    b->alpha0 = body_before.alpha0;
    w->static_alpha0[other] = static_before;
    synchronize_pose(b);
  }
}

void impacts_conclude(impact *set) {
  world *w = set->world;
  impact_store(set);
  body_synchronize(w, set->body);
  for (int32_t i = 0; i < w->contact_count; ++i)
    if (w->contacts[i].body == set->body) w->contacts[i].has_impact = false;
  contacts_find_new(w);
}
