// Where a page keeps the keys and values of a head. Part of dispatch.c, ref.c and version.h.
//
//     f32, f16, bf16   keys [head_dim, slot]                        values [slot, head_dim]
//     q8_0             quants:i8 [head_dim, slot]                   quants:i8 [slot, head_dim]
//                      scales:f16 [group, slot]                     scales:f16 [slot, group]
//
// A group is 32 dimensions of one token, the last perhaps fewer: what q8_0 makes of them.
#ifndef CACHED_H
#define CACHED_H

#include "scalars.h"

enum { CACHED_GROUP = 32 };

static inline size_t cached_groups(size_t head_dim) {
    return (head_dim + CACHED_GROUP - 1) / CACHED_GROUP;
}

static inline size_t cached_element_bytes(int32_t type) {
    return type == CK_F32 ? 4 : type == CK_Q8_0 ? 1 : 2;
}

// Bytes of the keys, or the values, of `count` slots.
static inline size_t cached_bytes(int32_t type, size_t count, size_t head_dim) {
    const size_t scales = type == CK_Q8_0 ? cached_groups(head_dim) * sizeof(uint16_t) : 0;
    return count * (head_dim * cached_element_bytes(type) + scales);
}

// Element d of the key in a slot of q8_0; exact, as both factors are short.
static inline float cached_key(const uint8_t* keys, size_t page_size, size_t head_dim, size_t slot,
                               size_t d) {
    const uint8_t* scales = keys + page_size * head_dim;
    const size_t scale = d / CACHED_GROUP * page_size + slot;
    return (float)(int8_t)keys[d * page_size + slot] * f16_to_f32(load_u16(scales + 2 * scale));
}

static inline float cached_value(const uint8_t* values, size_t page_size, size_t head_dim,
                                 size_t slot, size_t d) {
    const uint8_t* scales = values + page_size * head_dim;
    const size_t scale = slot * cached_groups(head_dim) + d / CACHED_GROUP;
    return (float)(int8_t)values[slot * head_dim + d] * f16_to_f32(load_u16(scales + 2 * scale));
}

#endif
