// AVX-512: 32 registers of 16 floats.
#include "table.h"
#if __x86_64__
#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define CK_TABLE ck_table_v4
#define CK_NAME "v4"
#define CK_FUSED 1
#define LANES 16
#define TILE_ROWS 6
#define TILE_VECTORS 4
#define COPIED_WEIGHTS (3 << 19)
#define COPIED_GRADIENT (1 << 19)
#define DOT_BLOCK 16
#include "kernels_impl.h"
#pragma clang attribute pop
#include "table_impl.h"
#endif
