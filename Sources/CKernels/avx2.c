// AVX2 with FMA and F16C: a vector of lanes is two registers.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

// wide vectors are passed between functions of this file only
#pragma clang diagnostic ignored "-Wpsabi"

#define PART_LANES 8
#define TILE_ROWS 2
#define TILE_TOKENS 3
#define FUSED_ROWS 4
#define GEMM_ROWS 6
#define GEMM_VECTORS 1
#define SCORE_ROWS 4
#define ATTENTION_SUMS 4
#define OPERATIONS ck_operations_avx2
#define HAS_SCALE 0
#define HAS_PERMUTE 0
#define PACKED_TOKENS 4
#define PACKED_INT8_TOKENS 4
#define HAS_DOT4 0
#define HAS_BF16_DOT 0
#define PANEL_TOKENS 6
#define PANELS_BESIDE(tokens) ((tokens) == 1 ? 4 : (tokens) == 2 ? 2 : 1)

#include "lanes.h"

typedef union {
    p32 all;
    b64 bytes;
    i16 lanes;
    __m256i half[2];
} halves;

INLINE p32 pairs(b64 weights, b64 inputs) {
    halves w = {.bytes = weights}, x = {.bytes = inputs};
    return (halves){.half = {_mm256_maddubs_epi16(w.half[0], x.half[0]),
                             _mm256_maddubs_epi16(w.half[1], x.half[1])}}
        .all;
}

INLINE i16 widen(p32 sums, int16_t factor) {
    halves s = {.all = sums};
    __m256i factors = _mm256_set1_epi16(factor);
    return (halves){.half = {_mm256_madd_epi16(s.half[0], factors),
                             _mm256_madd_epi16(s.half[1], factors)}}
        .lanes;
}

#include "version.h"

#pragma clang attribute pop
#endif
