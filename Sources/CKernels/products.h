// Matrix products: one token with rows decoded in registers, many with rows decoded to a panel.
// Part of version.h.

static void finish(const ck_matmul_args* a, size_t token, size_t row, float sum) {
    if (a->bias) {
        sum += a->bias[row];
    }
    float* out = a->out + token * a->out_stride + row;
    *out = a->accumulate ? *out + sum : sum;
}

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
    for (size_t i = 0; i < steps; i++) {
        UNROLL for (int r = 0; r < rows; r++) {
            const uint8_t* p = w + (size_t)r * a->row_bytes + i * step_bytes(type);
            // a row is too short for the processor to foresee: fetch the row that comes next here
            UNROLL for (size_t line = 0; line < step_bytes(type); line += 64) {
                __builtin_prefetch(p + (size_t)rows * a->row_bytes + line);
            }
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

// A tile of f32 rows [rows, k] times tokens [tokens, k].
typedef struct {
    const float* w;
    size_t w_stride;
    const float* x;
    size_t x_stride;
    size_t k;
} tile_args;

INLINE void tile(int rows, int tokens, const tile_args* t, const ck_matmul_args* a, size_t row,
                 size_t token) {
    enum { MOST = (TILE_ROWS * TILE_TOKENS + LANES - 1) / LANES * LANES };
    v16 sums[MOST];
    const int count = rows * tokens;
    UNROLL for (int i = 0; i < count; i++) {
        sums[i] = spread(0);
    }
    const size_t whole = t->k / LANES * LANES;
    for (size_t k = 0; k < whole; k += LANES) {
        v16 w[TILE_ROWS];
        UNROLL for (int r = 0; r < rows; r++) {
            const float* p = t->w + (size_t)r * t->w_stride + k;
            // as in `fused`: the tile that comes next
            __builtin_prefetch(p + (size_t)rows * t->w_stride);
            w[r] = load(p);
        }
        UNROLL for (int n = 0; n < tokens; n++) {
            v16 x = load(t->x + (size_t)n * t->x_stride + k);
            UNROLL for (int r = 0; r < rows; r++) {
                sums[n * rows + r] = fma16(w[r], x, sums[n * rows + r]);
            }
        }
    }
    size_t rest = t->k - whole;
    if (rest > 0) {
        UNROLL for (int n = 0; n < tokens; n++) {
            v16 x = load_part(t->x + (size_t)n * t->x_stride + whole, rest, 0);
            UNROLL for (int r = 0; r < rows; r++) {
                v16 w = load_part(t->w + (size_t)r * t->w_stride + whole, rest, 0);
                sums[n * rows + r] = fma16(w, x, sums[n * rows + r]);
            }
        }
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
        UNROLL for (int r = 0; r < rows; r++) {
            finish(a, token + (size_t)n, row + (size_t)r, results[n * rows + r]);
        }
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

// All tokens times rows [row, row + count), whose f32 values start at `w`.
static void multiply_panel(const ck_matmul_args* a, const float* w, size_t w_stride, size_t row,
                           size_t count) {
    for (size_t token = 0; token < a->tokens;) {
        // tiles of even sizes: two of 4 are faster than one of 6 and one of 2
        size_t left = a->tokens - token;
        size_t tokens = left / ((left + TILE_TOKENS - 1) / TILE_TOKENS);
        tile_args t = {w, w_stride, a->x + token * a->x_stride, a->x_stride, a->k};
        size_t r = 0;
        for (; r + TILE_ROWS <= count; r += TILE_ROWS, t.w += TILE_ROWS * w_stride) {
            tiles_many[tokens](&t, a, row + r, token);
        }
        for (; r < count; r++, t.w += w_stride) {
            tiles_one[tokens](&t, a, row + r, token);
        }
        token += tokens;
    }
}

static void matmul(const ck_matmul_args* a) {
    if (a->tokens == 1) {
#define ACTION(T) fused_##T(a)
        FOR_TYPE(a->type, ACTION)
#undef ACTION
        return;
    }
    // A panel of decoded rows serves all tokens. Few tokens: it should still be in the first cache
    // when it is used. Many: as large as the second cache bears, so that tokens are read seldom.
    size_t stride = (a->k + LANES - 1) / LANES * LANES;
    size_t floats = a->tokens <= 2 * TILE_TOKENS ? 4096 : a->scratch_floats;
    floats = floats < a->scratch_floats ? floats : a->scratch_floats;
    size_t rows = floats / (stride ? stride : 1) / TILE_ROWS * TILE_ROWS;
    rows = rows < TILE_ROWS ? TILE_ROWS : rows;
    for (size_t row = a->row_begin; row < a->row_end; row += rows) {
        size_t count = a->row_end - row < rows ? a->row_end - row : rows;
        const uint8_t* w = (const uint8_t*)a->w + row * a->row_bytes;
        if (a->type == CK_F32 && a->row_bytes % 4 == 0 && (uintptr_t)w % 4 == 0) {
            multiply_panel(a, (const float*)(const void*)w, a->row_bytes / 4, row, count);
            continue;
        }
        for (size_t r = 0; r < count; r++) {
            dequantize(a->type, w + r * a->row_bytes, a->k, a->scratch + r * stride);
        }
        multiply_panel(a, a->scratch, stride, row, count);
    }
}
