#ifndef CLANES_HINGES_H
#define CLANES_HINGES_H

// Revolute joints with motor and limits, one at a time.
#include "world.h"

typedef struct {
  hinge *state;
  const cl_hinge *shape;
  int32_t first, second;
  point arm1, arm2;
  float k11, k12, k22, axial_mass, angle;
} joint;

static void joint_prepare(joint *j, const world *w, motion *motions, float impulse_scale) {
  const body *a = &w->bodies[j->first], *b = &w->bodies[j->second];
  motion *ma = &motions[j->first], *mb = &motions[j->second];
  j->arm1 = rotate(turned(a->angle), subtract(j->shape->first_anchor, a->local_center));
  j->arm2 = rotate(turned(b->angle), subtract(j->shape->second_anchor, b->local_center));
  const point r1 = j->arm1, r2 = j->arm2;
  const float m1 = a->inverse_mass, m2 = b->inverse_mass;
  const float i1 = a->inverse_inertia, i2 = b->inverse_inertia;
  j->k11 = m1 + m2 + r1.y * r1.y * i1 + r2.y * r2.y * i2;
  j->k12 = -r1.y * r1.x * i1 - r2.y * r2.x * i2;
  j->k22 = m1 + m2 + r1.x * r1.x * i1 + r2.x * r2.x * i2;
  j->axial_mass = 1.0f / (i1 + i2);
  j->angle = b->angle - a->angle - j->shape->reference_angle;
  hinge *h = j->state;
  h->impulse = (point){h->impulse.x * impulse_scale, h->impulse.y * impulse_scale};
  h->motor_impulse *= impulse_scale;
  h->lower_impulse *= impulse_scale;
  h->upper_impulse *= impulse_scale;
  const float axial = h->motor_impulse + h->lower_impulse - h->upper_impulse;
  ma->v = subtract(ma->v, scale(m1, h->impulse));
  ma->w -= i1 * (cross(r1, h->impulse) + axial);
  mb->v = add(mb->v, scale(m2, h->impulse));
  mb->w += i2 * (cross(r2, h->impulse) + axial);
}

static void joint_solve(joint *j, const world *w, motion *motions, float h, float inverse_h) {
  const body *a = &w->bodies[j->first], *b = &w->bodies[j->second];
  motion ma = motions[j->first], mb = motions[j->second];
  const float m1 = a->inverse_mass, m2 = b->inverse_mass;
  const float i1 = a->inverse_inertia, i2 = b->inverse_inertia;
  hinge *s = j->state;
  const float axial_mass = j->axial_mass;
  {
    const float most = h * s->torque;
    const float impulse = -axial_mass * (mb.w - ma.w - s->speed);
    const float new = clamp(s->motor_impulse + impulse, -most, most);
    const float change = new - s->motor_impulse;
    s->motor_impulse = new;
    ma.w -= i1 * change;
    mb.w += i2 * change;
  }
  {
    const float room = larger(j->angle - j->shape->lower, 0.0f) * inverse_h;
    const float new = larger(s->lower_impulse + -axial_mass * (mb.w - ma.w + room), 0.0f);
    const float change = new - s->lower_impulse;
    s->lower_impulse = new;
    ma.w -= i1 * change;
    mb.w += i2 * change;
  }
  {
    const float room = larger(j->shape->upper - j->angle, 0.0f) * inverse_h;
    const float new = larger(s->upper_impulse + -axial_mass * (ma.w - mb.w + room), 0.0f);
    const float change = new - s->upper_impulse;
    s->upper_impulse = new;
    ma.w += i1 * change;
    mb.w -= i2 * change;
  }
  const point error = negate(subtract(
      subtract(add(mb.v, cross_left(mb.w, j->arm2)), ma.v), cross_left(ma.w, j->arm1)));
  float determinant = j->k11 * j->k22 - j->k12 * j->k12;
  if (determinant != 0) determinant = 1.0f / determinant;
  const point impulse = {
    determinant * (j->k22 * error.x - j->k12 * error.y),
    determinant * (j->k11 * error.y - j->k12 * error.x),
  };
  s->impulse = add(s->impulse, impulse);
  ma.v = subtract(ma.v, scale(m1, impulse));
  ma.w -= i1 * cross(j->arm1, impulse);
  mb.v = add(mb.v, scale(m2, impulse));
  mb.w += i2 * cross(j->arm2, impulse);
  motions[j->first] = ma;
  motions[j->second] = mb;
}

// Returns whether the joint holds well enough.
static bool joint_push(const joint *j, world *w) {
  body *a = &w->bodies[j->first], *b = &w->bodies[j->second];
  const float m1 = a->inverse_mass, m2 = b->inverse_mass;
  const float i1 = a->inverse_inertia, i2 = b->inverse_inertia;
  const float lower = j->shape->lower, upper = j->shape->upper;
  const float largest_step = 8.0f / 180.0f * PI;
  const float angle = b->angle - a->angle - j->shape->reference_angle;
  float error = 0;
  if (magnitude(upper - lower) < 2.0f * ANGULAR_SLOP)
    error = clamp(angle - lower, -largest_step, largest_step);
  else if (angle <= lower)
    error = clamp(angle - lower + ANGULAR_SLOP, -largest_step, 0.0f);
  else if (angle >= upper)
    error = clamp(angle - upper - ANGULAR_SLOP, 0.0f, largest_step);
  const float limit_impulse = -j->axial_mass * error;
  a->angle -= i1 * limit_impulse;
  b->angle += i2 * limit_impulse;

  const point r1 = rotate(turned(a->angle), subtract(j->shape->first_anchor, a->local_center));
  const point r2 = rotate(turned(b->angle), subtract(j->shape->second_anchor, b->local_center));
  const point gap = subtract(subtract(add(b->center, r2), a->center), r1);
  const float k11 = m1 + m2 + i1 * r1.y * r1.y + i2 * r2.y * r2.y;
  const float k12 = -i1 * r1.x * r1.y - i2 * r2.x * r2.y;
  const float k22 = m1 + m2 + i1 * r1.x * r1.x + i2 * r2.x * r2.x;
  float determinant = k11 * k22 - k12 * k12;
  if (determinant != 0) determinant = 1.0f / determinant;
  const point impulse = {
    -(determinant * (k22 * gap.x - k12 * gap.y)), -(determinant * (k11 * gap.y - k12 * gap.x))
  };
  a->center = subtract(a->center, scale(m1, impulse));
  a->angle -= i1 * cross(r1, impulse);
  b->center = add(b->center, scale(m2, impulse));
  b->angle += i2 * cross(r2, impulse);
  return length(gap) <= LINEAR_SLOP && magnitude(error) <= ANGULAR_SLOP;
}

#endif
