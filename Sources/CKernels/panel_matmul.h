// Products of panels of plain weights. Part of version.h.
//
// The including file sets PANEL_TOKENS, the tokens that a tile's sums leave registers for, 6 or 8,
// and PANELS_BESIDE(tokens), the panels that a tile has beside each other at most, 1 to 4: few
// tokens alone make too few chains of sums to keep the multipliers busy. The same number from 3
// tokens on. It sets HAS_BF16_DOT where it defines
//
//     v16 bf16_dot(v16 sums, u16 weights, u16 inputs)   adds products of pairs, those of the upper
//                                                       halves first
//
// and has no versions of the other formats then.
//
// A sum belongs to a lane, so nothing is added across lanes: a step of k is one vector of weights
// for 16 rows, and one input of each token spread over it.

#if defined(__aarch64__)
// Bit 24 of the control register: what is below 2^-126 counts as zero.
INLINE uint64_t flush_subnormals(void) {
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | 1u << 24));
    return before;
}

INLINE void stop_flushing(uint64_t before) {
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
// Of operands and of results.
INLINE unsigned flush_subnormals(void) {
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 1u << 15 | 1u << 6);
    return before;
}

INLINE void stop_flushing(unsigned before) {
    _mm_setcsr(before);
}
#endif

INLINE u16 words_16(const uint8_t* p) {
    u16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

// One column of a panel, as f32; of bf16 the first or the second of a pair.
INLINE v16 column(int format, const uint8_t* w, int which) {
    if (format == CK_PACKED_F32) {
        return (v16)words_16(w);
    }
    if (format == CK_PACKED_F16) {
        return from_halves(w);
    }
    return (v16)(which ? words_16(w) & 0xffff0000 : words_16(w) << 16);
}

// Columns of a panel that stay in the first cache while many tokens pass by, and in the second
// while some do: longer runs of memory are fetched ahead better.
#if HAS_BF16_DOT
enum { PANEL_SLICE = 256, LONG_SLICE = 2048 };
#else
enum { PANEL_SLICE = 512, LONG_SLICE = 1024 };
#endif
enum { MANY_TOKENS = 64 };

// Panels that many tokens pass by before the next: their sums stay in the second cache meanwhile.
enum { PANEL_BLOCK = 6 };

// How far ahead of a product its weights are asked for, see PACKED_AHEAD.
enum { PANEL_AHEAD = 4096 };

// The input of a column, in every lane.
INLINE vpart input_of(int format, const uint8_t* inputs, int which) {
    if (format != CK_PACKED_BF16_DOT) {
        return spread_register(((const float*)inputs)[which]);
    }
    uint32_t pair;
    memcpy(&pair, inputs, sizeof pair);
    upart both = (upart){0} + pair;
    return (vpart)(which ? both & 0xffff0000 : both << 16);
}

// Whole panels beside each other times tokens, over `count` columns; `out` holds the sums so far.
INLINE void panel_tile(int format, int panels, int tokens, const ck_packed_matmul_args* a,
                       size_t panel, size_t token, size_t k, size_t count) {
    const bool is_dot = format == CK_PACKED_BF16_DOT;
    const int columns = (int)packed_group_columns(format);
    const size_t bytes = packed_group_bytes(format);
    const uint8_t* w = (const uint8_t*)a->w + panel * a->panel_bytes + k / (size_t)columns * bytes;
    const size_t width = is_dot ? 2 : sizeof(float), stride = width * (is_dot ? a->k : a->x_stride);
    const uint8_t* inputs =
        (const uint8_t*)(is_dot ? a->inputs : a->x) + token * stride + k * width;
    float* out = a->out + token * a->out_stride + panel * LANES;
    const bool has_value = a->accumulate || k > 0, has_bias = a->bias && k == 0;
    vpart sums[PANEL_TOKENS * 4][PARTS];
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
    for (size_t i = 0; i < count; i += (size_t)columns, w += bytes) {
        UNROLL for (int p = 0; p < panels; p++) {
            fetch_to_second((uintptr_t)w + (size_t)p * a->panel_bytes + PANEL_AHEAD, bytes);
        }
#if HAS_BF16_DOT
        u16 pairs_of[8];
        UNROLL for (int p = 0; p < panels; p++) {
            pairs_of[p] = words_16(w + (size_t)p * a->panel_bytes);
        }
        UNROLL for (int t = 0; t < tokens; t++) {
            uint32_t pair;
            memcpy(&pair, inputs + (size_t)t * stride + i * width, sizeof pair);
            UNROLL for (int p = 0; p < panels; p++) {
                sums[t * panels + p][0] =
                    bf16_dot(sums[t * panels + p][0], pairs_of[p], (u16){0} + pair);
            }
        }
#else
        UNROLL for (int c = 0; c < columns; c++) {
            // a dot product of pairs begins with the second
            const int which = is_dot ? 1 - c : c;
            vpart weights[8][PARTS];
            UNROLL for (int p = 0; p < panels; p++) {
                v16 lanes = column(format, w + (size_t)p * a->panel_bytes, which);
                memcpy(weights[p], &lanes, sizeof lanes);
            }
            UNROLL for (int t = 0; t < tokens; t++) {
                vpart input = input_of(format, inputs + (size_t)t * stride + i * width, which);
                UNROLL for (int p = 0; p < panels; p++) {
                    UNROLL for (int part = 0; part < PARTS; part++) {
                        sums[t * panels + p][part] = __builtin_elementwise_fma(
                            weights[p][part], input, sums[t * panels + p][part]);
                    }
                }
            }
        }
#endif
    }
    UNROLL for (int t = 0; t < tokens; t++) {
        UNROLL for (int p = 0; p < panels; p++) {
            memcpy(out + (size_t)t * a->out_stride + (size_t)p * LANES, sums[t * panels + p],
                   sizeof(v16));
        }
    }
}

typedef void (*panel_tile_function)(const ck_packed_matmul_args*, size_t, size_t, size_t, size_t);

// Nothing where so many are never beside each other.
#define DEFINE_PANEL_TILE(format, panels, tokens)                                                  \
    static void panel_##format##_##panels##_##tokens(const ck_packed_matmul_args* a, size_t panel, \
                                                     size_t token, size_t k, size_t count) {       \
        if (panels <= PANELS_BESIDE(tokens)) {                                                     \
            panel_tile(CK_PACKED_##format, panels, tokens, a, panel, token, k, count);             \
        }                                                                                          \
    }
#define DEFINE_PANEL_TILES_OF(format, tokens)                                                      \
    DEFINE_PANEL_TILE(format, 1, tokens)                                                           \
    DEFINE_PANEL_TILE(format, 2, tokens)                                                           \
    DEFINE_PANEL_TILE(format, 3, tokens)                                                           \
    DEFINE_PANEL_TILE(format, 4, tokens)
#if PANEL_TOKENS > 6
#define DEFINE_LARGE_PANEL_TILES(format)                                                           \
    DEFINE_PANEL_TILES_OF(format, 7)                                                               \
    DEFINE_PANEL_TILES_OF(format, 8)
#define PANEL_TILES(name) {0, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6,          \
                           name##_7, name##_8}
#else
#define DEFINE_LARGE_PANEL_TILES(format)
#define PANEL_TILES(name) {0, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6}
#endif
#define DEFINE_PANEL_TILES(format)                                                                 \
    DEFINE_PANEL_TILES_OF(format, 1)                                                               \
    DEFINE_PANEL_TILES_OF(format, 2)                                                               \
    DEFINE_PANEL_TILES_OF(format, 3)                                                               \
    DEFINE_PANEL_TILES_OF(format, 4)                                                               \
    DEFINE_PANEL_TILES_OF(format, 5)                                                               \
    DEFINE_PANEL_TILES_OF(format, 6)                                                               \
    DEFINE_LARGE_PANEL_TILES(format)                                                               \
    static const panel_tile_function panel_tiles_##format[][PANEL_TOKENS + 1] = {                  \
        {0}, PANEL_TILES(panel_##format##_1), PANEL_TILES(panel_##format##_2),                     \
        PANEL_TILES(panel_##format##_3), PANEL_TILES(panel_##format##_4)};
DEFINE_PANEL_TILES(BF16_DOT)
#if !HAS_BF16_DOT
DEFINE_PANEL_TILES(F32)
DEFINE_PANEL_TILES(F16)
DEFINE_PANEL_TILES(BF16)
#endif

static const panel_tile_function* panel_tiles(int32_t format, size_t beside) {
    switch (format) {
#if !HAS_BF16_DOT
    case CK_PACKED_F32:
        return panel_tiles_F32[beside];
    case CK_PACKED_F16:
        return panel_tiles_F16[beside];
    case CK_PACKED_BF16:
        return panel_tiles_BF16[beside];
#endif
    default:
        return panel_tiles_BF16_DOT[beside];
    }
}

// The last panel, where its rows do not fill it: `out` and `bias` end before it does.
static void panel_edge(const ck_packed_matmul_args* a, size_t rows, size_t token, size_t tokens) {
    const size_t panel = a->rows / LANES;
    float out[PANEL_TOKENS * LANES] = {0}, bias[LANES] = {0};
    ck_packed_matmul_args edge = *a;
    edge.w = (const uint8_t*)a->w + panel * a->panel_bytes;
    if (a->format == CK_PACKED_BF16_DOT) {
        edge.inputs = (const uint8_t*)a->inputs + 2 * token * a->k;
    } else {
        edge.x = a->x + token * a->x_stride;
    }
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
    panel_tiles(a->format, 1)[tokens](&edge, 0, 0, 0, a->k);
    for (size_t t = 0; t < tokens; t++) {
        memcpy(target + t * a->out_stride, out + t * LANES, rows * sizeof(float));
    }
}

// Matrices up to this size are taken to stay in the second cache from pass to pass.
enum { CACHED_BYTES = 256 * 1024 };

// One token's weights come from memory, where they are many: it gives most to a reader that goes
// straight on.
static size_t panels_beside(const ck_packed_matmul_args* a) {
    const size_t bytes = a->rows / LANES * a->panel_bytes;
    const bool is_streamed = HAS_BF16_DOT && a->tokens == 1 && bytes > CACHED_BYTES;
    return is_streamed ? 1 : PANELS_BESIDE(a->tokens);
}

// Whole panels times all tokens. A slice of a panel stays in a cache while the tokens pass by it.
static void panel_block(const ck_packed_matmul_args* a, size_t begin, size_t end) {
    const size_t slice = a->tokens > MANY_TOKENS    ? PANEL_SLICE
                         : a->tokens > PANEL_TOKENS ? LONG_SLICE
                                                    : a->k;
    const size_t most = panels_beside(a);
    for (size_t k = 0; k == 0 || k < a->k; k += slice) {
        size_t count = a->k - k < slice ? a->k - k : slice;
        for (size_t panel = begin; panel < end;) {
            size_t beside = tile_of(end - panel, most);
            for (size_t token = 0; token < a->tokens;) {
                size_t tokens = tile_of(a->tokens - token, PANEL_TOKENS);
                panel_tiles(a->format, beside)[tokens](a, panel, token, k, count);
                token += tokens;
            }
            panel += beside;
        }
    }
}

static void panel_matmul_as_is(const ck_packed_matmul_args* a) {
    const size_t whole = a->rows / LANES, end = a->panel_end < whole ? a->panel_end : whole;
    const size_t block = a->tokens > MANY_TOKENS ? PANEL_BLOCK : whole;
    for (size_t panel = a->panel_begin; panel < end; panel += block) {
        panel_block(a, panel, end - panel < block ? end : panel + block);
    }
    for (size_t token = 0; a->panel_end > whole && token < a->tokens;) {
        size_t tokens = tile_of(a->tokens - token, PANEL_TOKENS);
        panel_edge(a, a->rows - whole * LANES, token, tokens);
        token += tokens;
    }
}

// VDPBF16PS knows no subnormals; its stand-ins are told to forget them.
static void panel_matmul(const ck_packed_matmul_args* a) {
    if (a->format != CK_PACKED_BF16_DOT) {
        panel_matmul_as_is(a);
        return;
    }
    const __auto_type before = flush_subnormals();
    panel_matmul_as_is(a);
    stop_flushing(before);
}
