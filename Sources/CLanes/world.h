#ifndef CLANES_WORLD_H
#define CLANES_WORLD_H

#include "vectors.h"

// A world's state between two steps, which is complete: nothing else influences its future.

enum {
  BODIES = CL_BODIES,
  HINGES = CL_HINGES,
  VERTICES = 8,
  // Leaves of the tree: obstacles, edges, bodies, in the order of their creation.
  NODES = 2 * (CL_OBSTACLES + CL_COLUMNS - 1 + BODIES) - 1,
  NONE = -1,
  // Most contacts of one impact.
  IMPACT_CONTACTS = 32,
};

typedef struct {
  int32_t count;
  point vertices[VERTICES], normals[VERTICES];
} polygon;

typedef struct {
  point vertices[4], normals[4];
  int32_t count;
  float left, right;
} obstacle;

// Where a body's vertices are at a moment, and a box around them.
typedef struct {
  point vertices[VERTICES];
  box tight;
} outline;

typedef struct {
  // The sweep of a step: from center0 and angle0 at the fraction alpha0 to center and angle.
  point center, center0, local_center;
  float angle, angle0, alpha0;
  point velocity;
  float omega;
  pose pose;
  point force;
  float mass, inverse_mass, inverse_inertia;
  float sleep_time;
  bool awake;
  // At the pose, and at the beginning of the sweep.
  outline now, before;
} body;

// The velocities that a solver iterates on.
typedef struct {
  point v;
  float w;
} motion;

typedef struct {
  point impulse;
  float motor_impulse, lower_impulse, upper_impulse;
  float speed, torque;
} hinge;

typedef struct {
  point local;
  float normal_impulse, tangent_impulse;
  uint32_t key;
} manifold_point;

typedef struct {
  manifold_point points[2];
  point normal, point;
  uint8_t count;
  bool is_face_b;
} manifold;

// A pair of a static leaf and a body whose fat boxes overlap.
typedef struct {
  manifold manifold;
  float impact;
  int16_t leaf;
  uint8_t body, impact_count;
  bool touching, enabled, has_impact, in_island;
} contact;

typedef struct {
  box fat;
  int16_t parent, children[2];
  int16_t height;
} node;

typedef struct {
  const cl_model *model;
  const polygon *shapes;
  // Furthest vertex of each shape from its centre of mass.
  float reach[BODIES];
  body bodies[BODIES];
  hinge hinges[HINGES];
  // Newest first, as in the world's and in every body's list.
  contact *contacts;
  int32_t contact_count, contact_capacity;
  // Leaves to look for new contacts of, in the order in which they moved.
  int16_t moved[BODIES];
  int32_t moved_count;
  int16_t root, first_free;
  float gravity, inverse_seconds_before;
  float ground_friction;
  float densities[BODIES];
  int32_t column_count, obstacle_count;
  // Touching and touched, of obstacles, ground and bodies.
  uint8_t flags[CL_OBSTACLES + 1 + BODIES];
  // How far the sweep of each obstacle and of the ground has advanced.
  float static_alpha0[CL_OBSTACLES + 1];
  // Box2D's points of the ground, and the normal of each edge, downwards.
  point columns[CL_COLUMNS], edge_normals[CL_COLUMNS - 1];
  obstacle obstacles[CL_OBSTACLES];
  node nodes[NODES];
} world;

struct cl_worlds {
  cl_model model;
  polygon shapes[BODIES];
  int32_t count;
  world *worlds;
};

enum { TOUCHING = 1, TOUCHED = 2 };

// A leaf's number in the tree, and the place of its body in Box2D's list of bodies.
INLINE int16_t node_of_leaf(int32_t leaf) { return (int16_t)(leaf == 0 ? 0 : 2 * leaf - 1); }
INLINE int32_t leaf_of_node(int32_t node) { return node == 0 ? 0 : (node + 1) / 2; }
INLINE int32_t static_count(const world *w) { return w->obstacle_count + w->column_count - 1; }
INLINE int32_t static_body(const world *w, int32_t leaf) {
  return leaf < w->obstacle_count ? leaf : w->obstacle_count;
}
INLINE float friction_of(const world *w, const contact *c) {
  return sqrtf(w->ground_friction * w->model->shapes[c->body].friction);
}

INLINE void wake(body *b) {
  b->awake = true;
  b->sleep_time = 0;
}

INLINE void synchronize_pose(body *b) {
  b->pose = pose_of(b->center, b->angle, b->local_center);
}

// tree.c
void tree_build(world *w, const box *leaves, int32_t count);
// Moves a leaf whose shape swept `swept` from one box to another; says whether the tree changed.
bool tree_move(world *w, int32_t leaf, box swept, point displacement);

// collide.c
void polygon_set(polygon *shape, const point *vertices, int32_t count);
void polygon_set_box(polygon *shape, point half);
void outline_set(outline *o, const polygon *shape, pose t);
// The manifold between a static leaf and a body, with the old impulses of points that persist.
void contact_evaluate(const world *w, const contact *c, manifold *result);

// contacts.c
void contact_update(world *w, contact *c);
void contacts_collide(world *w);
void contacts_find_new(world *w);
// Takes note of a body's new pose, with a sweep from the outline that `before` holds.
void body_synchronize(world *w, int32_t index);

// island.c: one world at a time, in any state.
void island_solve(world *w, bool *in_island);
void island_integrate(point *center, float *angle, point *velocity, float *omega, float h);
void island_sleep(world *w, const int32_t *bodies, int32_t count, bool positions_solved);

// build.c
extern _Thread_local bool checks_shortcuts;

extern _Thread_local cl_counts counts;

#endif
