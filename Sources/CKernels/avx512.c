// AVX-512: a vector of lanes is one register.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))),                   \
    apply_to = function)

#define PART_LANES 16
#define TILE_ROWS 4
#define TILE_TOKENS 6
#define FUSED_ROWS 8
#define GEMM_ROWS 12
#define GEMM_VECTORS 2
#define SCORE_ROWS 8
#define ATTENTION_SUMS 16
#define OPERATIONS ck_operations_avx512
#define HAS_SCALE 1
#define times_power(value, power) ((v16)_mm512_scalef_ps((__m512)(value), (__m512)(power)))
#define HAS_PERMUTE 1
// The instruction looks at the low 4 bits of an index only.
#define permute(table, index) ((v16)_mm512_permutexvar_ps((__m512i)(index), (__m512)(table)))

#define PACKED_TOKENS 8
#define PACKED_INT8_TOKENS 6
#define HAS_DOT4 0
#define HAS_BF16_DOT 0
#define PANEL_TOKENS 6
#define PANELS_BESIDE(tokens) ((tokens) <= 2 ? 4 : 2)

#include "lanes.h"

INLINE p32 pairs(b64 weights, b64 inputs) {
    return (p32)_mm512_maddubs_epi16((__m512i)weights, (__m512i)inputs);
}

INLINE i16 widen(p32 sums, int16_t factor) {
    return (i16)_mm512_madd_epi16((__m512i)sums, _mm512_set1_epi16(factor));
}

#include "version.h"

#pragma clang attribute pop
#endif
