#ifndef CLANES_LANES_H
#define CLANES_LANES_H

#include "island.h"

// What is compiled once for each instruction set, in two widths of one and of two registers.

enum {
  // Most lanes of any version.
  MOST_LANES = 32,
  // Most contacts of one world in the lanes; worlds with more are solved alone.
  WORLD_SLOTS = 10,
  // Position iterations of a whole block; the worlds that need more are packed into new blocks.
  COMMON_PUSHES = 3,
  // Fewest impacts for which lanes pay.
  FEWEST_IMPACTS = 3,
};

// Bodies in the order of Box2D's search through an island of waking bodies: front lower and upper
// segment, hull, rear upper and lower segment; and the hinges in the order in which it meets them.
static const int kBodyOrder[BODIES] = {4, 3, 0, 1, 2};
static const int kHingeOrder[HINGES] = {3, 2, 0, 1};

// A world on its way through the lanes.
typedef struct {
  world *world;
  motion motions[BODIES];
  // The contacts, in the order of the search.
  constraint constraints[WORLD_SLOTS];
  int32_t constraint_count;
  // Position iterations that are left; negative once the positions are solved.
  int32_t pushes_left;
  uint64_t sort_key;
} lane_world;

typedef struct {
  const char *name;
  int32_t narrow, wide;
  // Solves velocities, integrates, and pushes positions a few times.
  void (*solve_narrow)(lane_world *const *worlds, int32_t count);
  void (*solve_wide)(lane_world *const *worlds, int32_t count);
  // Pushes the positions of worlds that need it, at most so many times more.
  void (*push_narrow)(lane_world *const *worlds, int32_t count, int32_t most);
  // Solves the velocities after impacts, of at most `narrow` worlds.
  void (*solve_impacts)(impact *const *impacts, int32_t count);
  void (*sines_and_cosines)(int32_t count, const float *angles, float *sines, float *cosines);
  void (*cast_fan)(
      const world *w, point origin, const double *offsets, int32_t count, float *fractions);
} lanes_table;

#if __x86_64__
extern const lanes_table cl_table_v4, cl_table_v3;
#endif
extern const lanes_table cl_table_baseline;

const lanes_table *lanes_chosen(void);


#endif
