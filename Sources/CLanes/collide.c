// Manifolds between the static ground and the bodies.
#include "world.h"

#include <string.h>

static const float kTotalRadius = RADIUS + RADIUS;

// The feature that a point of a manifold belongs to, as Box2D packs it.
enum { VERTEX = 0, FACE = 1 };
INLINE uint32_t key_of(int32_t index_a, int32_t index_b, uint32_t type_a, uint32_t type_b) {
  return (uint32_t)(uint8_t)index_a | (uint32_t)(uint8_t)index_b << 8 | type_a << 16 | type_b << 24;
}
INLINE uint32_t swapped(uint32_t key) {
  return (key & 0xFF) << 8 | (key >> 8 & 0xFF) | (key & 0xFF0000) << 8 | (key >> 8 & 0xFF0000);
}

// MARK: Shapes

// Welds close points and wraps them counter-clockwise, from the rightmost and of those the lowest.
void polygon_set(polygon *shape, const point *vertices, int32_t count) {
  point distinct[VERTICES];
  int32_t n = 0;
  for (int32_t i = 0; i < count; ++i) {
    bool unique = true;
    for (int32_t j = 0; j < n && unique; ++j) {
      const point d = subtract(vertices[i], distinct[j]);
      unique = !(dot(d, d) < (0.5f * LINEAR_SLOP) * (0.5f * LINEAR_SLOP));
    }
    if (unique) distinct[n++] = vertices[i];
  }
  if (n < 3) {
    polygon_set_box(shape, (point){1, 1});
    return;
  }
  int32_t start = 0;
  for (int32_t i = 1; i < n; ++i) {
    const point p = distinct[i], best = distinct[start];
    if (p.x > best.x || (p.x == best.x && p.y < best.y)) start = i;
  }
  int32_t m = 0, current = start;
  do {
    shape->vertices[m] = distinct[current];
    int32_t next = 0;
    for (int32_t j = 1; j < n; ++j) {
      if (next == current) {
        next = j;
        continue;
      }
      const point r = subtract(distinct[next], shape->vertices[m]);
      const point v = subtract(distinct[j], shape->vertices[m]);
      const float turn = cross(r, v);
      if (turn < 0) next = j;
      if (turn == 0 && dot(v, v) > dot(r, r)) next = j;
    }
    ++m;
    current = next;
  } while (current != start && m < VERTICES);
  shape->count = m;
  for (int32_t i = 0; i < m; ++i) {
    const point edge = subtract(shape->vertices[i + 1 < m ? i + 1 : 0], shape->vertices[i]);
    shape->normals[i] = cross_right(edge, 1.0f);
    normalize(&shape->normals[i]);
  }
}

void polygon_set_box(polygon *shape, point half) {
  shape->count = 4;
  const point corners[4] = {
    {-half.x, -half.y}, {half.x, -half.y}, {half.x, half.y}, {-half.x, half.y}
  };
  const point normals[4] = {{0, -1}, {1, 0}, {0, 1}, {-1, 0}};
  memcpy(shape->vertices, corners, sizeof corners);
  memcpy(shape->normals, normals, sizeof normals);
}

void outline_set(outline *o, const polygon *shape, pose t) {
  point lower = place(t, shape->vertices[0]), upper = lower;
  o->vertices[0] = lower;
  for (int32_t i = 1; i < shape->count; ++i) {
    const point v = place(t, shape->vertices[i]);
    o->vertices[i] = v;
    lower = least(lower, v);
    upper = greatest(upper, v);
  }
  o->tight = (box){lower, upper};
}

// MARK: Clipping

typedef struct {
  point v;
  uint32_t key;
} clip_point;

// Keeps what lies behind a line; false unless two points are left.
static bool clip(clip_point *p, point normal, float offset, int32_t vertex) {
  const float first = dot(normal, p[0].v) - offset, second = dot(normal, p[1].v) - offset;
  clip_point kept[3];
  int32_t count = 0;
  if (first <= 0) kept[count++] = p[0];
  if (second <= 0) kept[count++] = p[1];
  if (first * second < 0) {
    const float fraction = first / (first - second);
    kept[count].v = add(p[0].v, scale(fraction, subtract(p[1].v, p[0].v)));
    kept[count].key = key_of(vertex, p[0].key >> 8 & 0xFF, VERTEX, FACE);
    ++count;
  }
  if (count < 2) return false;
  memcpy(p, kept, 2 * sizeof *p);
  return true;
}

// MARK: Edge and polygon

static void collide_edge(
    manifold *m, point v1, point v2, point normal1, const polygon *shape, pose t) {
  m->count = 0;
  const pose seen = relative(IDENTITY, t);
  const point edge1 = {-normal1.y, normal1.x};
  const int32_t count = shape->count;
  point vertices[VERTICES], normals[VERTICES];
  for (int32_t i = 0; i < count; ++i) {
    vertices[i] = place(seen, shape->vertices[i]);
    normals[i] = rotate(seen.q, shape->normals[i]);
  }

  const point axes[2] = {normal1, negate(normal1)};
  float edge_separation = -LARGEST;
  point edge_axis = {0, 0};
  for (int32_t j = 0; j < 2; ++j) {
    float deepest = LARGEST;
    for (int32_t i = 0; i < count; ++i) {
      const float s = dot(axes[j], subtract(vertices[i], v1));
      if (s < deepest) deepest = s;
    }
    if (deepest > edge_separation) {
      edge_separation = deepest;
      edge_axis = axes[j];
    }
  }
  if (edge_separation > kTotalRadius) return;

  float face_separation = -LARGEST;
  int32_t face = -1;
  for (int32_t i = 0; i < count; ++i) {
    const point n = negate(normals[i]);
    const float s =
        smaller(dot(n, subtract(vertices[i], v1)), dot(n, subtract(vertices[i], v2)));
    if (s > face_separation) {
      face_separation = s;
      face = i;
    }
  }
  if (face_separation > kTotalRadius) return;

  clip_point p[2];
  point reference_start, normal, side1, side2;
  float offset1, offset2;
  int32_t i1, i2;
  m->is_face_b =
      face_separation - kTotalRadius > 0.98f * (edge_separation - kTotalRadius) + 0.001f;
  if (!m->is_face_b) {
    int32_t best = 0;
    float value = dot(edge_axis, normals[0]);
    for (int32_t i = 1; i < count; ++i) {
      const float candidate = dot(edge_axis, normals[i]);
      if (candidate < value) {
        value = candidate;
        best = i;
      }
    }
    const int32_t next = best + 1 < count ? best + 1 : 0;
    p[0] = (clip_point){vertices[best], key_of(0, best, FACE, VERTEX)};
    p[1] = (clip_point){vertices[next], key_of(0, next, FACE, VERTEX)};
    i1 = 0;
    i2 = 1;
    reference_start = v1;
    normal = edge_axis;
    side1 = negate(edge1);
    side2 = edge1;
    offset1 = dot(side1, v1);
    offset2 = dot(side2, v2);
  } else {
    p[0] = (clip_point){v2, key_of(1, face, VERTEX, FACE)};
    p[1] = (clip_point){v1, key_of(0, face, VERTEX, FACE)};
    i1 = face;
    i2 = face + 1 < count ? face + 1 : 0;
    reference_start = vertices[i1];
    normal = normals[i1];
    side1 = (point){normal.y, -normal.x};
    side2 = negate(side1);
    offset1 = dot(side1, reference_start);
    offset2 = dot(side2, vertices[i2]);
  }
  if (!clip(p, side1, offset1, i1) || !clip(p, side2, offset2, i2)) return;

  m->normal = m->is_face_b ? shape->normals[i1] : normal;
  m->point = m->is_face_b ? shape->vertices[i1] : reference_start;
  for (int32_t i = 0; i < 2; ++i) {
    if (!(dot(normal, subtract(p[i].v, reference_start)) <= kTotalRadius)) continue;
    manifold_point *kept = &m->points[m->count++];
    kept->local = m->is_face_b ? p[i].v : unplace(seen, p[i].v);
    kept->key = m->is_face_b ? swapped(p[i].key) : p[i].key;
  }
}

// MARK: Polygon and polygon

typedef struct {
  const point *vertices, *normals;
  int32_t count;
  pose t;
} placed;

static float largest_separation(int32_t *face, const placed *a, const placed *b) {
  const pose t = relative(b->t, a->t);
  float best = -LARGEST;
  *face = 0;
  for (int32_t i = 0; i < a->count; ++i) {
    const point n = rotate(t.q, a->normals[i]), v = place(t, a->vertices[i]);
    float deepest = LARGEST;
    for (int32_t j = 0; j < b->count; ++j) {
      const float s = dot(n, subtract(b->vertices[j], v));
      if (s < deepest) deepest = s;
    }
    if (deepest > best) {
      best = deepest;
      *face = i;
    }
  }
  return best;
}

static void collide_polygons(manifold *m, const placed *a, const placed *b) {
  m->count = 0;
  int32_t face_a, face_b;
  const float separation_a = largest_separation(&face_a, a, b);
  if (separation_a > kTotalRadius) return;
  const float separation_b = largest_separation(&face_b, b, a);
  if (separation_b > kTotalRadius) return;
  m->is_face_b = separation_b > separation_a + 0.1f * LINEAR_SLOP;
  const placed *reference = m->is_face_b ? b : a, *incident = m->is_face_b ? a : b;
  const int32_t face = m->is_face_b ? face_b : face_a;

  const point facing =
      unrotate(incident->t.q, rotate(reference->t.q, reference->normals[face]));
  int32_t i1 = 0;
  float value = LARGEST;
  for (int32_t i = 0; i < incident->count; ++i) {
    const float candidate = dot(facing, incident->normals[i]);
    if (candidate < value) {
      value = candidate;
      i1 = i;
    }
  }
  const int32_t i2 = i1 + 1 < incident->count ? i1 + 1 : 0;
  clip_point p[2] = {
    {place(incident->t, incident->vertices[i1]), key_of(face, i1, FACE, VERTEX)},
    {place(incident->t, incident->vertices[i2]), key_of(face, i2, FACE, VERTEX)},
  };

  const int32_t next = face + 1 < reference->count ? face + 1 : 0;
  const point l1 = reference->vertices[face], l2 = reference->vertices[next];
  point local_tangent = subtract(l2, l1);
  normalize(&local_tangent);
  const point tangent = rotate(reference->t.q, local_tangent);
  const point normal = cross_right(tangent, 1.0f);
  const point v1 = place(reference->t, l1), v2 = place(reference->t, l2);
  const float front = dot(normal, v1);
  const float offset1 = -dot(tangent, v1) + kTotalRadius;
  const float offset2 = dot(tangent, v2) + kTotalRadius;
  if (!clip(p, negate(tangent), offset1, face) || !clip(p, tangent, offset2, next)) return;

  m->normal = cross_right(local_tangent, 1.0f);
  m->point = scale(0.5f, add(l1, l2));
  for (int32_t i = 0; i < 2; ++i) {
    if (!(dot(normal, p[i].v) - front <= kTotalRadius)) continue;
    manifold_point *kept = &m->points[m->count++];
    kept->local = unplace(incident->t, p[i].v);
    kept->key = m->is_face_b ? swapped(p[i].key) : p[i].key;
  }
}

// MARK: Contacts

void contact_evaluate(const world *w, const contact *c, manifold *m) {
  const polygon *shape = &w->shapes[c->body];
  const pose t = w->bodies[c->body].pose;
  m->count = 0;
  if (c->leaf >= w->obstacle_count) {
    const int32_t edge = c->leaf - w->obstacle_count;
    collide_edge(
        m, w->columns[edge], w->columns[edge + 1], w->edge_normals[edge], shape, t);
  } else {
    const obstacle *o = &w->obstacles[c->leaf];
    const placed a = {o->vertices, o->normals, o->count, IDENTITY};
    const placed b = {shape->vertices, shape->normals, shape->count, t};
    collide_polygons(m, &a, &b);
  }
  for (int32_t i = 0; i < m->count; ++i) {
    manifold_point *p = &m->points[i];
    p->normal_impulse = p->tangent_impulse = 0;
    for (int32_t j = 0; j < c->manifold.count; ++j) {
      const manifold_point *old = &c->manifold.points[j];
      if (old->key != p->key) continue;
      p->normal_impulse = old->normal_impulse;
      p->tangent_impulse = old->tangent_impulse;
      break;
    }
  }
}
