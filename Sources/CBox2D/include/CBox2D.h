#ifndef CBOX2D_H
#define CBOX2D_H

// A plain-C interface to the parts of Box2D 2.4.1 that the suite uses.
//
// Units are Box2D's: metres, kilograms, seconds and radians, positive counter-clockwise. Bodies and
// joints are numbered in the order of their creation, each from 0. A world may be used by one
// thread at a time; different worlds are independent once cb2_prepare has run.

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cb2_world cb2_world;

typedef struct {
  float x, y, angle;       // pose of the body's origin
  float vx, vy, omega;     // velocity of the centre of mass
} cb2_body_state;

typedef struct {
  float mass, inertia;     // inertia about the body's origin
  float center_x, center_y;
} cb2_mass;

typedef struct {
  float angle, speed;
} cb2_joint_state;

typedef struct {
  float density, friction, restitution;
  uint16_t category, mask;
} cb2_material;

typedef struct {
  int32_t body_a, body_b;
  float anchor_ax, anchor_ay, anchor_bx, anchor_by;  // in each body's frame
  float reference_angle;
  bool has_limits;
  float lower, upper;
  bool has_motor;
} cb2_revolute;

typedef struct {
  int32_t body_a, body_b;
  bool has_limits;
  float lower, upper;      // limits of b's origin along a's x axis
} cb2_slide;

// Fills Box2D's global contact table, which is not thread-safe; call it first, and only once.
void cb2_prepare(void);

cb2_world *_Nullable cb2_world_create(float gravity_x, float gravity_y);
void cb2_world_destroy(cb2_world *_Nonnull world);

int32_t cb2_add_static_body(cb2_world *_Nonnull world);
// The velocity in `state` is that of the body's origin until a shape or a mass moves the centre.
int32_t cb2_add_dynamic_body(
    cb2_world *_Nonnull world, cb2_body_state state, bool may_sleep);
// Adds a convex polygon of 3 to 8 vertices, given as alternating x and y.
void cb2_add_polygon(
    cb2_world *_Nonnull world, int32_t body, const float *_Nonnull vertices, int32_t count,
    cb2_material material);
void cb2_add_box(
    cb2_world *_Nonnull world, int32_t body, float half_width, float half_height,
    cb2_material material);
void cb2_add_edge(
    cb2_world *_Nonnull world, int32_t body, float x1, float y1, float x2, float y2,
    cb2_material material);
// Replaces the mass computed from densities; the inertia is about the body's origin.
void cb2_set_mass(cb2_world *_Nonnull world, int32_t body, cb2_mass mass);
void cb2_set_velocity(cb2_world *_Nonnull world, int32_t body, float vx, float vy, float omega);

int32_t cb2_add_revolute(cb2_world *_Nonnull world, cb2_revolute definition);
// Adds a slide of body b along the x axis of body a, anchored at both origins.
int32_t cb2_add_slide(cb2_world *_Nonnull world, cb2_slide definition);

void cb2_apply_force(cb2_world *_Nonnull world, int32_t body, float fx, float fy);
void cb2_apply_torque(cb2_world *_Nonnull world, int32_t body, float torque);
// Changes the velocities at once, by an impulse at a point of the world.
void cb2_apply_impulse(
    cb2_world *_Nonnull world, int32_t body, float px, float py, float x, float y);
// Sets the target speed and maximum torque of a revolute joint's motor.
void cb2_drive(cb2_world *_Nonnull world, int32_t joint, float speed, float torque);
void cb2_step(
    cb2_world *_Nonnull world, float seconds, int32_t velocity_iterations,
    int32_t position_iterations);

cb2_body_state cb2_get_body(const cb2_world *_Nonnull world, int32_t body);
cb2_mass cb2_get_mass(const cb2_world *_Nonnull world, int32_t body);
// Writes the vertices of the body's first polygon and returns their number, at most 8.
int32_t cb2_get_polygon(
    const cb2_world *_Nonnull world, int32_t body, float *_Nonnull vertices);
// Returns the state of a revolute joint.
cb2_joint_state cb2_get_joint(const cb2_world *_Nonnull world, int32_t joint);

// Returns a flag that any begin-contact event of the body sets and any end-contact event clears.
bool cb2_is_touching(const cb2_world *_Nonnull world, int32_t body);
// Returns whether the body has ever begun a contact.
bool cb2_has_touched(const cb2_world *_Nonnull world, int32_t body);

// Returns whether the body is simulated; one that has hardly moved for half a second sleeps.
bool cb2_is_awake(const cb2_world *_Nonnull world, int32_t body);

// Returns the fraction at which the segment first hits a static body, 1 if it hits none.
float cb2_cast_ray(const cb2_world *_Nonnull world, float x1, float y1, float x2, float y2);
// Does the same for rays from a body's origin, with `offsets` of alternating x and y and every
// x >= 0, in a world whose edges run from left to right at an even spacing. Box2D's broad phase is
// not used, because the edges under a ray are known.
void cb2_cast_fan(
    const cb2_world *_Nonnull world, int32_t body, const double *_Nonnull offsets, int32_t count,
    float *_Nonnull fractions);

// Returns a hash of all state that determines the world's future and that Box2D exposes.
uint64_t cb2_hash(const cb2_world *_Nonnull world);

// Returns one of the three numbers of the loaded library's version.
int32_t cb2_version(int32_t part);

#ifdef __cplusplus
}
#endif

#endif
