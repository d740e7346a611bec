// What packing, the plain and the fast versions of packed products share.
#ifndef PACKED_H
#define PACKED_H

#include "scalars.h"

enum {
    PACKED_GROUP = 32,
    PACKED_HALVES = LANES * 2,     // bytes of one f16 for each row of a panel
    PACKED_RUN_BYTES = 192 * 1024, // of inputs that pass by a panel
};

// Groups whose largest size is below count as zeros, so that no reciprocal overflows.
#define INPUT_LEAST 0x1p-100f

static inline void finish_input(ck_input_group* group, float largest, int32_t sum) {
    group->scale = largest * (1 / 127.0f);
    group->sum = group->scale * (float)sum;
    group->correction = -128 * sum;
    group->correction4 = -8 * sum;
}

static inline bool packs_nibbles(int32_t format) {
    return format == CK_PACKED_INT4 || format == CK_PACKED_INT4_CENTRED;
}

static inline bool packs_integers(int32_t format) {
    return format == CK_PACKED_INT8 || packs_nibbles(format);
}

static inline bool packs_bf16(int32_t format) {
    return format == CK_PACKED_BF16 || format == CK_PACKED_BF16_DOT;
}

// Columns that lie together; of integers, as many share a scale.
static inline size_t packed_group_columns(int32_t format) {
    return packs_integers(format) ? PACKED_GROUP : packs_bf16(format) ? 2 : 1;
}

// Where the scales of a group's rows stand, behind the quants of all.
static inline size_t packed_scales_place(int32_t format) {
    return LANES * PACKED_GROUP / (packs_nibbles(format) ? 2 : 1);
}

// Where the minima stand, or the group ends.
static inline size_t packed_minima_place(int32_t format) {
    return packed_scales_place(format) + PACKED_HALVES;
}

static inline size_t packed_group_bytes(int32_t format) {
    switch (format) {
    case CK_PACKED_INT8:
    case CK_PACKED_INT4_CENTRED:
        return packed_minima_place(format);
    case CK_PACKED_INT4:
        return packed_minima_place(format) + PACKED_HALVES;
    case CK_PACKED_F16:
        return PACKED_HALVES;
    default:
        return LANES * sizeof(float);
    }
}

// Where a weight that is no integer lies in its panel, in bytes.
static inline size_t plain_place(int32_t format, size_t row, size_t column) {
    const size_t together = packed_group_columns(format), bytes = packed_group_bytes(format);
    const size_t element = bytes / (LANES * together);
    return column / together * bytes + (row * together + column % together) * element;
}

#endif
