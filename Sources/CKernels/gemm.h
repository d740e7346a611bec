// General products for training: c = a b (+ c), any operand transposed. Part of version.h.
//
// Every element of c is one chain of fused multiply-adds, k ascending, so no tiling changes a bit.
// Panels of b are copied to scratch, 16 columns wide; rows of a are read where they lie, or copied
// when they lie across.
//
//     c [m, n]   tiles of GEMM_ROWS by 16 * GEMM_VECTORS, in registers
//     a [m, k]   GEMM_BLOCK_M rows by GEMM_BLOCK_K stay in the second cache
//     b [k, n]   GEMM_BLOCK_K by one tile's columns stay in the first

enum { GEMM_COLUMNS = 16 * GEMM_VECTORS };

// One tile of c: `rows` rows, all columns of the panel; `last` columns of it exist.
#define GEMM_TILE(ROWS)                                                                            \
    static void gemm_tile_##ROWS(size_t k, const float* a, size_t a_row, size_t a_step,           \
                                 const float* panel, float* c, size_t c_stride, size_t columns,   \
                                 bool keeps) {                                                     \
        v16 sums[ROWS][GEMM_VECTORS];                                                              \
        float edge[ROWS][GEMM_COLUMNS] __attribute__((aligned(64)));                               \
        bool whole = columns == GEMM_COLUMNS;                                                      \
        if (keeps && !whole) {                                                                     \
            memset(edge, 0, sizeof edge);                                                          \
            for (int i = 0; i < ROWS; i++) {                                                       \
                memcpy(edge[i], c + (size_t)i * c_stride, columns * sizeof(float));                \
            }                                                                                      \
        }                                                                                          \
        UNROLL for (int i = 0; i < ROWS; i++) {                                                    \
            const float* from = whole ? c + (size_t)i * c_stride : edge[i];                        \
            UNROLL for (int j = 0; j < GEMM_VECTORS; j++) {                                        \
                sums[i][j] = keeps ? load(from + j * 16) : spread(0.0f);                           \
            }                                                                                      \
        }                                                                                          \
        for (size_t p = 0; p < k; p++) {                                                           \
            v16 b[GEMM_VECTORS];                                                                   \
            UNROLL for (int j = 0; j < GEMM_VECTORS; j++) {                                        \
                b[j] = load(panel + j * 16);                                                       \
            }                                                                                      \
            UNROLL for (int i = 0; i < ROWS; i++) {                                                \
                v16 x = spread(a[(size_t)i * a_row]);                                              \
                UNROLL for (int j = 0; j < GEMM_VECTORS; j++) {                                    \
                    sums[i][j] = fma16(x, b[j], sums[i][j]);                                       \
                }                                                                                  \
            }                                                                                      \
            panel += GEMM_COLUMNS;                                                                 \
            a += a_step;                                                                           \
        }                                                                                          \
        UNROLL for (int i = 0; i < ROWS; i++) {                                                    \
            float* to = whole ? c + (size_t)i * c_stride : edge[i];                                \
            UNROLL for (int j = 0; j < GEMM_VECTORS; j++) {                                        \
                store(to + j * 16, sums[i][j]);                                                    \
            }                                                                                      \
        }                                                                                          \
        if (!whole) {                                                                              \
            for (int i = 0; i < ROWS; i++) {                                                       \
                memcpy(c + (size_t)i * c_stride, edge[i], columns * sizeof(float));                \
            }                                                                                      \
        }                                                                                          \
    }

GEMM_TILE(1)
GEMM_TILE(2)
GEMM_TILE(3)
GEMM_TILE(4)
GEMM_TILE(5)
GEMM_TILE(6)
#if GEMM_ROWS > 6
GEMM_TILE(8)
GEMM_TILE(12)
#endif
#undef GEMM_TILE

// Rows of c from `begin` on, as many as one tile takes; returns how many those were.
static size_t gemm_rows(size_t rows, size_t k, const float* a, size_t a_row, size_t a_step,
                        const float* panel, float* c, size_t c_stride, size_t columns,
                        bool keeps) {
#define GEMM_CASE(ROWS)                                                                            \
    gemm_tile_##ROWS(k, a, a_row, a_step, panel, c, c_stride, columns, keeps);                    \
    return ROWS
#if GEMM_ROWS > 6
    if (rows >= 12) {
        GEMM_CASE(12);
    }
    if (rows >= 8) {
        GEMM_CASE(8);
    }
#endif
    switch (rows < 6 ? rows : 6) {
    case 6:
        GEMM_CASE(6);
    case 5:
        GEMM_CASE(5);
    case 4:
        GEMM_CASE(4);
    case 3:
        GEMM_CASE(3);
    case 2:
        GEMM_CASE(2);
    default:
        GEMM_CASE(1);
    }
#undef GEMM_CASE
}

// A panel of b: `k` rows of GEMM_COLUMNS, of which `columns` exist and the rest is 0.
static void gemm_pack_b(const float* b, size_t b_row, size_t b_column, size_t k, size_t columns,
                        float* panel) {
    if (b_column == 1) {
        for (size_t p = 0; p < k; p++) {
            const float* from = b + p * b_row;
            float* to = panel + p * GEMM_COLUMNS;
            if (columns == GEMM_COLUMNS) {
                memcpy(to, from, GEMM_COLUMNS * sizeof(float));
            } else {
                memset(to, 0, GEMM_COLUMNS * sizeof(float));
                memcpy(to, from, columns * sizeof(float));
            }
        }
        return;
    }
    for (size_t column = 0; column < GEMM_COLUMNS; column++) {
        const float* from = b + column * b_column;
        for (size_t p = 0; p < k; p++) {
            panel[p * GEMM_COLUMNS + column] = column < columns ? from[p * b_row] : 0.0f;
        }
    }
}

// Rows of a that lie across, side by side: `k` times `rows`.
static void gemm_pack_a(const float* a, size_t a_step, size_t k, size_t rows, float* out) {
    for (size_t p = 0; p < k; p++) {
        memcpy(out + p * rows, a + p * a_step, rows * sizeof(float));
    }
}

static void gemm(const ck_gemm_args* args) {
    float* panel = args->scratch;
    float* across = panel + GEMM_BLOCK_K * GEMM_COLUMNS;
    for (size_t row = args->row_begin; row < args->row_end; row += GEMM_BLOCK_M) {
        size_t rows = args->row_end - row;
        rows = rows < GEMM_BLOCK_M ? rows : GEMM_BLOCK_M;
        for (size_t first = 0; first < args->k; first += GEMM_BLOCK_K) {
            size_t k = args->k - first;
            k = k < GEMM_BLOCK_K ? k : GEMM_BLOCK_K;
            const float* a = args->a + row * args->a_row + first * args->a_column;
            size_t a_row = args->a_row, a_step = args->a_column;
            if (args->a_row == 1 && args->a_column != 1) {
                gemm_pack_a(a, args->a_column, k, rows, across);
                a = across;
                a_step = rows;
            }
            bool keeps = args->accumulate || first > 0;
            for (size_t column = args->column_begin; column < args->column_end;
                 column += GEMM_COLUMNS) {
                size_t columns = args->column_end - column;
                columns = columns < GEMM_COLUMNS ? columns : GEMM_COLUMNS;
                gemm_pack_b(args->b + first * args->b_row + column * args->b_column, args->b_row,
                            args->b_column, k, columns, panel);
                for (size_t done = 0; done < rows;) {
                    done += gemm_rows(rows - done, k, a + done * a_row, a_row, a_step, panel,
                                      args->c + (row + done) * args->c_stride + column,
                                      args->c_stride, columns, keeps);
                }
            }
        }
    }
}

// Chains of multiply-adds that only the number of units and their clock hold up.
static size_t multiply_adds(size_t rounds, float* out) {
    v16 sums[GEMM_ROWS], factor = spread(0.999f), term = spread(out[0]);
    for (int i = 0; i < GEMM_ROWS; i++) {
        sums[i] = spread((float)i);
    }
    for (size_t round = 0; round < rounds; round++) {
        UNROLL for (int i = 0; i < GEMM_ROWS; i++) {
            sums[i] = fma16(sums[i], factor, term);
        }
    }
    for (int i = 1; i < GEMM_ROWS; i++) {
        sums[0] += sums[i];
    }
    out[0] = total(sums[0]);
    return rounds * 2 * LANES * GEMM_ROWS;
}
