#ifndef CLANES_ISLAND_H
#define CLANES_ISLAND_H

#include "world.h"

// A contact as the velocity solver sees it, of a body with the ground.
typedef struct {
  point arm, still;
  float normal_impulse, tangent_impulse, normal_mass, tangent_mass;
} constraint_point;

typedef struct {
  const contact *contact;
  constraint_point points[2];
  point normal;
  float friction, k11, k12, k22, i11, i12, i22;
  int32_t body, count;
} constraint;

// The sub-step of a body after an impact.
typedef struct {
  world *world;
  int32_t body, count;
  point center;
  float angle, seconds;
  motion motion;
  constraint constraints[IMPACT_CONTACTS];
} impact;

// Moves the body to a safe place and prepares its velocity constraints.
void impact_prepare(
    impact *set, world *w, contact *const *contacts, int32_t count, float seconds);
void impact_solve(impact *set);
// Integrates what is left of the step.
void impact_store(impact *set);

// impact.c
void impacts_begin(world *w);
// Prepares the next impact; false if there is none.
bool impacts_next(world *w, impact *next);
// Ends an impact whose velocities have been solved.
void impacts_conclude(impact *set);

// Begins a body's sweep; returns its velocity after gravity and forces have acted for a step.
motion motion_begun(const world *w, body *b);
void constraint_set(constraint *k, const world *w, const contact *c, float impulse_scale);
void constraint_prepare(constraint *k, const body *b, point center, pose t);
void constraint_warm_start(const constraint *k, const body *b, point *velocity, float *omega);
void constraint_solve(constraint *k, const body *b, point *velocity, float *omega);
float contact_push(const contact *c, const body *b, point *center, float *angle, float strength);

#endif
