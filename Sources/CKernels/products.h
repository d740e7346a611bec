// Matrix products: one token with rows decoded in registers, many with rows decoded to a panel.
// Part of version.h.

static void finish(const ck_matmul_args* a, size_t token, size_t row, float sum) {
    if (a->bias) {
        sum += a->bias[row];
    }
    float* out = a->out + token * a->out_stride + row;
    *out = a->accumulate ? *out + sum : sum;
}

// How far memory is fetched ahead at least.
enum { AHEAD_BYTES = 4096 };

// `rows` rows times one token, decoding in registers.
INLINE void fused(int32_t type, int rows, const ck_matmul_args* a, size_t row) {
    const size_t step = STEP(type), vectors = step / LANES;
    const uint8_t* w = (const uint8_t*)a->w + row * a->row_bytes;
    const float* x = a->x;
    v16 sums[FUSED_ROWS];
    UNROLL for (int r = 0; r < rows; r++) {
        sums[r] = spread(0);
    }
    size_t steps = a->k / step;
    // Memory is fast only where it is read in one ascending stream, and rows side by side are not:
    // the rows that come next are fetched in the order of their addresses.
    const size_t group = (size_t)rows * a->row_bytes;
    const uint8_t* ahead = w + (group < AHEAD_BYTES ? AHEAD_BYTES : group);
    for (size_t i = 0; i < steps; i++) {
        UNROLL for (size_t line = 0; line < (size_t)rows * step_bytes(type); line += 64) {
            __builtin_prefetch(ahead + line, 0, 2);
        }
        ahead += (size_t)rows * step_bytes(type);
        UNROLL for (int r = 0; r < rows; r++) {
            const uint8_t* p = w + (size_t)r * a->row_bytes + i * step_bytes(type);
            v16 decoded[16];
            decode(type, p, decoded);
            UNROLL for (size_t v = 0; v < vectors; v++) {
                sums[r] = fma16(decoded[v], load(x + i * step + v * LANES), sums[r]);
            }
        }
    }
    size_t rest = a->k - steps * step;
    if (type <= CK_BF16 && rest > 0) {
        v16 tail = load_part(x + steps * step, rest, 0);
        for (int r = 0; r < rows; r++) {
            float values[LANES];
            ck_dequantize_ref(type, w + (size_t)r * a->row_bytes + steps * step_bytes(type), rest,
                              values);
            sums[r] = fma16(load_part(values, rest, 0), tail, sums[r]);
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        finish(a, 0, row + (size_t)r, total(sums[r]));
    }
}

#define DEFINE_FUSED(type)                                                                         \
    static void fused_##type(const ck_matmul_args* a) {                                            \
        size_t row = a->row_begin;                                                                 \
        for (; row + FUSED_ROWS <= a->row_end; row += FUSED_ROWS) {                                \
            fused(type, FUSED_ROWS, a, row);                                                       \
        }                                                                                          \
        for (; row < a->row_end; row++) {                                                          \
            fused(type, 1, a, row);                                                                \
        }                                                                                          \
    }
DEFINE_FUSED(CK_F32)
DEFINE_FUSED(CK_F16)
DEFINE_FUSED(CK_BF16)
DEFINE_FUSED(CK_Q8_0)
DEFINE_FUSED(CK_Q4_0)
DEFINE_FUSED(CK_Q4_1)
DEFINE_FUSED(CK_Q5_0)
DEFINE_FUSED(CK_Q5_1)
DEFINE_FUSED(CK_Q2_K)
DEFINE_FUSED(CK_Q3_K)
DEFINE_FUSED(CK_Q4_K)
DEFINE_FUSED(CK_Q5_K)
DEFINE_FUSED(CK_Q6_K)

// Rows are multiplied with several tokens in slices of k, short enough that the slices of a tile's
// rows and tokens stay in the first cache. Between slices the lanes of every sum wait in memory.
typedef struct {
    const float* w; // [vectors, rows, LANES], see `pack`
    const float* x;
    size_t x_stride;
    size_t k;      // elements of the slice
    size_t w_next; // floats from `w` to what the next tile reads
    float* sums;   // [tokens * rows, LANES]
    bool is_first;
    bool is_last;
    const uint8_t* ahead; // to bring to the second cache: ahead_step bytes per vector
    size_t ahead_step;
} tile_args;

INLINE void pack_type(int32_t type, const uint8_t* w, size_t row_bytes, size_t rows, size_t count,
                      float* out) {
    const size_t step = STEP(type), vectors = step / LANES, steps = count / step;
    for (size_t r = 0; r < rows; r++, w += row_bytes) {
        float* p = out + r * LANES;
        for (size_t i = 0; i < steps; i++) {
            v16 decoded[16];
            decode(type, w + i * step_bytes(type), decoded);
            UNROLL for (size_t v = 0; v < vectors; v++) {
                store(p, decoded[v]);
                p += rows * LANES;
            }
        }
        size_t rest = count - steps * step;
        if (type <= CK_BF16 && rest > 0) {
            float values[LANES] = {0};
            ck_dequantize_ref(type, w + steps * step_bytes(type), rest, values);
            store(p, load(values));
        }
    }
}

// Decodes `count` elements of some rows in the order in which a tile of `rows` reads them: the
// first vector of every row, the second... The last is filled up with zeros.
static void pack(int32_t type, const uint8_t* w, size_t row_bytes, size_t rows, size_t count,
                 float* out){
#define ACTION(T) pack_type(T, w, row_bytes, rows, count, out)
    FOR_TYPE(type, ACTION)
#undef ACTION
}

// Adds bias and results, `rows` of one token.
INLINE void finish_rows(int rows, const ck_matmul_args* a, size_t token, size_t row,
                        const float* sums) {
    typedef float v4 __attribute__((vector_size(16)));
    if (rows != 4) {
        UNROLL for (int r = 0; r < rows; r++) {
            finish(a, token, row + (size_t)r, sums[r]);
        }
        return;
    }
    float* out = a->out + token * a->out_stride + row;
    v4 sum, other;
    memcpy(&sum, sums, sizeof sum);
    if (a->bias) {
        memcpy(&other, a->bias + row, sizeof other);
        sum = sum + other;
    }
    if (a->accumulate) {
        memcpy(&other, out, sizeof other);
        sum = other + sum;
    }
    memcpy(out, &sum, sizeof sum);
}

INLINE void tile(int rows, int tokens, const tile_args* t, const ck_matmul_args* a, size_t row,
                 size_t token) {
    enum { MOST = (TILE_ROWS * TILE_TOKENS + LANES - 1) / LANES * LANES };
    const int count = rows * tokens;
    vpart parts[TILE_ROWS * TILE_TOKENS][PARTS];
    UNROLL for (int i = 0; i < count; i++) {
        UNROLL for (int p = 0; p < PARTS; p++) {
            parts[i][p] =
                t->is_first ? (vpart){0} : load_register(t->sums + i * LANES + p * PART_LANES);
        }
    }
    const float* w = t->w;
    const float* x = t->x;
    const float* end = x + t->k / LANES * LANES;
    const uint8_t* ahead = t->ahead;
    for (; x < end; x += LANES, w += rows * LANES) {
        for (size_t line = 0; line < t->ahead_step; line += 64) {
            __builtin_prefetch(ahead + line, 0, 2);
        }
        ahead += t->ahead_step;
        UNROLL for (int r = 0; r < rows; r++) {
            __builtin_prefetch(w + t->w_next + r * LANES);
        }
        UNROLL for (int p = 0; p < PARTS; p++) {
            vpart weights[TILE_ROWS];
            UNROLL for (int r = 0; r < rows; r++) {
                weights[r] = load_register(w + r * LANES + p * PART_LANES);
            }
            UNROLL for (int n = 0; n < tokens; n++) {
                vpart input = load_register(x + (size_t)n * t->x_stride + p * PART_LANES);
                UNROLL for (int r = 0; r < rows; r++) {
                    parts[n * rows + r][p] =
                        __builtin_elementwise_fma(weights[r], input, parts[n * rows + r][p]);
                }
            }
        }
    }
    v16 sums[MOST];
    UNROLL for (int i = 0; i < count; i++) {
        memcpy(&sums[i], parts[i], sizeof sums[i]);
    }
    size_t rest = t->k % LANES;
    if (rest > 0) {
        UNROLL for (int n = 0; n < tokens; n++) {
            v16 input = load_part(x + (size_t)n * t->x_stride, rest, 0);
            UNROLL for (int r = 0; r < rows; r++) {
                sums[n * rows + r] = fma16(load(w + r * LANES), input, sums[n * rows + r]);
            }
        }
    }
    if (!t->is_last) {
        UNROLL for (int i = 0; i < count; i++) {
            store(t->sums + i * LANES, sums[i]);
        }
        return;
    }
    float results[MOST];
    const int groups = (count + LANES - 1) / LANES;
    UNROLL for (int i = count; i < groups * LANES; i++) {
        sums[i] = spread(0);
    }
    if (count < 4) {
        UNROLL for (int i = 0; i < count; i++) {
            results[i] = total(sums[i]);
        }
    } else {
        UNROLL for (int g = 0; g < groups; g++) {
            store(results + g * LANES, totals(sums + g * LANES));
        }
    }
    UNROLL for (int n = 0; n < tokens; n++) {
        finish_rows(rows, a, token + (size_t)n, row, results + n * rows);
    }
}

typedef void (*tile_function)(const tile_args*, const ck_matmul_args*, size_t, size_t);

#define DEFINE_TILE(tokens)                                                                        \
    static void tile_many_##tokens(const tile_args* t, const ck_matmul_args* a, size_t row,        \
                                   size_t token) {                                                 \
        tile(TILE_ROWS, tokens, t, a, row, token);                                                 \
    }                                                                                              \
    static void tile_one_##tokens(const tile_args* t, const ck_matmul_args* a, size_t row,         \
                                  size_t token) {                                                  \
        tile(1, tokens, t, a, row, token);                                                         \
    }
DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
#if TILE_TOKENS > 3
DEFINE_TILE(4)
DEFINE_TILE(5)
DEFINE_TILE(6)
#endif

static const tile_function tiles_many[] = {
    0,           tile_many_1, tile_many_2, tile_many_3,
#if TILE_TOKENS > 3
    tile_many_4, tile_many_5, tile_many_6,
#endif
};
static const tile_function tiles_one[] = {
    0,          tile_one_1, tile_one_2, tile_one_3,
#if TILE_TOKENS > 3
    tile_one_4, tile_one_5, tile_one_6,
#endif
};

// The next share of `left` tokens: tiles of even sizes, as two of 4 are faster than 6 and 2.
static size_t tile_tokens(size_t left) {
    return left / ((left + TILE_TOKENS - 1) / TILE_TOKENS);
}

static const uint8_t* weights_at(const ck_matmul_args* a, size_t row, size_t k) {
    size_t block = ck_block_elements(a->type);
    return (const uint8_t*)a->w + row * a->row_bytes + k / block * ck_block_bytes(a->type);
}

// Bytes to fetch per vector of a tile, so that a panel's tiles together fetch as much again.
static size_t ahead_step(const ck_matmul_args* a) {
    return (TILE_ROWS * LANES * a->row_bytes + a->k - 1) / a->k;
}

// Elements of a slice: k divided evenly, in whole blocks.
static size_t slice_of(const ck_matmul_args* a) {
    size_t count = (a->k + SLICE - 1) / SLICE, block = ck_block_elements(a->type);
    size_t unit = block < LANES ? LANES : block;
    return ((a->k + count - 1) / count + unit - 1) / unit * unit;
}

// Few tokens: a tile of rows is decoded slice by slice just before all tokens use it, while memory
// brings the rows of the next panel.
static void multiply_few(const ck_matmul_args* a) {
    const size_t slice = slice_of(a);
    float* packed = a->scratch;
    float* sums = packed + TILE_ROWS * slice;
    for (size_t panel = a->row_begin; panel < a->row_end; panel += FEW_ROWS) {
        size_t end = panel + FEW_ROWS < a->row_end ? panel + FEW_ROWS : a->row_end;
        const uint8_t* ahead = weights_at(a, end, 0);
        for (size_t k = 0; k < a->k; k += slice) {
            size_t count = a->k - k < slice ? a->k - k : slice;
            float* waiting = sums;
            for (size_t row = panel; row < end;) {
                size_t rows = end - row < TILE_ROWS ? 1 : TILE_ROWS;
                pack(a->type, weights_at(a, row, k), a->row_bytes, rows, count, packed);
                for (size_t token = 0; token < a->tokens;) {
                    size_t tokens = tile_tokens(a->tokens - token);
                    tile_args t = {packed,      a->x + token * a->x_stride + k,
                                   a->x_stride, count,
                                   0,           waiting,
                                   k == 0,      k + count == a->k,
                                   ahead,       token == 0 && rows > 1 ? ahead_step(a) : 0};
                    (rows > 1 ? tiles_many : tiles_one)[tokens](&t, a, row, token);
                    ahead += count / LANES * t.ahead_step;
                    waiting += rows * tokens * LANES;
                    token += tokens;
                }
                row += rows;
            }
        }
    }
}

// Many tokens: a panel of rows, as large as the second cache bears, is decoded once.
static void multiply_many(const ck_matmul_args* a) {
    const size_t slice = slice_of(a), stride = whole_lanes(a->k);
    float* sums = a->scratch + a->scratch_floats - SUM_FLOATS;
    size_t most = (a->scratch_floats - SUM_FLOATS) / stride / TILE_ROWS * TILE_ROWS;
    most = most < PANEL_ROWS ? most : PANEL_ROWS;
    for (size_t panel = a->row_begin; panel < a->row_end; panel += most) {
        size_t end = panel + most < a->row_end ? panel + most : a->row_end;
        for (size_t row = panel; row < end;) {
            size_t rows = end - row < TILE_ROWS ? 1 : TILE_ROWS;
            pack(a->type, weights_at(a, row, 0), a->row_bytes, rows, a->k,
                 a->scratch + (row - panel) * stride);
            row += rows;
        }
        for (size_t token = 0; token < a->tokens;) {
            size_t tokens = tile_tokens(a->tokens - token);
            for (size_t k = 0; k < a->k; k += slice) {
                size_t count = a->k - k < slice ? a->k - k : slice;
                float* waiting = sums;
                // each tile fetches the slice that comes next of another token
                size_t ahead = 0;
                const float* next = k + count < a->k ? a->x + token * a->x_stride + k + count
                                                     : a->x + (token + tokens) * a->x_stride;
                for (size_t row = panel; row < end;) {
                    size_t rows = end - row < TILE_ROWS ? 1 : TILE_ROWS;
                    const float* w = a->scratch + (row - panel) * stride + k * rows;
                    tile_args t = {w,
                                   a->x + token * a->x_stride + k,
                                   a->x_stride,
                                   count,
                                   rows * stride,
                                   waiting,
                                   k == 0,
                                   k + count == a->k,
                                   (const uint8_t*)(next + ahead * a->x_stride),
                                   ahead < tokens ? LANES * sizeof(float) : 0};
                    ahead++;
                    (rows > 1 ? tiles_many : tiles_one)[tokens](&t, a, row, token);
                    waiting += rows * tokens * LANES;
                    row += rows;
                }
            }
            token += tokens;
        }
    }
}

static void matmul(const ck_matmul_args* a) {
    if (a->k == 0) {
        ck_operations_ref.matmul(a);
    } else if (a->tokens == 1) {
#define ACTION(T) fused_##T(a)
        FOR_TYPE(a->type, ACTION)
#undef ACTION
    } else if (a->tokens <= FEW_TOKENS) {
        multiply_few(a);
    } else {
        multiply_many(a);
    }
}
