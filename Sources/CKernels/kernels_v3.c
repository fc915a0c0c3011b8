// AVX2 with fused multiply-add: 16 registers of 8 floats.
#include "table.h"
#if __x86_64__
#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v3"), min_vector_width(256))), apply_to = function)
#define CK_TABLE ck_table_v3
#define CK_NAME "v3"
#define CK_FUSED 1
#define LANES 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define COPIED_WEIGHTS (1 << 18)
#define COPIED_GRADIENT (1 << 18)
#define DOT_BLOCK 4
#include "kernels_impl.h"
#pragma clang attribute pop
#include "table_impl.h"
#endif
