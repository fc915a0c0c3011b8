#ifndef CLANES_APART_H
#define CLANES_APART_H

// Quick tests that a body is surely apart from a static leaf.  The documentation of `Physics` has the
// proof that what they allow to skip changes nothing.
#include "world.h"

// Distance beyond which two shapes have no manifold, and beyond which they have no impact, in m.
#define MANIFOLD_MARGIN 0.03f
#define IMPACT_MARGIN 0.0075f

// Whether a line along an axis or along the edge separates a leaf by more than the margin from all
// vertices of a body at two moments.
INLINE bool surely_apart(
    const world *w, const outline *first, const outline *second, int32_t count, int32_t leaf,
    float margin) {
  point lower, upper;
  if (leaf < w->obstacle_count) {
    const obstacle *other = &w->obstacles[leaf];
    lower = upper = other->vertices[0];
    for (int32_t i = 1; i < other->count; ++i) {
      lower = least(lower, other->vertices[i]);
      upper = greatest(upper, other->vertices[i]);
    }
  } else {
    const point *edge = &w->columns[leaf - w->obstacle_count];
    lower = least(edge[0], edge[1]);
    upper = greatest(edge[0], edge[1]);
  }
  const box tight = around(first->tight, second->tight);
  if (tight.lower.x - upper.x > margin || lower.x - tight.upper.x > margin
      || tight.lower.y - upper.y > margin || lower.y - tight.upper.y > margin)
    return true;
  if (leaf < w->obstacle_count) return false;
  const point start = w->columns[leaf - w->obstacle_count];
  const point normal = w->edge_normals[leaf - w->obstacle_count];
  float below = LARGEST, above = LARGEST;
  for (int32_t i = 0; i < count; ++i) {
    const float s = dot(normal, subtract(first->vertices[i], start));
    const float t = dot(normal, subtract(second->vertices[i], start));
    below = smaller(below, smaller(s, t));
    above = smaller(above, -larger(s, t));
  }
  return below > margin || above > margin;
}

#endif
