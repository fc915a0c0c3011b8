// What every CPU of the architecture has: registers of 4 floats.
#include <string.h>

#include "lanes.h"
#include "lane_math.h"
#define LANES 4
#define NAME(name) narrow_##name
#include "lane_width.h"
#define LANES 8
#define NAME(name) wide_##name
#include "lane_width.h"
const lanes_table cl_table_baseline = {
  .name = "baseline",
  .narrow = 4,
  .wide = 8,
  .solve_narrow = narrow_solve,
  .solve_wide = wide_solve,
  .push_narrow = narrow_push_rest,
  .solve_impacts = narrow_solve_impacts,
  .sines_and_cosines = sines_and_cosines,
  .cast_fan = cast_fan,
};
