// AVX2: registers of 8 floats.
#include <string.h>

#include "lanes.h"
#if __x86_64__
#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v3"), min_vector_width(256))), apply_to = function)
#include "lane_math.h"
#define LANES 8
#define NAME(name) narrow_##name
#include "lane_width.h"
#define LANES 16
#define NAME(name) wide_##name
#include "lane_width.h"
#pragma clang attribute pop
const lanes_table cl_table_v3 = {
  .name = "v3",
  .narrow = 8,
  .wide = 16,
  .solve_narrow = narrow_solve,
  .solve_wide = wide_solve,
  .push_narrow = narrow_push_rest,
  .solve_impacts = narrow_solve_impacts,
  .sines_and_cosines = sines_and_cosines,
  .cast_fan = cast_fan,
};
#endif
