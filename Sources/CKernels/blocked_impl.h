// Products of wide layers: blocks of B are copied to consecutive memory, and A where it is read by
// columns.
//
// Without copies, a tile reads B at steps of a whole row: with rows of 4 KB each step needs another page
// and few sets of the caches.  The chains of the sums go on through memory from block to block, so
// blocks change no result.

// Transposes 16 × 16 elements; rows at and behind `rows` count as zero.
INLINE void transpose_16(long rows, const float *src, long ldsrc, float *dst, long lddst, long n) {
  vec16 a[16], b[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) a[i] = i < rows ? load(src + i * ldsrc) : splat(0);
  // Four rounds of interleaving row i with row i + 8 transpose the block.
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; i++) {
      b[2 * i] = __builtin_shufflevector(
          a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      b[2 * i + 1] = __builtin_shufflevector(
          a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) a[i] = b[i];
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++)
    if (i < n) store(dst + i * lddst, a[i]);
}

static void transpose(
    long rows, long columns, const float *src, long ldsrc, float *dst, long lddst) {
  for (long i = 0; i < rows; i += 16)
    for (long j = 0; j < columns; j += 16)
      transpose_16(rows - i, src + i * ldsrc + j, ldsrc, dst + j * lddst + i, lddst, columns - j);
}

// Steps of k in a block of B, its columns, and rows of a block of A: a multiple of 16 and of every
// tile's rows.  A block of B is 64 KB.
#define BLOCK_DEPTH 256
#define BLOCK_WIDTH 64
#define BLOCK_ROWS 288
// Distance between rows of A's copy: rows that lie 1 KB apart would share few sets of the caches.
#define COPY_STRIDE (BLOCK_DEPTH + 16)

// Whether copies cost less than they save, for a B or C of n · k floats: always for those that no
// second-level cache holds, and from `size` on (COPIED_WEIGHTS or COPIED_GRADIENT, measured for each
// instruction set) for many rows, which share the copies.
INLINE bool pays_to_copy(long rows, long n, long k, long size) {
  return n * k >= 3 << 19 || (n * k >= size && rows >= 32);
}

// Copies some rows and columns, a multiple of 16, as panels of BLOCK_COLUMNS one after another.
INLINE void copy_panels(long rows, long columns, const float *b, long ldb, float *copy) {
  for (long p = 0; p < rows; p++)
    for (long j = 0; j < columns; j += BLOCK_COLUMNS) {
      const long width = lesser(columns - j, BLOCK_COLUMNS);
      for (long l = 0; l < width; l += 16)
        store(copy + j * rows + p * width + l, load(b + p * ldb + j + l));
    }
}

// Rows from `first` on and columns from `j` on of C = beside + A · B, with a copied block of B.
INLINE void multiply_block(
    long first, long m, long j, long columns, long k, const float *a, long lda, const float *block,
    const float *beside, long lds, float *c, long ldc, const epilogue *e, lookahead *ahead) {
  for (long l = 0; l < columns; l += BLOCK_COLUMNS) {
    const long width = lesser(columns - l, BLOCK_COLUMNS);
    multiply_columns(
        nn_tiles, first, m, j + l, width, k, a, lda, lda, block + l * k, width, beside, lds, c, ldc,
        e, ahead);
  }
}

// C[m × n] = beside + A · B with copied blocks of B; a block of C stays cached while k runs.
static void multiply_blocks(
    long m, long n, long k, const float *a, long lda, const float *b, long ldb, const float *beside,
    long lds, float *c, long ldc, const epilogue *e) {
  float block[BLOCK_DEPTH * BLOCK_WIDTH] __attribute__((aligned(64)));
  const epilogue none = {.kind = KEEP};
  const long padded = (n + 15) / 16 * 16;
  for (long i = 0; i < m; i += BLOCK_ROWS) {
    const long rows = lesser(m - i, BLOCK_ROWS);
    const long tiles = (BLOCK_WIDTH / BLOCK_COLUMNS) * (rows / TILE_ROWS + 1);
    for (long j = 0; j < padded; j += BLOCK_WIDTH) {
      const long columns = lesser(padded - j, BLOCK_WIDTH);
      for (long p = 0; p < k; p += BLOCK_DEPTH) {
        const long depth = lesser(k - p, BLOCK_DEPTH);
        const bool is_last = p + depth == k;
        copy_panels(depth, columns, b + p * ldb + j, ldb, block);
        const long next_p = is_last ? 0 : p + depth, next_j = is_last ? j + BLOCK_WIDTH : j;
        lookahead ahead = {
          .next = b + next_p * ldb + next_j,
          .ldnext = ldb,
          .columns = lesser(padded - next_j, BLOCK_WIDTH),
          .rows = next_j < padded ? lesser(k - next_p, BLOCK_DEPTH) : 0,
          .rows_per_tile = BLOCK_DEPTH / tiles + 1,
        };
        multiply_block(
            i, rows, j, columns, depth, a + i * lda + p, lda, block, p > 0 ? c : beside,
            p > 0 ? ldc : lds, c, ldc, is_last ? e : &none, &ahead);
      }
    }
  }
}

// C[m × n] = beside + Aᵀ · B with copied blocks of A and B; A is [k × m].
static void multiply_transposed_blocks(
    long m, long n, long k, const float *a, long lda, const float *b, long ldb, const float *beside,
    long lds, float *c, long ldc) {
  float block[BLOCK_DEPTH * BLOCK_WIDTH] __attribute__((aligned(64)));
  float transposed[BLOCK_ROWS * COPY_STRIDE] __attribute__((aligned(64)));
  const epilogue none = {.kind = KEEP};
  const long padded = (n + 15) / 16 * 16;
  for (long p = 0; p < k; p += BLOCK_DEPTH) {
    const long depth = lesser(k - p, BLOCK_DEPTH);
    for (long i = 0; i < m; i += BLOCK_ROWS) {
      const long rows = lesser(m - i, BLOCK_ROWS);
      transpose(depth, rows, a + p * lda + i, lda, transposed, COPY_STRIDE);
      for (long j = 0; j < padded; j += BLOCK_WIDTH) {
        const long columns = lesser(padded - j, BLOCK_WIDTH);
        copy_panels(depth, columns, b + p * ldb + j, ldb, block);
        multiply_block(
            i, rows, j, columns, depth, transposed, COPY_STRIDE, block, p > 0 ? c : beside,
            p > 0 ? ldc : lds, c, ldc, &none, NULL);
      }
    }
  }
}
