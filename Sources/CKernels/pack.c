// Rows of weights packed to panels; one version for every instruction set.
#include "packed.h"
#include <math.h>
#include <stdbool.h>

// wide vectors are passed between functions of this file only
#pragma clang diagnostic ignored "-Wpsabi"

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));

#define INLINE static inline __attribute__((always_inline))

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
        put_half(scale, group, 512, row);
        return is_finite(scale);
    }
    const uint8_t* nibbles = b + (type == CK_Q4_0 ? 2 : 4);
    for (int i = 0; i < 16; i++) {
        quants[i] = nibbles[i] & 15;
        quants[i + 16] = nibbles[i] >> 4;
    }
    put_int4(quants, group, row);
    put_half(scale, group, 256, row);
    if (format == CK_PACKED_INT4_CENTRED) {
        return is_finite(scale);
    }
    minimum = type == CK_Q4_0 ? f32_to_f16(-8 * f16_to_f32(scale)) : load_u16(b + 2);
    put_half(minimum, group, 288, row);
    return is_finite(scale) && is_finite(minimum);
}

// A group of q4_K keeps its quants; its 6-bit scale and minimum times the block's are rounded to f16.
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
    put_half(scale, group, 256, row);
    put_half(minimum, group, 288, row);
    return is_finite(scale) && is_finite(minimum);
}

// -- rounded -----------------------------------------------------------------------------------

INLINE v16 spread(float x) {
    return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

INLINE float total(v16 v) {
    float sum = 0;
    for (int i = 0; i < LANES; i++) {
        sum += v[i];
    }
    return sum;
}

// The integers nearest to v within [0, most], as floats; NaN becomes `most`.
INLINE v16 rounded(v16 v, float most) {
    i16 below = v < spread(most);
    v = (v16)(((i16)v & below) | ((i16)spread(most) & ~below));
    i16 above = v > spread(0);
    v = (v16)((i16)v & above);
    return v + spread(EXP_ROUNDING) - spread(EXP_ROUNDING);
}

static bool round_int8(const float* x, uint8_t* group, size_t row) {
    float largest = 0;
    for (int i = 0; i < 32; i++) {
        // a NaN stays, to be refused below
        largest = fabsf(x[i]) <= largest ? largest : fabsf(x[i]);
        if (x[i] != x[i]) {
            return false;
        }
    }
    uint16_t half = f32_to_f16(largest * (1 / 127.0f));
    float scale = f16_to_f32(half), inverse = scale > 0 ? 1 / scale : 0;
    uint8_t quants[32];
    for (int i = 0; i < 32; i++) {
        float quant = x[i] * inverse;
        quant = quant < 127 ? quant : 127;
        quant = quant > -127 ? quant : -127;
        quants[i] = (uint8_t)((int)rintf(quant) + 128);
    }
    put_int8(quants, group, row);
    put_half(half, group, 512, row);
    return is_finite(half);
}

// The weight of largest size becomes quant 0, which has no opposite.
static bool round_int4_centred(const float* x, uint8_t* group, size_t row) {
    float extreme = 0;
    for (int i = 0; i < 32; i++) {
        extreme = fabsf(x[i]) > fabsf(extreme) ? x[i] : extreme;
        if (x[i] != x[i]) {
            return false;
        }
    }
    uint16_t half = f32_to_f16(extreme * -0.125f);
    float scale = f16_to_f32(half), inverse = scale != 0 ? 1 / scale : 0;
    uint8_t quants[32];
    for (int i = 0; i < 32; i++) {
        float quant = rintf(x[i] * inverse) + 8;
        quant = quant < 15 ? quant : 15;
        quants[i] = quant > 0 ? (uint8_t)quant : 0;
    }
    put_int4(quants, group, row);
    put_half(half, group, 256, row);
    return is_finite(half);
}

// The quants that are nearest under a scale and a minimum, and the sum of their squared errors.
INLINE float errors(v16 low, v16 high, float scale, float minimum, v16* first, v16* second) {
    v16 inverse = spread(scale != 0 ? 1 / scale : 0);
    *first = rounded((low - spread(minimum)) * inverse, 15);
    *second = rounded((high - spread(minimum)) * inverse, 15);
    v16 a = *first * spread(scale) + spread(minimum) - low;
    v16 b = *second * spread(scale) + spread(minimum) - high;
    return total(a * a + b * b);
}

// Ranges a little narrower than the group's are tried; each one's quants get the scale and the
// minimum that suit them best, by least squares, and the best of all stay.
static bool round_int4(const float* x, uint8_t* group, size_t row) {
    v16 low, high, first, second;
    memcpy(&low, x, sizeof low);
    memcpy(&high, x + LANES, sizeof high);
    float least = x[0], most = x[0];
    for (int i = 0; i < 32; i++) {
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
        if (x[i] != x[i]) {
            return false;
        }
    }
    uint16_t best_scale = f32_to_f16((most - least) / 15), best_minimum = f32_to_f16(least);
    float scale = f16_to_f32(best_scale), minimum = f16_to_f32(best_minimum);
    float best = errors(low, high, scale, minimum, &first, &second);
    const float total_x = total(low + high);
    for (int trial = 0; trial < 6 && best > 0; trial++) {
        float share = 0.05f * (float)trial, range = most - least;
        float trial_scale = range * (1 - share) / 15, trial_minimum = least + range * share / 2;
        errors(low, high, trial_scale, trial_minimum, &first, &second);
        float q = total(first + second), qq = total(first * first + second * second);
        float qx = total(first * low + second * high), spread_of_q = 32 * qq - q * q;
        if (!(spread_of_q > 0)) {
            continue;
        }
        uint16_t half = f32_to_f16((32 * qx - q * total_x) / spread_of_q);
        uint16_t other = f32_to_f16((total_x - f16_to_f32(half) * q) / 32);
        if (!is_finite(half) || !is_finite(other)) {
            continue;
        }
        float error = errors(low, high, f16_to_f32(half), f16_to_f32(other), &first, &second);
        if (error < best) {
            best = error;
            best_scale = half;
            best_minimum = other;
        }
    }
    errors(low, high, f16_to_f32(best_scale), f16_to_f32(best_minimum), &first, &second);
    uint8_t quants[32];
    for (int i = 0; i < LANES; i++) {
        quants[i] = (uint8_t)first[i];
        quants[i + LANES] = (uint8_t)second[i];
    }
    put_int4(quants, group, row);
    put_half(best_scale, group, 256, row);
    put_half(best_minimum, group, 288, row);
    return is_finite(best_scale) && is_finite(best_minimum);
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
    if (rows < LANES) {
        memset(panel, 0, groups * bytes);
    }
    for (size_t row = 0; row < rows; row++) {
        const uint8_t* w = (const uint8_t*)source + row * row_bytes;
        if (!is_stored && !is_super) {
            ck_dequantize(isa, type, w, columns, scratch);
        }
        if (!packs_integers(format)) {
            pack_plain(format, scratch, columns, panel, row);
            continue;
        }
        for (size_t i = 0; i < groups; i++) {
            uint8_t* group = (uint8_t*)panel + i * bytes;
            if (is_stored) {
                fits &= pack_stored(format, type, w + i * ck_block_bytes(type), group, row);
            } else if (is_super) {
                fits &= pack_super(w + i / 8 * Q4_K_BYTES, i % 8, group, row);
            } else if (format == CK_PACKED_INT8) {
                fits &= round_int8(scratch + i * PACKED_GROUP, group, row);
            } else if (format == CK_PACKED_INT4_CENTRED) {
                fits &= round_int4_centred(scratch + i * PACKED_GROUP, group, row);
            } else {
                fits &= round_int4(scratch + i * PACKED_GROUP, group, row);
            }
        }
    }
    return fits;
}

size_t ck_packed_panel_bytes(int32_t format, size_t columns) {
    return columns / packed_group_columns(format) * packed_group_bytes(format);
}
