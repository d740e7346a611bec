// Packed products with the dot products of Armv8.2; all else is neon.c's.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "lanes.h"
#include "operations.h"
#include "packed.h"

#define PACKED_TOKENS 4
#define PACKED_INT8_TOKENS 4
#define HAS_DOT4 1
#define DOT4_IS_SIGNED 1

typedef union {
    b64 bytes;
    i16 lanes;
    int8x16_t quarter[4];
    int32x4_t wide[4];
} quarters;

INLINE i16 dot4(i16 sums, b64 weights, b64 inputs) {
    quarters s = {.lanes = sums}, w = {.bytes = weights}, x = {.bytes = inputs};
    UNROLL for (int i = 0; i < 4; i++) {
        s.wide[i] = vdotq_s32(s.wide[i], w.quarter[i], x.quarter[i]);
    }
    return s.lanes;
}

#include "packed_matmul.h"

void ck_packed_matmul_neon_dot(const ck_packed_matmul_args* args) {
    packed_matmul(args);
}

#pragma clang attribute pop
#endif
