// Products of bf16 with inputs rounded to bf16, by AVX-512 BF16; all else is avx512vnni.c's.
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma,f16c"))),        \
    apply_to = function)

#define PART_LANES 16
#define HAS_BF16_DOT 1
#define PANEL_TOKENS 8
#define PANELS_BESIDE(tokens) ((tokens) <= 2 ? 4 : 3)

#include "lanes.h"
#include "operations.h"
#include "packed.h"

INLINE v16 bf16_dot(v16 sums, u16 weights, u16 inputs) {
    return (v16)_mm512_dpbf16_ps((__m512)sums, (__m512bh)weights, (__m512bh)inputs);
}

#include "fetch.h"
#include "panel_matmul.h"

void ck_panel_matmul_avx512_bf16(const ck_packed_matmul_args* args) {
    panel_matmul(args);
}

#pragma clang attribute pop
#endif
