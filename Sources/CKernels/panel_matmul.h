// Products of panels of plain weights with f32 inputs. Part of version.h.
//
// The including file sets PANELS_BESIDE(tokens), the panels that a tile has beside each other: few
// tokens alone make too few chains of sums to keep the multipliers busy. At most 12 for a tile's
// sums; the same number from 3 tokens on.
//
// A sum belongs to a lane, so nothing is added across lanes: a step of k is one vector of weights
// for 16 rows, and one input of each token spread over it.

// One column of a panel, as f32. Words of bf16 lie in pairs: i and i + 8.
INLINE v16 column(int format, const uint8_t* w) {
    if (format == CK_PACKED_F32) {
        return load((const float*)(const void*)w);
    }
    if (format == CK_PACKED_F16) {
        return from_halves(w);
    }
    typedef uint32_t u8 __attribute__((vector_size(32)));
    u8 pairs;
    memcpy(&pairs, w, sizeof pairs);
    return (v16)__builtin_shufflevector(pairs << 16, pairs & 0xffff0000, 0, 1, 2, 3, 4, 5, 6, 7, 8,
                                        9, 10, 11, 12, 13, 14, 15);
}

enum { PANEL_TOKENS = 6, PANEL_SLICE = 512 };

// Whole panels beside each other times tokens, over `count` columns; `out` holds the sums so far.
INLINE void panel_tile(int format, int panels, int tokens, const ck_packed_matmul_args* a,
                       size_t panel, size_t token, size_t k, size_t count) {
    const size_t bytes = format == CK_PACKED_F32 ? 64 : 32;
    const uint8_t* w = (const uint8_t*)a->w + panel * a->panel_bytes + k * bytes;
    const float* x = a->x + token * a->x_stride + k;
    float* out = a->out + token * a->out_stride + panel * LANES;
    const bool has_value = a->accumulate || k > 0, has_bias = a->bias && k == 0;
    vpart sums[12][PARTS];
    UNROLL for (int t = 0; t < tokens; t++) {
        UNROLL for (int p = 0; p < panels; p++) {
            const size_t row = (panel + (size_t)p) * LANES;
            UNROLL for (int i = 0; i < PARTS; i++) {
                const size_t lane = (size_t)p * LANES + (size_t)i * PART_LANES;
                vpart sum = spread_register(0);
                if (has_value) {
                    sum = load_register(out + (size_t)t * a->out_stride + lane);
                }
                if (has_bias) {
                    sum += load_register(a->bias + row + (size_t)i * PART_LANES);
                }
                sums[t * panels + p][i] = sum;
            }
        }
    }
    for (const float* end = x + count; x < end; x++, w += bytes) {
        vpart weights[8][PARTS];
        UNROLL for (int p = 0; p < panels; p++) {
            v16 lanes = column(format, w + (size_t)p * a->panel_bytes);
            memcpy(weights[p], &lanes, sizeof lanes);
        }
        UNROLL for (int t = 0; t < tokens; t++) {
            vpart input = spread_register(x[(size_t)t * a->x_stride]);
            UNROLL for (int p = 0; p < panels; p++) {
                UNROLL for (int i = 0; i < PARTS; i++) {
                    sums[t * panels + p][i] =
                        __builtin_elementwise_fma(weights[p][i], input, sums[t * panels + p][i]);
                }
            }
        }
    }
    UNROLL for (int t = 0; t < tokens; t++) {
        UNROLL for (int p = 0; p < panels; p++) {
            memcpy(out + (size_t)t * a->out_stride + (size_t)p * LANES, sums[t * panels + p],
                   sizeof(v16));
        }
    }
}

typedef void (*panel_tile_function)(const ck_packed_matmul_args*, size_t, size_t, size_t, size_t);

#define DEFINE_PANEL_TILE(format, tokens)                                                          \
    static void panel_##format##_##tokens(const ck_packed_matmul_args* a, size_t panel,             \
                                          size_t token, size_t k, size_t count) {                  \
        panel_tile(CK_PACKED_##format, 1, tokens, a, panel, token, k, count);                      \
    }                                                                                              \
    static void panels_##format##_##tokens(const ck_packed_matmul_args* a, size_t panel,            \
                                           size_t token, size_t k, size_t count) {                 \
        panel_tile(CK_PACKED_##format, PANELS_BESIDE(tokens), tokens, a, panel, token, k, count);  \
    }
#define DEFINE_PANEL_TILES(format)                                                                 \
    DEFINE_PANEL_TILE(format, 1)                                                                   \
    DEFINE_PANEL_TILE(format, 2)                                                                   \
    DEFINE_PANEL_TILE(format, 3)                                                                   \
    DEFINE_PANEL_TILE(format, 4)                                                                   \
    DEFINE_PANEL_TILE(format, 5)                                                                   \
    DEFINE_PANEL_TILE(format, 6)                                                                   \
    static const panel_tile_function panel_tiles_##format[2][PANEL_TOKENS + 1] = {                 \
        {0, panel_##format##_1, panel_##format##_2, panel_##format##_3, panel_##format##_4,        \
         panel_##format##_5, panel_##format##_6},                                                  \
        {0, panels_##format##_1, panels_##format##_2, panels_##format##_3, panels_##format##_4,    \
         panels_##format##_5, panels_##format##_6},                                                \
    };
DEFINE_PANEL_TILES(F32)
DEFINE_PANEL_TILES(F16)
DEFINE_PANEL_TILES(BF16)

static const panel_tile_function* panel_tiles(int32_t format, bool beside) {
    return format == CK_PACKED_F32   ? panel_tiles_F32[beside]
           : format == CK_PACKED_F16 ? panel_tiles_F16[beside]
                                     : panel_tiles_BF16[beside];
}

// The last panel, where its rows do not fill it: `out` and `bias` end before it does.
static void panel_edge(const ck_packed_matmul_args* a, size_t rows, size_t token, size_t tokens) {
    const size_t panel = a->rows / LANES;
    float out[PANEL_TOKENS * LANES] = {0}, bias[LANES] = {0};
    ck_packed_matmul_args edge = *a;
    edge.w = (const uint8_t*)a->w + panel * a->panel_bytes;
    edge.x = a->x + token * a->x_stride;
    edge.out = out;
    edge.out_stride = LANES;
    if (a->bias) {
        memcpy(bias, a->bias + panel * LANES, rows * sizeof(float));
        edge.bias = bias;
    }
    float* target = a->out + token * a->out_stride + panel * LANES;
    for (size_t t = 0; t < tokens && a->accumulate; t++) {
        memcpy(out + t * LANES, target + t * a->out_stride, rows * sizeof(float));
    }
    panel_tiles(a->format, false)[tokens](&edge, 0, 0, 0, a->k);
    for (size_t t = 0; t < tokens; t++) {
        memcpy(target + t * a->out_stride, out + t * LANES, rows * sizeof(float));
    }
}

// Tiles of even sizes, so that none is left with too few sums.
static size_t panel_tokens(size_t left) {
    return left / ((left + PANEL_TOKENS - 1) / PANEL_TOKENS);
}

// A slice of a panel stays in the first cache while the tokens pass by it.
static void panel_matmul(const ck_packed_matmul_args* a) {
    const size_t whole = a->rows / LANES, end = a->panel_end < whole ? a->panel_end : whole;
    const size_t slice = a->tokens > PANEL_TOKENS ? PANEL_SLICE : a->k;
    const size_t most = (size_t)PANELS_BESIDE(a->tokens);
    for (size_t k = 0; k == 0 || k < a->k; k += slice) {
        size_t count = a->k - k < slice ? a->k - k : slice;
        for (size_t panel = a->panel_begin; panel < end;) {
            size_t beside = end - panel < most ? 1 : most;
            for (size_t token = 0; token < a->tokens;) {
                size_t tokens = panel_tokens(a->tokens - token);
                panel_tiles(a->format, beside > 1)[tokens](a, panel, token, k, count);
                token += tokens;
            }
            panel += beside;
        }
    }
    for (size_t token = 0; a->panel_end > whole && token < a->tokens;) {
        size_t tokens = panel_tokens(a->tokens - token);
        panel_edge(a, a->rows - whole * LANES, token, tokens);
        token += tokens;
    }
}
