// Rows of weights packed to panels; one version for every instruction set.
// wide vectors are passed between functions of this file only
#pragma clang diagnostic ignored "-Wpsabi"

#include "lanes.h"
#include "packed.h"
#include <math.h>
#include <stdbool.h>

// Where a group of one row goes: 4 bytes of every 64.
static void put_int8(const uint8_t quants[32], uint8_t* group, size_t row) {
    for (size_t step = 0; step < 8; step++) {
        memcpy(group + step * 64 + row * 4, quants + step * 4, 4);
    }
}

static void put_int4(const uint8_t quants[32], uint8_t* group, size_t row) {
    for (size_t pair = 0; pair < 4; pair++) {
        uint32_t low, high;
        memcpy(&low, quants + pair * 8, 4);
        memcpy(&high, quants + pair * 8 + 4, 4);
        uint32_t both = low | high << 4;
        memcpy(group + pair * 64 + row * 4, &both, 4);
    }
}

static void put_half(uint16_t half, uint8_t* group, size_t offset, size_t row) {
    memcpy(group + offset + 2 * row, &half, 2);
}

static bool is_finite(uint16_t half) {
    return (half & 0x7c00) != 0x7c00;
}

// -- without loss ------------------------------------------------------------------------------

static bool pack_stored(int32_t format, int32_t type, const uint8_t* b, uint8_t* group,
                        size_t row) {
    uint8_t quants[32];
    uint16_t scale = load_u16(b), minimum = 0;
    if (format == CK_PACKED_INT8) {
        for (int i = 0; i < 32; i++) {
            quants[i] = b[2 + i] ^ 0x80;
        }
        put_int8(quants, group, row);
        put_half(scale, group, packed_scales_place(format), row);
        return is_finite(scale);
    }
    const uint8_t* nibbles = b + (type == CK_Q4_0 ? 2 : 4);
    for (int i = 0; i < 16; i++) {
        quants[i] = nibbles[i] & 15;
        quants[i + 16] = nibbles[i] >> 4;
    }
    put_int4(quants, group, row);
    put_half(scale, group, packed_scales_place(format), row);
    if (format == CK_PACKED_INT4_CENTRED) {
        return is_finite(scale);
    }
    minimum = type == CK_Q4_0 ? f32_to_f16(-8 * f16_to_f32(scale)) : load_u16(b + 2);
    put_half(minimum, group, packed_minima_place(format), row);
    return is_finite(scale) && is_finite(minimum);
}

// A group of q4_K keeps its quants; its 6-bit scale and minimum times the block's become f16.
static bool pack_super(const uint8_t* b, size_t index, uint8_t* group, size_t row) {
    uint8_t scales[16], quants[32];
    k4_scales(b + 4, scales);
    const uint8_t* nibbles = b + 16 + index / 2 * 32;
    for (int i = 0; i < 32; i++) {
        quants[i] = index % 2 ? nibbles[i] >> 4 : nibbles[i] & 15;
    }
    uint16_t scale = f32_to_f16(f16_to_f32(load_u16(b)) * (float)scales[index]);
    uint16_t minimum = f32_to_f16(-f16_to_f32(load_u16(b + 2)) * (float)scales[8 + index]);
    put_int4(quants, group, row);
    put_half(scale, group, packed_scales_place(CK_PACKED_INT4), row);
    put_half(minimum, group, packed_minima_place(CK_PACKED_INT4), row);
    return is_finite(scale) && is_finite(minimum);
}

// -- rounded -----------------------------------------------------------------------------------

// A group of a panel: column k of all rows in x[k], so that what rows do is done side by side.

// The integers nearest to v within bounds, as floats; NaN becomes the upper one.
INLINE v16 rounded(v16 v, float least, float most) {
    v = choose(v < spread(most), v, spread(most));
    v = choose(v > spread(least), v, spread(least));
    return v + spread(EXP_ROUNDING) - spread(EXP_ROUNDING);
}

// 1 / v, or 0 where v is 0.
INLINE v16 inverse_of(v16 v) {
    return choose(v != spread(0), spread(1) / v, spread(0));
}

// To the precision of f16.
INLINE void round_to_half(v16* v) {
    float lanes[LANES];
    memcpy(lanes, v, sizeof lanes);
    for (int lane = 0; lane < LANES; lane++) {
        lanes[lane] = f16_to_f32(f32_to_f16(lanes[lane]));
    }
    memcpy(v, lanes, sizeof lanes);
}

// False where f16 does not hold a value.
INLINE bool put_halves(const v16* v, uint8_t* group, size_t offset) {
    bool fits = true;
    for (size_t row = 0; row < LANES; row++) {
        uint16_t half = f32_to_f16((*v)[row]);
        put_half(half, group, offset, row);
        fits &= is_finite(half);
    }
    return fits;
}

INLINE bool has_nan(const v16 x[PACKED_GROUP]) {
    i16 found = {0};
    for (int k = 0; k < PACKED_GROUP; k++) {
        found |= x[k] != x[k];
    }
    for (int lane = 0; lane < LANES; lane++) {
        if (found[lane]) {
            return true;
        }
    }
    return false;
}

INLINE bool round_int8(const v16 x[PACKED_GROUP], uint8_t* group) {
    v16 largest = spread(0);
    for (int k = 0; k < PACKED_GROUP; k++) {
        largest = larger(absolute(x[k]), largest);
    }
    v16 scale = largest * spread(1 / 127.0f);
    round_to_half(&scale);
    v16 inverse = inverse_of(scale);
    for (int step = 0; step < 8; step++) {
        i16 four = {0};
        for (int i = 0; i < 4; i++) {
            v16 quants = rounded(x[4 * step + i] * inverse, -127, 127);
            four |= (__builtin_convertvector(quants, i16) + 128) << 8 * i;
        }
        memcpy(group + 64 * step, &four, sizeof four);
    }
    return put_halves(&scale, group, packed_scales_place(CK_PACKED_INT8));
}

// Columns 8p to 8p+3 in the lower halves of bytes, the next four in the upper ones.
INLINE void put_nibbles(const v16 x[PACKED_GROUP], v16 inverse, v16 minimum, float offset,
                        uint8_t* group) {
    for (int pair = 0; pair < 4; pair++) {
        i16 both = {0};
        for (int i = 0; i < 8; i++) {
            v16 v = (x[8 * pair + i] - minimum) * inverse;
            v16 quants = rounded(v, -offset, 15 - offset) + spread(offset);
            both |= __builtin_convertvector(quants, i16) << (8 * (i % 4) + i / 4 * 4);
        }
        memcpy(group + 64 * pair, &both, sizeof both);
    }
}

// The weight of largest size becomes quant 0, which has no opposite.
INLINE bool round_int4_centred(const v16 x[PACKED_GROUP], uint8_t* group) {
    v16 extreme = spread(0);
    for (int k = 0; k < PACKED_GROUP; k++) {
        extreme = choose(absolute(x[k]) > absolute(extreme), x[k], extreme);
    }
    v16 scale = extreme * spread(-0.125f);
    round_to_half(&scale);
    put_nibbles(x, inverse_of(scale), spread(0), 8, group);
    return put_halves(&scale, group, packed_scales_place(CK_PACKED_INT4_CENTRED));
}

// The sum of squared errors of the nearest quants under a scale and a minimum.
INLINE v16 errors(const v16 x[PACKED_GROUP], v16 scale, v16 minimum) {
    v16 inverse = inverse_of(scale), sum = spread(0);
    for (int k = 0; k < PACKED_GROUP; k++) {
        v16 quants = rounded((x[k] - minimum) * inverse, 0, 15);
        v16 error = quants * scale + minimum - x[k];
        sum += error * error;
    }
    return sum;
}

// Ranges a little narrower than the group's are tried; each one's quants get the scale and the
// minimum that suit them best, by least squares, and the best of all stay.
INLINE bool round_int4(const v16 x[PACKED_GROUP], uint8_t* group) {
    v16 least = x[0], most = x[0], total = spread(0);
    for (int k = 0; k < PACKED_GROUP; k++) {
        least = choose(x[k] < least, x[k], least);
        most = larger(x[k], most);
        total += x[k];
    }
    const v16 range = most - least;
    v16 best_scale = range / spread(15), best_minimum = least;
    round_to_half(&best_scale);
    round_to_half(&best_minimum);
    v16 best = errors(x, best_scale, best_minimum);
    for (int trial = 0; trial < 6; trial++) {
        const float share = 0.05f * (float)trial;
        v16 minimum = least + range * spread(share / 2);
        v16 inverse = inverse_of(range * spread((1 - share) / 15));
        v16 q = spread(0), qq = spread(0), qx = spread(0);
        for (int k = 0; k < PACKED_GROUP; k++) {
            v16 quants = rounded((x[k] - minimum) * inverse, 0, 15);
            q += quants;
            qq += quants * quants;
            qx += quants * x[k];
        }
        const v16 count = spread(PACKED_GROUP);
        v16 scale = (count * qx - q * total) / (count * qq - q * q);
        round_to_half(&scale);
        minimum = (total - scale * q) / count;
        round_to_half(&minimum);
        // where all quants are alike, or f16 holds no such scale, the error is no number
        v16 error = errors(x, scale, minimum);
        i16 better = error < best;
        best = choose(better, error, best);
        best_scale = choose(better, scale, best_scale);
        best_minimum = choose(better, minimum, best_minimum);
    }
    put_nibbles(x, inverse_of(best_scale), best_minimum, 0, group);
    const bool fits = put_halves(&best_scale, group, packed_scales_place(CK_PACKED_INT4));
    return put_halves(&best_minimum, group, packed_minima_place(CK_PACKED_INT4)) && fits;
}

// Rounds a panel whose weights are there as f32 `[16, columns]`.
INLINE bool round_panel(int32_t format, const float* weights, size_t columns, uint8_t* panel) {
    bool fits = true;
    for (size_t begin = 0; begin < columns; begin += PACKED_GROUP) {
        float turned[PACKED_GROUP][LANES];
        for (size_t row = 0; row < LANES; row++) {
            for (size_t k = 0; k < PACKED_GROUP; k++) {
                turned[k][row] = weights[row * columns + begin + k];
            }
        }
        v16 x[PACKED_GROUP];
        memcpy(x, turned, sizeof x);
        fits &= !has_nan(x);
        if (format == CK_PACKED_INT8) {
            fits &= round_int8(x, panel);
        } else if (format == CK_PACKED_INT4) {
            fits &= round_int4(x, panel);
        } else {
            fits &= round_int4_centred(x, panel);
        }
        panel += packed_group_bytes(format);
    }
    return fits;
}

// No sum is fused or reordered: the wider registers give the same bits.
#if defined(__x86_64__)
__attribute__((target("avx2"))) static bool round_panel_avx2(int32_t format, const float* weights,
                                                             size_t columns, uint8_t* panel) {
    return round_panel(format, weights, columns, panel);
}
#endif

static bool round_panel_on(int32_t isa, int32_t format, const float* weights, size_t columns,
                           uint8_t* panel) {
#if defined(__x86_64__)
    if (isa != CK_ISA_REF) {
        return round_panel_avx2(format, weights, columns, panel);
    }
#else
    (void)isa;
#endif
    return round_panel(format, weights, columns, panel);
}

// -- plain types -------------------------------------------------------------------------------

INLINE void put_plain(int32_t format, const float* x, size_t columns, uint8_t* panel, size_t row) {
    for (size_t k = 0; k < columns; k++) {
        uint8_t* place = panel + plain_place(format, row, k);
        if (format == CK_PACKED_F32) {
            memcpy(place, x + k, sizeof(float));
        } else {
            uint16_t word = format == CK_PACKED_F16 ? f32_to_f16(x[k]) : f32_to_bf16(x[k]);
            memcpy(place, &word, sizeof word);
        }
    }
}

// Each format by itself, so that places are not divided for.
static void pack_plain(int32_t format, const float* x, size_t columns, uint8_t* panel,
                       size_t row) {
    if (format == CK_PACKED_F32) {
        put_plain(CK_PACKED_F32, x, columns, panel, row);
    } else if (format == CK_PACKED_F16) {
        put_plain(CK_PACKED_F16, x, columns, panel, row);
    } else {
        put_plain(CK_PACKED_BF16, x, columns, panel, row);
    }
}

// A whole panel of bf16 as it is stored, two columns at a time, for columns that stay in the first
// cache: most of the time that a large model takes to start.
static void pack_pairs(const uint8_t* source, size_t row_bytes, size_t columns, uint8_t* panel) {
    enum { CHUNK = 256 };
    for (size_t begin = 0; begin < columns; begin += CHUNK) {
        size_t end = columns - begin < CHUNK ? columns : begin + CHUNK;
        for (size_t row = 0; row < LANES; row++) {
            const uint8_t* words = source + row * row_bytes;
            for (size_t k = begin; k < end; k += 2) {
                memcpy(panel + plain_place(CK_PACKED_BF16, row, k), words + 2 * k, 4);
            }
        }
    }
}

bool ck_pack(int32_t isa, int32_t format, int32_t type, const void* source, size_t rows,
             size_t columns, float* scratch, void* panel) {
    const size_t groups = columns / packed_group_columns(format);
    const size_t bytes = packed_group_bytes(format);
    const size_t row_bytes = columns / ck_block_elements(type) * ck_block_bytes(type);
    const bool is_stored = (format == CK_PACKED_INT8 && type == CK_Q8_0) ||
                           (packs_nibbles(format) && type == CK_Q4_0) ||
                           (format == CK_PACKED_INT4 && type == CK_Q4_1);
    const bool is_super = format == CK_PACKED_INT4 && type == CK_Q4_K;
    bool fits = true;
    if (packs_bf16(format) && type == CK_BF16 && rows == LANES) {
        pack_pairs(source, row_bytes, columns, panel);
        return true;
    }
    if (packs_integers(format) && !is_stored && !is_super) {
        memset(scratch + rows * columns, 0, (LANES - rows) * columns * sizeof(float));
        for (size_t row = 0; row < rows; row++) {
            ck_dequantize(isa, type, (const uint8_t*)source + row * row_bytes, columns,
                          scratch + row * columns);
        }
        return round_panel_on(isa, format, scratch, columns, panel);
    }
    if (rows < LANES) {
        memset(panel, 0, groups * bytes);
    }
    for (size_t row = 0; row < rows; row++) {
        const uint8_t* w = (const uint8_t*)source + row * row_bytes;
        if (!packs_integers(format)) {
            ck_dequantize(isa, type, w, columns, scratch);
            pack_plain(format, scratch, columns, panel, row);
            continue;
        }
        for (size_t i = 0; i < groups; i++) {
            uint8_t* group = (uint8_t*)panel + i * bytes;
            fits &= is_super
                        ? pack_super(w + i / 8 * Q4_K_BYTES, i % 8, group, row)
                        : pack_stored(format, type, w + i * ck_block_bytes(type), group, row);
        }
    }
    return fits;
}

size_t ck_packed_panel_bytes(int32_t format, size_t columns) {
    return columns / packed_group_columns(format) * packed_group_bytes(format);
}
