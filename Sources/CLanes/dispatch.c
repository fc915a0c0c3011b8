#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lanes.h"

static const lanes_table *chosen = &cl_table_baseline;

// Set by tests that compare versions; other threads keep computing with the chosen one.
static _Thread_local const lanes_table *forced;

const lanes_table *lanes_chosen(void) { return forced != NULL ? forced : chosen; }

static const lanes_table *find(const char *name) {
  if (strcmp(name, "baseline") == 0) return &cl_table_baseline;
#if __x86_64__
  __builtin_cpu_init();
  if (strcmp(name, "v3") == 0 && __builtin_cpu_supports("x86-64-v3")) return &cl_table_v3;
  if (strcmp(name, "v4") == 0 && __builtin_cpu_supports("x86-64-v4")) return &cl_table_v4;
#endif
  return NULL;
}

// Runs before main.  The kernels' environment variable counts here too; they say if it is wrong.
__attribute__((constructor)) static void choose_at_load(void) {
  const char *wanted = getenv("RLSUITE_KERNELS");
  const lanes_table *found = wanted ? find(wanted) : NULL;
  if (found == NULL) found = find("v4");
  if (found == NULL) found = find("v3");
  if (found != NULL) chosen = found;
}

bool cl_select(const char *name) {
  forced = name ? find(name) : NULL;
  return name == NULL || forced != NULL;
}

const char *cl_instruction_set(void) { return lanes_chosen()->name; }

// Two of the widest blocks, so that alike worlds share one and rare work can be packed.
int32_t cl_block_size(void) { return 2 * MOST_LANES; }

void cl_sines_and_cosines(int32_t count, const float *angles, float *sines, float *cosines) {
  lanes_chosen()->sines_and_cosines(count, angles, sines, cosines);
}

void cl_cast_fan(
    const cl_worlds *all, int32_t index, int32_t body_index, const double *offsets, int32_t count,
    float *fractions) {
  const world *w = &all->worlds[index];
  lanes_chosen()->cast_fan(w, w->bodies[body_index].pose.p, offsets, count, fractions);
}
