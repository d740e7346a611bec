// Where a page keeps the keys and values of a head. Part of dispatch.c, ref.c and version.h.
//
//     f32, f16, bf16   keys [head_dim, slot]                        values [slot, head_dim]
//     q8_0             quants:i8 [head_dim, slot]                   quants:i8 [slot, head_dim]
//                      scales:f16 [group, slot]                     scales:f16 [group, slot]
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

// Where q8_0 keeps the scale of a group of a slot, of keys and of values alike.
static inline const uint8_t* cached_scale(const uint8_t* block, size_t page_size, size_t head_dim,
                                          size_t slot, size_t group) {
    return block + page_size * head_dim + 2 * (group * page_size + slot);
}

#endif
