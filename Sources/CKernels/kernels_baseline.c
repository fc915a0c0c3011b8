// What every CPU of the architecture has: SSE2 (16 registers of 4 floats, no fused multiply-add) or
// NEON (32 registers of 4 floats, fused).
#include "table.h"
#define CK_TABLE ck_table_baseline
#define CK_NAME "baseline"
#define LANES 4
#define COPIED_WEIGHTS (1 << 18)
#define COPIED_GRADIENT (1 << 18)
#define DOT_BLOCK 4
#if __aarch64__
#define CK_FUSED 1
#define TILE_ROWS 6
#define TILE_VECTORS 4
#else
#define CK_FUSED 0
#define TILE_ROWS 4
#define TILE_VECTORS 2
#endif
#include "kernels_impl.h"
#include "table_impl.h"
