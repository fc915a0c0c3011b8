// The solver of one world in any state: asleep in part, with any number of contacts.  The lanes solve
// the common case with the same arithmetic; impacts are solved here too.
#include <stdlib.h>
#include <string.h>

#include "hinges.h"
#include "island.h"

// MARK: Velocity constraints of contacts

void constraint_set(constraint *k, const world *w, const contact *c, float impulse_scale) {
  k->contact = c;
  k->body = c->body;
  k->count = c->manifold.count;
  k->friction = friction_of(w, c);
  for (int32_t i = 0; i < k->count; ++i) {
    k->points[i].normal_impulse = impulse_scale * c->manifold.points[i].normal_impulse;
    k->points[i].tangent_impulse = impulse_scale * c->manifold.points[i].tangent_impulse;
  }
}

void constraint_prepare(constraint *k, const body *b, point center, pose t) {
  const manifold *m = &k->contact->manifold;
  const pose face = m->is_face_b ? t : IDENTITY, clipped = m->is_face_b ? IDENTITY : t;
  const point plane = place(face, m->point);
  point normal = rotate(face.q, m->normal);
  point ends[2];
  for (int32_t i = 0; i < m->count; ++i) {
    const point p = place(clipped, m->points[i].local);
    const point on_face = add(p, scale(RADIUS - dot(subtract(p, plane), normal), normal));
    const point on_other = subtract(p, scale(RADIUS, normal));
    // The sum of both, whose order does not matter.
    ends[i] = scale(0.5f, add(on_face, on_other));
  }
  if (m->is_face_b) normal = negate(normal);
  k->normal = normal;
  const point tangent = cross_right(normal, 1.0f);
  const float mass = b->inverse_mass, inertia = b->inverse_inertia;
  for (int32_t i = 0; i < k->count; ++i) {
    constraint_point *p = &k->points[i];
    // The static body turns at a rate of 0, which leaves the sign of its zeros.
    const point zero = cross_left(0.0f, ends[i]);
    p->still = zero;
    p->arm = subtract(ends[i], center);
    const float rn = cross(p->arm, normal), rt = cross(p->arm, tangent);
    const float k_normal = mass + inertia * rn * rn, k_tangent = mass + inertia * rt * rt;
    p->normal_mass = k_normal > 0 ? 1.0f / k_normal : 0;
    p->tangent_mass = k_tangent > 0 ? 1.0f / k_tangent : 0;
  }
  if (k->count < 2) return;
  const float rn1 = cross(k->points[0].arm, normal), rn2 = cross(k->points[1].arm, normal);
  const float k11 = mass + inertia * rn1 * rn1, k22 = mass + inertia * rn2 * rn2;
  const float k12 = mass + inertia * rn1 * rn2;
  if (!(k11 * k11 < 1000.0f * (k11 * k22 - k12 * k12))) {
    k->count = 1;
    return;
  }
  float determinant = k11 * k22 - k12 * k12;
  if (determinant != 0) determinant = 1.0f / determinant;
  k->k11 = k11;
  k->k12 = k12;
  k->k22 = k22;
  k->i11 = determinant * k22;
  k->i12 = -determinant * k12;
  k->i22 = determinant * k11;
}

void constraint_warm_start(const constraint *k, const body *b, point *velocity, float *omega) {
  const point tangent = cross_right(k->normal, 1.0f);
  for (int32_t i = 0; i < k->count; ++i) {
    const constraint_point *p = &k->points[i];
    const point impulse =
        add(scale(p->normal_impulse, k->normal), scale(p->tangent_impulse, tangent));
    *omega += b->inverse_inertia * cross(p->arm, impulse);
    *velocity = add(*velocity, scale(b->inverse_mass, impulse));
  }
}

INLINE point relative_velocity(const constraint_point *p, point velocity, float omega) {
  return subtract(add(velocity, cross_left(omega, p->arm)), p->still);
}

void constraint_solve(constraint *k, const body *b, point *velocity, float *omega) {
  point v = *velocity;
  float w = *omega;
  const float mass = b->inverse_mass, inertia = b->inverse_inertia;
  const point normal = k->normal, tangent = cross_right(normal, 1.0f);
  for (int32_t i = 0; i < k->count; ++i) {
    constraint_point *p = &k->points[i];
    const float vt = dot(relative_velocity(p, v, w), tangent);
    const float most = k->friction * p->normal_impulse;
    const float new = clamp(p->tangent_impulse + p->tangent_mass * (-vt), -most, most);
    const point impulse = scale(new - p->tangent_impulse, tangent);
    p->tangent_impulse = new;
    v = add(v, scale(mass, impulse));
    w += inertia * cross(p->arm, impulse);
  }
  constraint_point *p1 = &k->points[0], *p2 = &k->points[1];
  if (k->count == 1) {
    const float vn = dot(relative_velocity(p1, v, w), normal);
    const float new = larger(p1->normal_impulse + -p1->normal_mass * vn, 0.0f);
    const point impulse = scale(new - p1->normal_impulse, normal);
    p1->normal_impulse = new;
    v = add(v, scale(mass, impulse));
    w += inertia * cross(p1->arm, impulse);
  } else {
    const point a = {p1->normal_impulse, p2->normal_impulse};
    const float b1 = dot(relative_velocity(p1, v, w), normal) - (k->k11 * a.x + k->k12 * a.y);
    const float b2 = dot(relative_velocity(p2, v, w), normal) - (k->k12 * a.x + k->k22 * a.y);
    point x = {-(k->i11 * b1 + k->i12 * b2), -(k->i12 * b1 + k->i22 * b2)};
    bool found = x.x >= 0 && x.y >= 0;
    if (!found) {
      x = (point){-p1->normal_mass * b1, 0};
      found = x.x >= 0 && k->k12 * x.x + b2 >= 0;
    }
    if (!found) {
      x = (point){0, -p2->normal_mass * b2};
      found = x.y >= 0 && k->k12 * x.y + b1 >= 0;
    }
    if (!found) {
      x = (point){0, 0};
      found = b1 >= 0 && b2 >= 0;
    }
    if (found) {
      const point d = subtract(x, a);
      const point first = scale(d.x, normal), second = scale(d.y, normal);
      v = add(v, scale(mass, add(first, second)));
      w += inertia * (cross(p1->arm, first) + cross(p2->arm, second));
      p1->normal_impulse = x.x;
      p2->normal_impulse = x.y;
    }
  }
  *velocity = v;
  *omega = w;
}

// MARK: Positions

// Pushes a contact apart; returns the least separation.
float contact_push(
    const contact *c, const body *b, point *center, float *angle, float strength) {
  const manifold *m = &c->manifold;
  float least_separation = 0;
  for (int32_t i = 0; i < m->count; ++i) {
    const pose t = pose_of(*center, *angle, b->local_center);
    const pose face = m->is_face_b ? t : IDENTITY, clipped = m->is_face_b ? IDENTITY : t;
    point normal = rotate(face.q, m->normal);
    const point plane = place(face, m->point), p = place(clipped, m->points[i].local);
    const float separation = dot(subtract(p, plane), normal) - RADIUS - RADIUS;
    if (m->is_face_b) normal = negate(normal);
    const point arm = subtract(p, *center);
    least_separation = smaller(least_separation, separation);
    const float error = clamp(strength * (separation + LINEAR_SLOP), -0.2f, 0.0f);
    const float rn = cross(arm, normal);
    const float k = b->inverse_mass + b->inverse_inertia * rn * rn;
    const point impulse = scale(k > 0 ? -error / k : 0, normal);
    *center = add(*center, scale(b->inverse_mass, impulse));
    *angle += b->inverse_inertia * cross(arm, impulse);
  }
  return least_separation;
}

void island_integrate(point *center, float *angle, point *velocity, float *omega, float h) {
  const point translation = scale(h, *velocity);
  if (dot(translation, translation) > 2.0f * 2.0f)
    *velocity = scale(2.0f / length(translation), *velocity);
  const float turn = h * *omega;
  if (turn * turn > (0.5f * PI) * (0.5f * PI)) *omega *= (0.5f * PI) / magnitude(turn);
  *center = add(*center, scale(h, *velocity));
  *angle += h * *omega;
}

// MARK: Islands

// The bodies, joints and contacts that are solved together, in the order of Box2D's search.
typedef struct {
  int32_t bodies[BODIES], body_count;
  joint joints[HINGES];
  int32_t joint_count;
  contact **contacts;
  int32_t contact_count;
} island;

// Searches depth first from a body.
static void island_find(island *found, world *w, int32_t seed, bool *seen, bool *joint_seen) {
  int32_t stack[BODIES], depth = 0;
  found->body_count = found->joint_count = found->contact_count = 0;
  stack[depth++] = seed;
  seen[seed] = true;
  while (depth > 0) {
    const int32_t index = stack[--depth];
    found->bodies[found->body_count++] = index;
    w->bodies[index].awake = true;
    for (int32_t i = 0; i < w->contact_count; ++i) {
      contact *c = &w->contacts[i];
      if (c->body == index && c->enabled && c->touching)
        found->contacts[found->contact_count++] = c;
    }
    for (int32_t i = HINGES - 1; i >= 0; --i) {
      const cl_hinge *shape = &w->model->hinges[i];
      if (joint_seen[i] || (shape->first != index && shape->second != index)) continue;
      found->joints[found->joint_count++] = (joint){
        .state = &w->hinges[i], .shape = shape, .first = shape->first, .second = shape->second
      };
      joint_seen[i] = true;
      const int32_t other = shape->first == index ? shape->second : shape->first;
      if (seen[other]) continue;
      stack[depth++] = other;
      seen[other] = true;
    }
  }
}

void island_sleep(world *w, const int32_t *bodies, int32_t count, bool positions_solved) {
  const float linear = 0.01f * 0.01f, angular = ANGULAR_SLOP * ANGULAR_SLOP;
  float shortest = LARGEST;
  for (int32_t i = 0; i < count; ++i) {
    body *b = &w->bodies[bodies[i]];
    if (b->omega * b->omega > angular || dot(b->velocity, b->velocity) > linear) {
      b->sleep_time = 0;
      shortest = 0;
    } else {
      b->sleep_time += w->model->seconds;
      shortest = smaller(shortest, b->sleep_time);
    }
  }
  if (!(shortest >= 0.5f && positions_solved)) return;
  for (int32_t i = 0; i < count; ++i) {
    body *b = &w->bodies[bodies[i]];
    b->awake = false;
    b->sleep_time = 0;
    b->velocity = b->force = (point){0, 0};
    b->omega = 0;
  }
}

motion motion_begun(const world *w, body *b) {
  b->center0 = b->center;
  b->angle0 = b->angle;
  b->before = b->now;
  const float h = w->model->seconds;
  const point pull = {b->mass * 0.0f + b->force.x, b->mass * w->gravity + b->force.y};
  return (motion){
    add(b->velocity, scale(h * b->inverse_mass, pull)), b->omega + h * b->inverse_inertia * 0.0f
  };
}

static void island_solve_one(world *w, island *set, constraint *constraints) {
  const float h = w->model->seconds, inverse_h = 1.0f / h;
  const float impulse_scale = w->inverse_seconds_before * h;
  motion motions[BODIES];
  for (int32_t i = 0; i < set->body_count; ++i) {
    body *b = &w->bodies[set->bodies[i]];
    motions[set->bodies[i]] = motion_begun(w, b);
  }
  for (int32_t i = 0; i < set->contact_count; ++i) {
    constraint *k = &constraints[i];
    constraint_set(k, w, set->contacts[i], impulse_scale);
    const body *b = &w->bodies[k->body];
    constraint_prepare(k, b, b->center, b->pose);
  }
  for (int32_t i = 0; i < set->contact_count; ++i) {
    motion *m = &motions[constraints[i].body];
    constraint_warm_start(&constraints[i], &w->bodies[constraints[i].body], &m->v, &m->w);
  }
  for (int32_t i = 0; i < set->joint_count; ++i)
    joint_prepare(&set->joints[i], w, motions, impulse_scale);
  for (int32_t k = 0; k < w->model->velocity_iterations; ++k) {
    for (int32_t i = 0; i < set->joint_count; ++i)
      joint_solve(&set->joints[i], w, motions, h, inverse_h);
    for (int32_t i = 0; i < set->contact_count; ++i) {
      motion *m = &motions[constraints[i].body];
      constraint_solve(&constraints[i], &w->bodies[constraints[i].body], &m->v, &m->w);
    }
  }
  for (int32_t i = 0; i < set->contact_count; ++i)
    for (int32_t j = 0; j < constraints[i].count; ++j) {
      manifold_point *p = &set->contacts[i]->manifold.points[j];
      p->normal_impulse = constraints[i].points[j].normal_impulse;
      p->tangent_impulse = constraints[i].points[j].tangent_impulse;
    }
  for (int32_t i = 0; i < set->body_count; ++i) {
    body *b = &w->bodies[set->bodies[i]];
    b->velocity = motions[set->bodies[i]].v;
    b->omega = motions[set->bodies[i]].w;
    island_integrate(&b->center, &b->angle, &b->velocity, &b->omega, h);
  }
  bool solved = false;
  for (int32_t k = 0; k < w->model->position_iterations && !solved; ++k) {
    float separation = 0;
    for (int32_t i = 0; i < set->contact_count; ++i) {
      body *b = &w->bodies[set->contacts[i]->body];
      separation = smaller(
          separation, contact_push(set->contacts[i], b, &b->center, &b->angle, 0.2f));
    }
    solved = separation >= -3.0f * LINEAR_SLOP;
    for (int32_t i = 0; i < set->joint_count; ++i) {
      const bool holds = joint_push(&set->joints[i], w);
      solved = solved && holds;
    }
  }
  for (int32_t i = 0; i < set->body_count; ++i) synchronize_pose(&w->bodies[set->bodies[i]]);
  island_sleep(w, set->bodies, set->body_count, solved);
}

void island_solve(world *w, bool *in_island) {
  enum { USUAL = 32 };
  constraint usual_constraints[USUAL], *constraints = usual_constraints;
  contact *usual_contacts[USUAL], **contacts = usual_contacts;
  if (w->contact_count > USUAL) {
    constraints = malloc((size_t)w->contact_count * sizeof *constraints);
    contacts = malloc((size_t)w->contact_count * sizeof *contacts);
    if (constraints == NULL || contacts == NULL) abort();
  }
  bool joint_seen[HINGES] = {false};
  for (int32_t i = 0; i < BODIES; ++i) in_island[i] = false;
  // Box2D's list of bodies has the newest first.
  for (int32_t seed = BODIES - 1; seed >= 0; --seed) {
    if (in_island[seed] || !w->bodies[seed].awake) continue;
    island set = {.contacts = contacts};
    island_find(&set, w, seed, in_island, joint_seen);
    island_solve_one(w, &set, constraints);
  }
  if (constraints == usual_constraints) return;
  free(constraints);
  free(contacts);
}

// MARK: Impacts

void impact_prepare(
    impact *set, world *w, contact *const *contacts, int32_t count, float seconds) {
  set->world = w;
  set->body = contacts[0]->body;
  set->count = count;
  set->seconds = seconds;
  body *b = &w->bodies[set->body];
  point center = b->center;
  float angle = b->angle;
  for (int32_t k = 0; k < 20; ++k) {
    float separation = 0;
    for (int32_t i = 0; i < count; ++i)
      separation =
          smaller(separation, contact_push(contacts[i], b, &center, &angle, 0.75f));
    if (separation >= -1.5f * LINEAR_SLOP) break;
  }
  b->center0 = set->center = center;
  b->angle0 = set->angle = angle;
  const pose safe = pose_of(center, angle, b->local_center);
  outline_set(&b->before, &w->shapes[set->body], safe);
  for (int32_t i = 0; i < count; ++i) {
    constraint *k = &set->constraints[i];
    constraint_set(k, w, contacts[i], 0);
    for (int32_t j = 0; j < k->count; ++j)
      k->points[j].normal_impulse = k->points[j].tangent_impulse = 0;
    constraint_prepare(k, b, center, safe);
  }
  set->motion = (motion){b->velocity, b->omega};
}

void impact_solve(impact *set) {
  constraint *constraints = set->constraints;
  const size_t size = (size_t)set->count * sizeof *constraints;
  const body *b = &set->world->bodies[set->body];
  motion *now = &set->motion;
  // Iterations often end in a cycle, mostly of one.  Whole turns of it may be left out.
  constraint kept[IMPACT_CONTACTS];
  motion kept_motion = *now;
  memcpy(kept, constraints, size);
  int32_t kept_at = 0;
  for (int32_t k = 0, last = set->world->model->velocity_iterations; k < last;) {
    for (int32_t i = 0; i < set->count; ++i)
      constraint_solve(&constraints[i], b, &now->v, &now->w);
    ++k;
    if (memcmp(&kept_motion, now, sizeof *now) == 0 && memcmp(kept, constraints, size) == 0) {
      last = k + (last - k) % (k - kept_at);
    } else if (k >= kept_at + kept_at / 2 + 4) {
      kept_motion = *now;
      memcpy(kept, constraints, size);
      kept_at = k;
    }
  }
}

void impact_store(impact *set) {
  body *b = &set->world->bodies[set->body];
  island_integrate(&set->center, &set->angle, &set->motion.v, &set->motion.w, set->seconds);
  b->center = set->center;
  b->angle = set->angle;
  b->velocity = set->motion.v;
  b->omega = set->motion.w;
  synchronize_pose(b);
}
