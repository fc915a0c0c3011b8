#ifndef CLANES_VECTORS_H
#define CLANES_VECTORS_H

// Points, rotations and poses, with the rounding of Box2D's own: every product and sum in its order,
// none fused.
#pragma STDC FP_CONTRACT OFF

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "CLanes.h"

#define INLINE static inline __attribute__((always_inline))

typedef cl_point point;

typedef struct {
  float s, c;
} rotation;

typedef struct {
  point p;
  rotation q;
} pose;

typedef struct {
  point lower, upper;
} box;

// The pose of all that never moves.  Box2D rotates by it too, which turns some negative zeros into
// positive ones.
#define IDENTITY ((pose){{0, 0}, {0, 1}})

// Box2D's constants, as it writes them.
#define EPSILON 1.1920929e-7f
#define PI 3.14159265359f
#define LINEAR_SLOP 0.005f
#define ANGULAR_SLOP (2.0f / 180.0f * PI)
#define RADIUS (2.0f * LINEAR_SLOP)
#define LARGEST 3.40282347e+38f

// With the operands in Box2D's order, which matters for equal zeros of different sign.
INLINE float smaller(float a, float b) { return a < b ? a : b; }
INLINE float larger(float a, float b) { return a > b ? a : b; }
INLINE float clamp(float a, float low, float high) { return larger(low, smaller(a, high)); }
INLINE float magnitude(float a) { return a > 0 ? a : -a; }

INLINE point add(point a, point b) { return (point){a.x + b.x, a.y + b.y}; }
INLINE point subtract(point a, point b) { return (point){a.x - b.x, a.y - b.y}; }
INLINE point negate(point a) { return (point){-a.x, -a.y}; }
INLINE point scale(float s, point a) { return (point){s * a.x, s * a.y}; }
INLINE float dot(point a, point b) { return a.x * b.x + a.y * b.y; }
INLINE float cross(point a, point b) { return a.x * b.y - a.y * b.x; }
// a × s and s × a for a rotation s out of the plane.
INLINE point cross_right(point a, float s) { return (point){s * a.y, -s * a.x}; }
INLINE point cross_left(float s, point a) { return (point){-s * a.y, s * a.x}; }
INLINE float length(point a) { return sqrtf(a.x * a.x + a.y * a.y); }
INLINE float distance(point a, point b) { return length(subtract(a, b)); }

INLINE float normalize(point *a) {
  const float size = length(*a);
  if (size < EPSILON) return 0;
  const float inverse = 1.0f / size;
  a->x *= inverse;
  a->y *= inverse;
  return size;
}

INLINE rotation turned(float angle) { return (rotation){sinf(angle), cosf(angle)}; }
INLINE point rotate(rotation q, point v) {
  return (point){q.c * v.x - q.s * v.y, q.s * v.x + q.c * v.y};
}
INLINE point unrotate(rotation q, point v) {
  return (point){q.c * v.x + q.s * v.y, -q.s * v.x + q.c * v.y};
}
INLINE point place(pose t, point v) {
  return (point){(t.q.c * v.x - t.q.s * v.y) + t.p.x, (t.q.s * v.x + t.q.c * v.y) + t.p.y};
}
INLINE point unplace(pose t, point v) {
  const float x = v.x - t.p.x, y = v.y - t.p.y;
  return (point){t.q.c * x + t.q.s * y, -t.q.s * x + t.q.c * y};
}
// The pose `b` as `a` sees it.
INLINE pose relative(pose a, pose b) {
  pose t;
  t.q.s = a.q.c * b.q.s - a.q.s * b.q.c;
  t.q.c = a.q.c * b.q.c + a.q.s * b.q.s;
  t.p = unrotate(a.q, subtract(b.p, a.p));
  return t;
}
INLINE pose pose_of(point center, float angle, point local_center) {
  pose t;
  t.q = turned(angle);
  t.p = subtract(center, rotate(t.q, local_center));
  return t;
}

INLINE point least(point a, point b) { return (point){smaller(a.x, b.x), smaller(a.y, b.y)}; }
INLINE point greatest(point a, point b) { return (point){larger(a.x, b.x), larger(a.y, b.y)}; }
INLINE box around(box a, box b) { return (box){least(a.lower, b.lower), greatest(a.upper, b.upper)}; }
INLINE float perimeter(box a) {
  const float width = a.upper.x - a.lower.x, height = a.upper.y - a.lower.y;
  return 2.0f * (width + height);
}
INLINE bool contains(box a, box b) {
  return a.lower.x <= b.lower.x && a.lower.y <= b.lower.y && b.upper.x <= a.upper.x
      && b.upper.y <= a.upper.y;
}
INLINE bool overlap(box a, box b) {
  return !(
      b.lower.x - a.upper.x > 0 || b.lower.y - a.upper.y > 0 || a.lower.x - b.upper.x > 0
      || a.lower.y - b.upper.y > 0);
}
INLINE box grown(box a, float by) {
  const point r = {by, by};
  return (box){subtract(a.lower, r), add(a.upper, r)};
}

#endif
