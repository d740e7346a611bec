// Products of packed weights with rounded inputs. Part of version.h.
//
// The including file sets PACKED_TOKENS, the tokens that a tile's sums leave registers for, and
// HAS_DOT4: whether it defines
//
//     i16 dot4(i16 sums, b64 weights, b64 inputs)   lane i += the sum of weights[4i..4i+3] *
//                                                   inputs[4i..4i+3], unsigned times signed, or
//                                                   signed times signed where DOT4_IS_SIGNED
//
// or else
//
//     p32 pairs(b64 weights, b64 inputs)            products like these, added in pairs to 16 bits
//     i16 widen(p32 sums, int16_t factor)           neighbours times the factor, added to 32 bits

// How far ahead of a product its weights are asked for, in bytes: across the ends of panels, where
// the processor itself does not look. On Zen 5 products of 8 and more tokens, whose weights come
// from memory, are 1.4 to 2.7 times as fast.
enum { PACKED_AHEAD = 8192 };

// Where several tiles of tokens pass by a panel, each asks for a part of the next panel, or memory
// would rest from the second tile on. To the second cache, see fetch.h; but from NEAR_TILES on they
// are slow enough to bring it into the first one, without delay.
enum { NEAR_TILES = 3 };
typedef struct {
    uintptr_t start; // may lie behind what there is
    size_t step; // bytes for each group of k, a multiple of 64; 0: PACKED_AHEAD of the own panel
} packed_next;

#include "fetch.h"

INLINE b64 load_64(const uint8_t* p) {
    b64 v;
    memcpy(&v, p, sizeof v);
    return v;
}

// Four inputs for every row of a panel.
INLINE b64 four_inputs(const int8_t* p) {
    int32_t four;
    memcpy(&four, p, sizeof four);
    return (b64)((i16){0} + four);
}

#if HAS_DOT4

INLINE void dots_int4(int32_t format, int tokens, const uint8_t* w, const ck_input_group* x,
                      size_t stride, i16* dots) {
    UNROLL for (int t = 0; t < tokens; t++) {
        dots[t] =
            (i16){0} + (format == CK_PACKED_INT4_CENTRED ? x[(size_t)t * stride].correction4 : 0);
    }
    UNROLL for (int pair = 0; pair < 4; pair++) {
        b64 both = load_64(w + 64 * pair);
        UNROLL for (int t = 0; t < tokens; t++) {
            const int8_t* quants = x[(size_t)t * stride].quants + 8 * pair;
            dots[t] = dot4(dots[t], both & 15, four_inputs(quants));
            dots[t] = dot4(dots[t], both >> 4, four_inputs(quants + 4));
        }
    }
}

INLINE void dots_int8(int tokens, const uint8_t* w, const ck_input_group* x, size_t stride,
                      i16* dots) {
    UNROLL for (int t = 0; t < tokens; t++) {
        dots[t] = (i16){0} + (DOT4_IS_SIGNED ? 0 : x[(size_t)t * stride].correction);
    }
    UNROLL for (int step = 0; step < 8; step++) {
        b64 weights = load_64(w + 64 * step) ^ (DOT4_IS_SIGNED ? 128 : 0);
        UNROLL for (int t = 0; t < tokens; t++) {
            dots[t] = dot4(dots[t], weights,
                           four_inputs(x[(size_t)t * stride].quants + 4 * step));
        }
    }
}

#else

// A sum of 16 bits takes two products a step, at most 8 * 2 * 15 * 127 = 30480.
INLINE void dots_int4(int32_t format, int tokens, const uint8_t* w, const ck_input_group* x,
                      size_t stride, i16* dots) {
    p32 sums[PACKED_TOKENS];
    UNROLL for (int t = 0; t < tokens; t++) {
        sums[t] = (p32){0};
    }
    UNROLL for (int pair = 0; pair < 4; pair++) {
        b64 both = load_64(w + 64 * pair);
        b64 low = both & 15, high = both >> 4;
        UNROLL for (int t = 0; t < tokens; t++) {
            const int8_t* quants = x[(size_t)t * stride].quants + 8 * pair;
            sums[t] += pairs(low, four_inputs(quants));
            sums[t] += pairs(high, four_inputs(quants + 4));
        }
    }
    UNROLL for (int t = 0; t < tokens; t++) {
        dots[t] = widen(sums[t], 1);
        dots[t] += format == CK_PACKED_INT4_CENTRED ? x[(size_t)t * stride].correction4 : 0;
    }
}

// Bytes are two nibbles, so that products of either fit 16 bits like those of int4.
INLINE void dots_int8(int tokens, const uint8_t* w, const ck_input_group* x, size_t stride,
                      i16* dots) {
    p32 lows[PACKED_TOKENS], highs[PACKED_TOKENS];
    UNROLL for (int t = 0; t < tokens; t++) {
        lows[t] = (p32){0};
        highs[t] = (p32){0};
    }
    UNROLL for (int step = 0; step < 8; step++) {
        b64 both = load_64(w + 64 * step);
        b64 low = both & 15, high = both >> 4;
        UNROLL for (int t = 0; t < tokens; t++) {
            b64 inputs = four_inputs(x[(size_t)t * stride].quants + 4 * step);
            lows[t] += pairs(low, inputs);
            highs[t] += pairs(high, inputs);
        }
    }
    UNROLL for (int t = 0; t < tokens; t++) {
        dots[t] = widen(lows[t], 1) + widen(highs[t], 16) + x[(size_t)t * stride].correction;
    }
}

#endif

// One panel times `tokens` tokens, over all groups of k; `is_near` asks for the next panel, to the
// first cache.
INLINE void packed_tile(int32_t format, int tokens, bool is_near, const ck_packed_matmul_args* a,
                        size_t panel, size_t token, packed_next next) {
    const uint8_t* w = (const uint8_t*)a->w + panel * a->panel_bytes;
    const size_t groups = a->k / PACKED_GROUP;
    const ck_input_group* x = (const ck_input_group*)a->inputs + token * groups;
    const size_t bytes = packed_group_bytes(format);
    v16 sums[PACKED_TOKENS];
    UNROLL for (int t = 0; t < tokens; t++) {
        sums[t] = spread(0);
    }
    for (size_t group = 0; group < groups; group++, w += bytes, x++, next.start += next.step) {
        if (is_near) {
            fetch_to_first(next.start, next.step);
        } else if (next.step == 0) {
            fetch_to_second((uintptr_t)w + PACKED_AHEAD, bytes);
        } else {
            fetch_to_second(next.start, next.step);
        }
        i16 dots[PACKED_TOKENS];
        if (packs_nibbles(format)) {
            dots_int4(format, tokens, w, x, groups, dots);
        } else {
            dots_int8(tokens, w, x, groups, dots);
        }
        v16 scales = from_halves(w + packed_scales_place(format));
        UNROLL for (int t = 0; t < tokens; t++) {
            sums[t] = fma16(scales * spread(x[(size_t)t * groups].scale),
                            __builtin_convertvector(dots[t], v16), sums[t]);
        }
        if (format == CK_PACKED_INT4) {
            v16 minima = from_halves(w + packed_minima_place(format));
            UNROLL for (int t = 0; t < tokens; t++) {
                sums[t] = fma16(minima, spread(x[(size_t)t * groups].sum), sums[t]);
            }
        }
    }
    size_t row = panel * LANES, rows = a->rows - row < LANES ? a->rows - row : LANES;
    v16 bias = !a->bias ? spread(0) : rows < LANES ? load_part(a->bias + row, rows, 0)
                                                   : load(a->bias + row);
    UNROLL for (int t = 0; t < tokens; t++) {
        float* out = a->out + (token + (size_t)t) * a->out_stride + row;
        v16 sum = a->bias ? sums[t] + bias : sums[t];
        if (rows < LANES) {
            sum = a->accumulate ? load_part(out, rows, 0) + sum : sum;
            memcpy(out, &sum, rows * sizeof(float));
        } else {
            store(out, a->accumulate ? load(out) + sum : sum);
        }
    }
}

typedef void (*packed_tile_function)(const ck_packed_matmul_args*, size_t, size_t, packed_next);

#define DEFINE_PACKED_TILE_OF(format, tokens)                                                      \
    static void packed_##format##_##tokens(const ck_packed_matmul_args* a, size_t panel,           \
                                           size_t token, packed_next next) {                       \
        packed_tile(CK_PACKED_##format, tokens, false, a, panel, token, next);                     \
    }                                                                                              \
    static void near_##format##_##tokens(const ck_packed_matmul_args* a, size_t panel,             \
                                         size_t token, packed_next next) {                         \
        packed_tile(CK_PACKED_##format, tokens, true, a, panel, token, next);                      \
    }
#define DEFINE_PACKED_TILE(tokens)                                                                 \
    DEFINE_PACKED_TILE_OF(INT8, tokens)                                                            \
    DEFINE_PACKED_TILE_OF(INT4, tokens)                                                            \
    DEFINE_PACKED_TILE_OF(INT4_CENTRED, tokens)
DEFINE_PACKED_TILE(1)
DEFINE_PACKED_TILE(2)
DEFINE_PACKED_TILE(3)
DEFINE_PACKED_TILE(4)
#if PACKED_TOKENS > 4
DEFINE_PACKED_TILE(5)
DEFINE_PACKED_TILE(6)
DEFINE_PACKED_TILE(7)
DEFINE_PACKED_TILE(8)
#endif

#if PACKED_TOKENS > 4
#define PACKED_TILES(name)                                                                         \
    {0, name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7, name##_8}
#else
#define PACKED_TILES(name) {0, name##_1, name##_2, name##_3, name##_4}
#endif

static const packed_tile_function packed_tiles[][2][PACKED_TOKENS + 1] = {
    [CK_PACKED_INT8] = {PACKED_TILES(packed_INT8), PACKED_TILES(near_INT8)},
    [CK_PACKED_INT4] = {PACKED_TILES(packed_INT4), PACKED_TILES(near_INT4)},
    [CK_PACKED_INT4_CENTRED] = {PACKED_TILES(packed_INT4_CENTRED), PACKED_TILES(near_INT4_CENTRED)},
};

// A panel stays in the first cache while the tokens of a run, whose inputs stay in the second,
// pass by it.
static void packed_matmul(const ck_packed_matmul_args* a) {
    const size_t groups = a->k / PACKED_GROUP;
    const size_t most = a->format == CK_PACKED_INT8 ? PACKED_INT8_TOKENS : PACKED_TOKENS;
    const size_t fitting = PACKED_RUN_BYTES / ((groups + 1) * sizeof(ck_input_group)) / most;
    const size_t run = (fitting < 4 ? 4 : fitting) * most;
    for (size_t first = 0; first < a->tokens; first += run) {
        size_t end = first + run < a->tokens ? first + run : a->tokens;
        const size_t tiles = (end - first + most - 1) / most;
        const packed_tile_function* functions = packed_tiles[a->format][tiles >= NEAR_TILES];
        const size_t part = (a->panel_bytes / tiles / (groups + 1) + 63) / 64 * 64;
        for (size_t panel = a->panel_begin; panel < a->panel_end; panel++) {
            packed_next next = {(uintptr_t)a->w + (panel + 1) * a->panel_bytes,
                                tiles > 1 ? part : 0};
            for (size_t token = first; token < end;) {
                size_t tokens = tile_of(end - token, most);
                functions[tokens](a, panel, token, next);
                token += tokens;
                next.start += groups * next.step;
            }
        }
    }
}
