// Making worlds, and reading them.
#include <stdlib.h>
#include <string.h>

#include "world.h"

_Thread_local bool checks_shortcuts;
_Thread_local cl_counts counts;

void cl_check_shortcuts(bool on) { checks_shortcuts = on; }

cl_counts cl_take_counts(void) {
  const cl_counts taken = counts;
  memset(&counts, 0, sizeof counts);
  return taken;
}

enum { FIRST_CONTACTS = 24 };

cl_worlds *cl_create(int32_t count, const cl_model *model) {
  cl_worlds *all = calloc(1, sizeof *all);
  if (all == NULL) return NULL;
  all->model = *model;
  all->count = count;
  for (int32_t i = 0; i < BODIES; ++i) {
    const cl_shape *shape = &model->shapes[i];
    if (shape->count == 0) polygon_set_box(&all->shapes[i], shape->vertices[0]);
    else polygon_set(&all->shapes[i], shape->vertices, shape->count);
  }
  all->worlds = calloc((size_t)count, sizeof *all->worlds);
  if (all->worlds == NULL) {
    free(all);
    return NULL;
  }
  for (int32_t i = 0; i < count; ++i) {
    world *w = &all->worlds[i];
    w->model = &all->model;
    w->shapes = all->shapes;
    w->contact_capacity = FIRST_CONTACTS;
    w->contacts = malloc(FIRST_CONTACTS * sizeof(contact));
    if (w->contacts == NULL) abort();
  }
  return all;
}

void cl_destroy(cl_worlds *all) {
  for (int32_t i = 0; i < all->count; ++i) free(all->worlds[i].contacts);
  free(all->worlds);
  free(all);
}

// Sets the mass of a body from its shape and density.
static void set_mass(body *b, const polygon *shape, float density) {
  const float third = 1.0f / 3.0f;
  const point origin = shape->vertices[0];
  point center = {0, 0};
  float area = 0, inertia = 0;
  for (int32_t i = 0; i < shape->count; ++i) {
    const point e1 = subtract(shape->vertices[i], origin);
    const point e2 = subtract(shape->vertices[i + 1 < shape->count ? i + 1 : 0], origin);
    const float d = cross(e1, e2), triangle = 0.5f * d;
    area += triangle;
    center = add(center, scale(triangle * third, add(e1, e2)));
    const float x2 = e1.x * e1.x + e2.x * e1.x + e2.x * e2.x;
    const float y2 = e1.y * e1.y + e2.y * e1.y + e2.y * e2.y;
    inertia += (0.25f * third * d) * (x2 + y2);
  }
  const float mass = density * area;
  center = scale(1.0f / area, center);
  const point from_origin = add(center, origin);
  float about_origin = density * inertia;
  about_origin += mass * (dot(from_origin, from_origin) - dot(center, center));
  b->mass = mass;
  b->inverse_mass = 1.0f / mass;
  b->local_center = scale(b->inverse_mass, scale(mass, from_origin));
  const float about_center = about_origin - mass * dot(b->local_center, b->local_center);
  b->inverse_inertia = 1.0f / about_center;
}

static void set_ground(world *w, const cl_start *start) {
  w->column_count = start->column_count;
  w->obstacle_count = start->obstacle_count;
  memcpy(w->columns, start->columns, (size_t)start->column_count * sizeof(point));
  for (int32_t i = 0; i + 1 < w->column_count; ++i) {
    point edge = subtract(w->columns[i + 1], w->columns[i]);
    normalize(&edge);
    w->edge_normals[i] = (point){edge.y, -edge.x};
  }
  for (int32_t i = 0; i < w->obstacle_count; ++i) {
    const point *vertices = &start->obstacles[4 * i];
    polygon shape;
    polygon_set(&shape, vertices, 4);
    obstacle *o = &w->obstacles[i];
    o->count = shape.count;
    memcpy(o->vertices, shape.vertices, sizeof o->vertices);
    memcpy(o->normals, shape.normals, sizeof o->normals);
    o->left = o->right = vertices[0].x;
    for (int32_t k = 1; k < 4; ++k) {
      o->left = vertices[k].x < o->left ? vertices[k].x : o->left;
      o->right = vertices[k].x > o->right ? vertices[k].x : o->right;
    }
  }
}

void cl_start_world(cl_worlds *all, int32_t index, const cl_start *start) {
  world *w = &all->worlds[index];
  const cl_model *model = &all->model;
  set_ground(w, start);
  w->gravity = start->gravity;
  w->ground_friction = start->ground_friction;
  w->inverse_seconds_before = 0;
  memset(w->flags, 0, sizeof w->flags);
  memset(w->hinges, 0, sizeof w->hinges);
  w->contact_count = 0;

  box leaves[CL_OBSTACLES + CL_COLUMNS - 1 + BODIES];
  int32_t count = 0;
  for (int32_t i = 0; i < w->obstacle_count; ++i) {
    polygon shape = {.count = w->obstacles[i].count};
    memcpy(shape.vertices, w->obstacles[i].vertices, sizeof w->obstacles[i].vertices);
    outline corners;
    outline_set(&corners, &shape, IDENTITY);
    leaves[count++] = grown(corners.tight, RADIUS);
  }
  for (int32_t i = 0; i + 1 < w->column_count; ++i) {
    const point a = place(IDENTITY, w->columns[i]), b = place(IDENTITY, w->columns[i + 1]);
    leaves[count++] = grown((box){least(a, b), greatest(a, b)}, RADIUS);
  }
  for (int32_t i = 0; i < BODIES; ++i) {
    body *b = &w->bodies[i];
    memset(b, 0, sizeof *b);
    b->pose = (pose){model->positions[i], turned(model->angles[i])};
    b->angle = b->angle0 = model->angles[i];
    set_mass(b, &all->shapes[i], start->densities[i]);
    b->center = b->center0 = place(b->pose, b->local_center);
    b->awake = true;
    w->reach[i] = 0;
    for (int32_t k = 0; k < all->shapes[i].count; ++k)
      w->reach[i] = larger(w->reach[i], distance(all->shapes[i].vertices[k], b->local_center));
    w->densities[i] = start->densities[i];
    outline_set(&b->now, &all->shapes[i], b->pose);
    leaves[count++] = grown(b->now.tight, RADIUS);
    w->moved[i] = (int16_t)i;
  }
  w->bodies[0].force.x = start->hull_force;
  w->moved_count = BODIES;
  tree_build(w, leaves, count);
}

void cl_drive(cl_worlds *all, int32_t index, int32_t hinge_index, float speed, float torque) {
  world *w = &all->worlds[index];
  hinge *h = &w->hinges[hinge_index];
  if (speed == h->speed && torque == h->torque) return;
  wake(&w->bodies[all->model.hinges[hinge_index].first]);
  wake(&w->bodies[all->model.hinges[hinge_index].second]);
  // A zero of the other sign is no change.
  if (speed != h->speed) h->speed = speed;
  if (torque != h->torque) h->torque = torque;
}

void cl_apply_force(cl_worlds *all, int32_t index, int32_t body_index, float fx, float fy) {
  body *b = &all->worlds[index].bodies[body_index];
  if (!b->awake) wake(b);
  b->force = add(b->force, (point){fx, fy});
}

// MARK: Reading

cl_body_state cl_get_body(const cl_worlds *all, int32_t index, int32_t body_index) {
  const body *b = &all->worlds[index].bodies[body_index];
  return (cl_body_state){
    b->pose.p.x, b->pose.p.y, b->angle, b->velocity.x, b->velocity.y, b->omega
  };
}

float cl_get_hinge_angle(const cl_worlds *all, int32_t index, int32_t hinge_index) {
  const cl_hinge *shape = &all->model.hinges[hinge_index];
  const body *bodies = all->worlds[index].bodies;
  return bodies[shape->second].angle - bodies[shape->first].angle - shape->reference_angle;
}

float cl_get_hinge_speed(const cl_worlds *all, int32_t index, int32_t hinge_index) {
  const cl_hinge *shape = &all->model.hinges[hinge_index];
  const body *bodies = all->worlds[index].bodies;
  return bodies[shape->second].omega - bodies[shape->first].omega;
}

static uint8_t flags_of(const cl_worlds *all, int32_t index, int32_t body_index) {
  const world *w = &all->worlds[index];
  return w->flags[w->obstacle_count + 1 + body_index];
}

bool cl_is_touching(const cl_worlds *all, int32_t index, int32_t body_index) {
  return (flags_of(all, index, body_index) & TOUCHING) != 0;
}

bool cl_has_touched(const cl_worlds *all, int32_t index, int32_t body_index) {
  return (flags_of(all, index, body_index) & TOUCHED) != 0;
}

bool cl_is_awake(const cl_worlds *all, int32_t index, int32_t body_index) {
  return all->worlds[index].bodies[body_index].awake;
}

// MARK: Hash

static void add_word(uint64_t *value, uint64_t word) {
  uint64_t z = (*value ^ word) * 0xff51afd7ed558ccd;
  z = (z ^ (z >> 33)) * 0xc4ceb9fe1a85ec53;
  *value = (z ^ (z >> 33)) + 0x9E3779B97F4A7C15;
}

static void add_float(uint64_t *value, float number) {
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  add_word(value, bits);
}

static void add_point(uint64_t *value, point p) {
  add_float(value, p.x);
  add_float(value, p.y);
}

static void add_material(uint64_t *value, int32_t owner, float density, float friction) {
  add_word(value, (uint64_t)owner);
  add_point(value, (point){density, friction});
  add_float(value, 0);
}

// What the world was built of, as CBox2D.cpp notes it.
static uint64_t hash_of_building(const world *w) {
  uint64_t value = 0x9E3779B97F4A7C15;
  for (int32_t i = 0; i < w->obstacle_count; ++i) {
    for (int32_t k = 0; k < w->obstacles[i].count; ++k)
      add_point(&value, w->obstacles[i].vertices[k]);
    add_material(&value, i, 0, w->ground_friction);
  }
  for (int32_t i = 0; i + 1 < w->column_count; ++i) {
    add_point(&value, w->columns[i]);
    add_point(&value, w->columns[i + 1]);
    add_material(&value, w->obstacle_count, 0, w->ground_friction);
  }
  for (int32_t i = 0; i < BODIES; ++i) {
    const cl_shape *shape = &w->model->shapes[i];
    if (shape->count == 0) add_point(&value, shape->vertices[0]);
    else
      for (int32_t k = 0; k < w->shapes[i].count; ++k) add_point(&value, w->shapes[i].vertices[k]);
    add_material(&value, w->obstacle_count + 1 + i, w->densities[i], shape->friction);
  }
  return value;
}

uint64_t cl_hash(const cl_worlds *all, int32_t index) {
  const world *w = &all->worlds[index];
  uint64_t value = hash_of_building(w);
  add_point(&value, (point){0, w->gravity});
  for (int32_t i = 0; i <= w->obstacle_count; ++i) add_word(&value, (uint64_t)w->flags[i] << 1);
  for (int32_t i = 0; i < BODIES; ++i) {
    const body *b = &w->bodies[i];
    add_word(&value, (uint64_t)w->flags[w->obstacle_count + 1 + i] << 1 | (b->awake ? 1 : 0));
    add_point(&value, b->center);
    add_float(&value, b->angle);
    add_point(&value, b->velocity);
    add_float(&value, b->omega);
  }
  for (int32_t i = 0; i < HINGES; ++i) {
    const hinge *h = &w->hinges[i];
    add_point(&value, h->impulse);
    add_float(&value, h->motor_impulse + h->lower_impulse - h->upper_impulse);
    add_float(&value, h->motor_impulse);
  }
  for (int32_t i = 0; i < w->contact_count; ++i) {
    const contact *c = &w->contacts[i];
    const uint64_t other = (uint64_t)(w->obstacle_count + 1 + c->body);
    add_word(
        &value, (uint64_t)static_body(w, c->leaf) << 32 | other << 8
            | (uint64_t)c->manifold.count << 1 | (c->touching ? 1u : 0u));
    for (int32_t k = 0; k < c->manifold.count; ++k) {
      add_point(&value, c->manifold.points[k].local);
      add_float(&value, c->manifold.points[k].normal_impulse);
      add_float(&value, c->manifold.points[k].tangent_impulse);
    }
  }
  return value;
}
