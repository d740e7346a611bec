// Packed products with the dot products of AVX-VNNI, which processors without AVX-512 have; all
// else is avx2.c's.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)

// wide vectors are passed between functions of this file only
#pragma clang diagnostic ignored "-Wpsabi"

#define PART_LANES 8

#include "lanes.h"
#include "operations.h"
#include "packed.h"

// Two registers of sums a token, of sixteen.
#define PACKED_TOKENS 4
#define PACKED_INT8_TOKENS 4
#define HAS_DOT4 1
#define DOT4_IS_SIGNED 0

typedef union {
    i16 all;
    b64 bytes;
    __m256i half[2];
} halves;

INLINE i16 dot4(i16 sums, b64 weights, b64 inputs) {
    halves s = {.all = sums}, w = {.bytes = weights}, x = {.bytes = inputs};
    return (halves){.half = {_mm256_dpbusd_avx_epi32(s.half[0], w.half[0], x.half[0]),
                             _mm256_dpbusd_avx_epi32(s.half[1], w.half[1], x.half[1])}}
        .all;
}

#include "packed_matmul.h"

void ck_packed_matmul_avx2_vnni(const ck_packed_matmul_args* args) {
    packed_matmul(args);
}

#pragma clang attribute pop
#endif
