#ifndef CLANES_H
#define CLANES_H

// Many two-legged walkers, stepped together in the lanes of vector registers.
//
// A world is five bodies on four hinges above a static ground, as the walker environments build it
// with Box2D.  Its arithmetic and every order in it follow Box2D 2.4.1 (MIT licence, Erin Catto),
// so that a step has the same bits as Debian's libbox2d; the documentation of `Physics` says how.
// Every lane is one world; which worlds are stepped together changes no bit.
//
// Units are metres, kilograms, seconds and radians.  Different worlds may be used by different
// threads at the same time.

#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
  /// Bodies: the hull, then the upper and lower segment of the rear and of the front leg.
  CL_BODIES = 5,
  /// Hinges: hip and knee of the rear leg, then of the front leg.
  CL_HINGES = 4,
  /// Greatest number of points of the ground's line.
  CL_COLUMNS = 200,
  /// Greatest number of quadrilaterals on it.
  CL_OBSTACLES = 48,
};

typedef struct {
  float x, y;
} cl_point;

/// A convex shape: a polygon of 3 to 8 vertices, or with a count of 0 a box of half sizes
/// `vertices[0]`.
typedef struct {
  int32_t count;
  cl_point vertices[8];
  float friction;
} cl_shape;

/// A hinge between two bodies, with a motor and limits.
typedef struct {
  int32_t first, second;
  cl_point first_anchor, second_anchor;
  float reference_angle, lower, upper;
} cl_hinge;

/// What all worlds have in common.
typedef struct {
  cl_shape shapes[CL_BODIES];
  cl_hinge hinges[CL_HINGES];
  /// Positions and angles from which the bodies start, at rest.
  cl_point positions[CL_BODIES];
  float angles[CL_BODIES];
  float seconds;
  int32_t velocity_iterations, position_iterations;
} cl_model;

/// What an episode is started with.
typedef struct {
  float gravity, ground_friction;
  float densities[CL_BODIES];
  /// Force on the hull in the first step, along x.
  float hull_force;
  int32_t column_count, obstacle_count;
  const cl_point *columns;
  /// Four vertices of each.
  const cl_point *obstacles;
} cl_start;

/// The position of a body's origin, and the velocity of its centre of mass.
typedef struct {
  float x, y, angle, vx, vy, omega;
} cl_body_state;

typedef struct cl_worlds cl_worlds;

/// Makes empty worlds; NULL without memory.
cl_worlds *_Nullable cl_create(int32_t count, const cl_model *model);
void cl_destroy(cl_worlds *worlds);

/// Starts an episode in a world, before its first step.
void cl_start_world(cl_worlds *worlds, int32_t world, const cl_start *start);

/// Sets the target speed and the greatest torque of a hinge's motor.
void cl_drive(cl_worlds *worlds, int32_t world, int32_t hinge, float speed, float torque);
/// Applies a force to a body's centre of mass during the next step.
void cl_apply_force(cl_worlds *worlds, int32_t world, int32_t body, float fx, float fy);

/// Steps the given worlds, each of which must have been started and may appear once.
void cl_step(cl_worlds *worlds, const int32_t *indices, int32_t count);

cl_body_state cl_get_body(const cl_worlds *worlds, int32_t world, int32_t body);
float cl_get_hinge_angle(const cl_worlds *worlds, int32_t world, int32_t hinge);
float cl_get_hinge_speed(const cl_worlds *worlds, int32_t world, int32_t hinge);
/// A flag that any begin-contact event of the body sets and any end-contact event clears.
bool cl_is_touching(const cl_worlds *worlds, int32_t world, int32_t body);
/// Whether the body has ever begun a contact.
bool cl_has_touched(const cl_worlds *worlds, int32_t world, int32_t body);
/// Whether the body is simulated rather than asleep.
bool cl_is_awake(const cl_worlds *worlds, int32_t world, int32_t body);

/// Casts `count` rays, at most 16, from a body's origin: `offsets` has their x, each at least 0, and
/// y in turn.  Writes the fraction at which each first hits the ground, 1 if it hits nothing.
void cl_cast_fan(
    const cl_worlds *worlds, int32_t world, int32_t body, const double *offsets, int32_t count,
    float *fractions);

/// The hash of all state that determines a world's future: the number that `cb2_hash` computes of
/// the same world.
uint64_t cl_hash(const cl_worlds *worlds, int32_t world);

/// Sines and cosines of any number of angles, as the lanes compute them.
void cl_sines_and_cosines(int32_t count, const float *angles, float *sines, float *cosines);

/// Name of the version in use: "v4", "v3" or "baseline".
const char *cl_instruction_set(void);
/// Number of worlds from which on stepping them together costs least for each.
int32_t cl_block_size(void);
/// Makes the calling thread use another version, for tests; NULL restores the default.  Returns
/// false, without any effect, if this CPU lacks that version.
bool cl_select(const char *_Nullable name);

/// What the calling thread's steps and shortcuts were; for tests.
typedef struct {
  int64_t impacts_skipped, impacts_computed, manifolds_skipped, manifolds_computed;
  /// Shortcuts that would have changed a result; counted only while `cl_check_shortcuts` is on.
  int64_t wrong;
  int64_t lane_steps, single_steps;
} cl_counts;
void cl_check_shortcuts(bool on);
/// Lets the calling thread's worlds with more contacts than this be solved alone; for tests.
void cl_limit_contacts(int32_t most);
cl_counts cl_take_counts(void);

#pragma clang assume_nonnull end

#endif
