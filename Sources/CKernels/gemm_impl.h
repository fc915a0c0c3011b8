// Register tiles of a matrix product, and the loop over them.
//
// A tile is TILE_ROWS × TILE_VECTORS registers that stay in registers while k runs; B is read
// through the caches unpacked, A one broadcast element at a time.  Every element of C is the chain
// fma(a[k], b[k], … fma(a[0], b[0], initial)), whatever the tile it falls in.

typedef float vec __attribute__((ext_vector_type(LANES)));

#define MAXIMUM_ROWS 12

// What a tile does to its sums while they are still in registers.
enum { KEEP_SUMS, RECTIFY, RECTIFIER_SLOPE };

// C[R × V·LANES] = beside + A · B.  The element (i, p) of A is a[i · a_row + p · a_step].
//
// RECTIFY applies ReLU to the result.  With RECTIFIER_SLOPE the sums start at zero and are
// multiplied by the slope of ReLU, for which `beside` holds the activated values.
INLINE void tile(
    const int end, const int R, const int V, long k, const float *a, long a_row, long a_step,
    const float *b, long ldb, const float *beside, long lds, float *c, long ldc) {
  vec sum[MAXIMUM_ROWS][TILE_VECTORS];  // R × V of it; a variable size would force it to memory
#pragma clang loop unroll(full)
  for (int i = 0; i < R; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < V; j++)
      sum[i][j] = end != RECTIFIER_SLOPE && beside ? *(const vec *)(beside + i * lds + j * LANES)
                                                   : (vec)0.0f;
#pragma clang loop unroll_count(2)
  for (long p = 0; p < k; p++) {
    vec row[TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int j = 0; j < V; j++) row[j] = *(const vec *)(b + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < R; i++) {
      vec element = (vec)a[i * a_row];
#pragma clang loop unroll(full)
      for (int j = 0; j < V; j++) sum[i][j] = FMA(element, row[j], sum[i][j]);
    }
    a += a_step;
    b += ldb;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < R; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < V; j++) {
      vec result = sum[i][j];
      if (end == RECTIFY) result = result < (vec)0.0f ? (vec)0.0f : result;
      if (end == RECTIFIER_SLOPE)
        result *= *(const vec *)(beside + i * lds + j * LANES) > (vec)0.0f ? (vec)1.0f : (vec)0.0f;
      *(vec *)(c + i * ldc + j * LANES) = result;
    }
}

typedef void tile_function(
    long k, const float *a, long lda, const float *b, long ldb, const float *beside, long lds,
    float *c, long ldc);

#define DEFINE_ONE(kind, end, R, V, a_row, a_step) \
  static __attribute__((noinline)) void kind##_##R##_##V( \
      long k, const float *a, long lda, const float *b, long ldb, const float *beside, long lds, \
      float *c, long ldc) { \
    tile(end, R, V, k, a, a_row, a_step, b, ldb, beside, lds, c, ldc); \
  }

// A read by rows (nn) and by columns (tn).
#define DEFINE_TILE(R, V) \
  DEFINE_ONE(nn, KEEP_SUMS, R, V, lda, 1) \
  DEFINE_ONE(nn_rectify, RECTIFY, R, V, lda, 1) \
  DEFINE_ONE(nn_slope, RECTIFIER_SLOPE, R, V, lda, 1) \
  DEFINE_ONE(tn, KEEP_SUMS, R, V, 1, lda)

// Tiles of one width: `tallest` rows at a time, the rest in pieces of at most `TILE_ROWS`.
typedef struct {
  int tallest;
  tile_function *rows[MAXIMUM_ROWS + 1];
} tile_family;

#if TILE_ROWS == 6
#define DEFINE_TILES(V) \
  DEFINE_TILE(1, V) DEFINE_TILE(2, V) DEFINE_TILE(3, V) DEFINE_TILE(4, V) DEFINE_TILE(5, V) \
  DEFINE_TILE(6, V)
#define LOW_TILES(kind, V) \
  [1] = kind##_1_##V, [2] = kind##_2_##V, [3] = kind##_3_##V, [4] = kind##_4_##V, \
  [5] = kind##_5_##V, [6] = kind##_6_##V
#else
#define DEFINE_TILES(V) DEFINE_TILE(1, V) DEFINE_TILE(2, V) DEFINE_TILE(3, V) DEFINE_TILE(4, V)
#define LOW_TILES(kind, V) \
  [1] = kind##_1_##V, [2] = kind##_2_##V, [3] = kind##_3_##V, [4] = kind##_4_##V
#endif

// Rows are padded to 16 floats, so narrower tiles are needed only where a tile is wider than that;
// they are taller instead, to keep enough independent chains in flight.
#if TILE_VECTORS * LANES == 64
DEFINE_TILES(1)
DEFINE_TILE(12, 1)
DEFINE_TILES(2)
DEFINE_TILE(12, 2)
DEFINE_TILES(3)
DEFINE_TILE(8, 3)
DEFINE_TILES(4)
#define FAMILIES(kind) \
  { \
    [1] = {12, {LOW_TILES(kind, 1), [12] = kind##_12_1}}, \
    [2] = {12, {LOW_TILES(kind, 2), [12] = kind##_12_2}}, \
    [3] = {8, {LOW_TILES(kind, 3), [8] = kind##_8_3}}, [4] = {6, {LOW_TILES(kind, 4)}}, \
  }
#elif TILE_VECTORS == 4
DEFINE_TILES(4)
#define FAMILIES(kind) { [4] = {TILE_ROWS, {LOW_TILES(kind, 4)}} }
#else
DEFINE_TILES(2)
#define FAMILIES(kind) { [2] = {TILE_ROWS, {LOW_TILES(kind, 2)}} }
#endif

static const tile_family nn_tiles[TILE_VECTORS + 1] = FAMILIES(nn);
static const tile_family nn_rectify_tiles[TILE_VECTORS + 1] = FAMILIES(nn_rectify);
static const tile_family nn_slope_tiles[TILE_VECTORS + 1] = FAMILIES(nn_slope);
static const tile_family tn_tiles[TILE_VECTORS + 1] = FAMILIES(tn);

// What happens to a tile that has just been written.
typedef struct {
  enum { KEEP, ACTIVATE, MULTIPLY_BY_SLOPE } kind;
  int activation;
  const float *saved;  // MULTIPLY_BY_SLOPE: what the slope is computed from
  long ldsaved;
  float *output;  // ACTIVATE: where the activated values go; the tile itself if nothing is kept
  long ldoutput;
} epilogue;

INLINE void activate_block(
    int activation, long rows, long columns, const float *src, long ldsrc, float *dst,
    long lddst) {
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j += 16)
      store(dst + i * lddst + j, activation_value(activation, load(src + i * ldsrc + j)));
}

INLINE void slope_block(
    int activation, long rows, long columns, const float *saved, long ldsaved, const float *dy,
    long lddy, float *dz, long lddz) {
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < columns; j += 16)
      store(
          dz + i * lddz + j,
          load(dy + i * lddy + j) * activation_slope(activation, load(saved + i * ldsaved + j)));
}

// The switch stands outside the loops: each case is a loop of its own.
static void activate_rows(
    int activation, long rows, long columns, const float *src, long ldsrc, float *dst,
    long lddst) {
  switch (activation) {
    case CK_TANH: activate_block(CK_TANH, rows, columns, src, ldsrc, dst, lddst); break;
    case CK_RELU: activate_block(CK_RELU, rows, columns, src, ldsrc, dst, lddst); break;
    case CK_ELU: activate_block(CK_ELU, rows, columns, src, ldsrc, dst, lddst); break;
    case CK_SILU: activate_block(CK_SILU, rows, columns, src, ldsrc, dst, lddst); break;
    default: activate_block(CK_IDENTITY, rows, columns, src, ldsrc, dst, lddst); break;
  }
}

static void slope_rows(
    int activation, long rows, long columns, const float *saved, long ldsaved, const float *dy,
    long lddy, float *dz, long lddz) {
  switch (activation) {
    case CK_TANH: slope_block(CK_TANH, rows, columns, saved, ldsaved, dy, lddy, dz, lddz); break;
    case CK_RELU: slope_block(CK_RELU, rows, columns, saved, ldsaved, dy, lddy, dz, lddz); break;
    case CK_ELU: slope_block(CK_ELU, rows, columns, saved, ldsaved, dy, lddy, dz, lddz); break;
    case CK_SILU: slope_block(CK_SILU, rows, columns, saved, ldsaved, dy, lddy, dz, lddz); break;
    default: slope_block(CK_IDENTITY, rows, columns, saved, ldsaved, dy, lddy, dz, lddz); break;
  }
}

INLINE void finish(const epilogue *e, long i, long j, long rows, long columns, float *c, long ldc) {
  float *written = c + i * ldc + j;
  if (e->kind == ACTIVATE)
    activate_rows(
        e->activation, rows, columns, written, ldc, e->output + i * e->ldoutput + j, e->ldoutput);
  else if (e->kind == MULTIPLY_BY_SLOPE)
    slope_rows(
        e->activation, rows, columns, e->saved + i * e->ldsaved + j, e->ldsaved, written, ldc,
        written, ldc);
}

// Columns that are computed before the next ones are begun.  The epilogue works on 16 at least, which
// is two tiles with SSE2.
#define TILE_WIDTH (TILE_VECTORS * LANES)
#define BLOCK_COLUMNS (TILE_WIDTH < 16 ? 16 : TILE_WIDTH)

INLINE long lesser(long a, long b) { return a < b ? a : b; }

// Rows of memory that are read next; a few are fetched into the second-level cache before each
// tile, so that they cost no time of their own.
typedef struct {
  const float *next;
  long ldnext, columns, rows, rows_per_tile;
} lookahead;

INLINE void look_ahead(lookahead *ahead) {
  const long rows = lesser(ahead->rows, ahead->rows_per_tile);
  for (long p = 0; p < rows; p++, ahead->next += ahead->ldnext)
    for (long j = 0; j < ahead->columns; j += 16) __builtin_prefetch(ahead->next + j, 0, 2);
  ahead->rows -= rows;
}

// Rows from `first` on and columns from `j` on of C = beside + A · B; `a` and `b` start there.
INLINE void multiply_columns(
    const tile_family *tiles, long first, long m, long j, long columns, long k, const float *a,
    long a_row, long lda, const float *b, long ldb, const float *beside, long lds, float *c,
    long ldc, const epilogue *e, lookahead *ahead) {
  const long step = lesser(columns, TILE_WIDTH);
  const tile_family *family = tiles + step / LANES;
  for (long i = first; i < first + m;) {
    long rows = first + m - i;
    if (rows >= family->tallest)
      rows = family->tallest;
    else if (rows > TILE_ROWS)
      rows = TILE_ROWS;
    if (ahead) look_ahead(ahead);
    for (long l = 0; l < columns; l += step)
      family->rows[rows](
          k, a + (i - first) * a_row, lda, b + l, ldb, beside ? beside + i * lds + j + l : beside,
          lds, c + i * ldc + j + l, ldc);
    finish(e, i, j, rows, columns, c, ldc);
    i += rows;
  }
}

// C[m × n] = beside + A · B by tiles, column blocks outermost so that a block of B stays cached.
// `tiles` says how A is read and how a tile ends, `a_row` is the distance between A's rows in
// floats; `n` is rounded up to the padding of the rows of B and C.
INLINE void multiply(
    const tile_family *tiles, long m, long n, long k, const float *a, long a_row, long lda,
    const float *b, long ldb, const float *beside, long lds, float *c, long ldc,
    const epilogue *e) {
  const long padded = (n + 15) / 16 * 16;
  for (long j = 0; j < padded; j += BLOCK_COLUMNS)
    multiply_columns(
        tiles, 0, m, j, lesser(padded - j, BLOCK_COLUMNS), k, a, a_row, lda, b + j, ldb, beside,
        lds, c, ldc, e, NULL);
}
