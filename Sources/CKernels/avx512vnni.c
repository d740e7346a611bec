// Packed products with the dot products of AVX-512 VNNI; all else is avx512.c's.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))),        \
    apply_to = function)

#include "lanes.h"
#include "operations.h"
#include "packed.h"

#define PACKED_TOKENS 8
#define PACKED_INT8_TOKENS 8
#define HAS_DOT4 1
#define DOT4_IS_SIGNED 0

INLINE i16 dot4(i16 sums, b64 weights, b64 inputs) {
    return (i16)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)weights, (__m512i)inputs);
}

#include "packed_matmul.h"

void ck_packed_matmul_avx512_vnni(const ck_packed_matmul_args* args) {
    packed_matmul(args);
}

#pragma clang attribute pop
#endif
