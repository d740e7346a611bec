// Reads memory, or multiplies bytes, and does nothing else: what a machine can do at most.
#include "ckernels.h"
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

typedef uint64_t line __attribute__((vector_size(64)));

static inline __attribute__((always_inline)) uint64_t read_lines(const unsigned char* bytes,
                                                                 size_t count) {
    line sums[4] = {{0}, {0}, {0}, {0}};
    for (size_t i = 0; i + 4 * sizeof(line) <= count; i += 4 * sizeof(line)) {
        for (size_t j = 0; j < 4; j++) {
            line value;
            memcpy(&value, bytes + i + j * sizeof(line), sizeof(line));
            sums[j] ^= value;
        }
    }
    line all = sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
    uint64_t sum = 0;
    for (size_t j = 0; j < sizeof(line) / sizeof(uint64_t); j++) {
        sum ^= all[j];
    }
    return sum;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint64_t read_avx2(const unsigned char* bytes,
                                                          size_t count) {
    return read_lines(bytes, count);
}

__attribute__((target("avx512f"))) static uint64_t read_avx512(const unsigned char* bytes,
                                                               size_t count) {
    return read_lines(bytes, count);
}
#endif

uint64_t ck_read(int32_t isa, const void* bytes, size_t count) {
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX512 || isa == CK_ISA_AVX512_VNNI || isa == CK_ISA_AVX512_BF16) {
        return read_avx512(bytes, count);
    }
    if (isa == CK_ISA_AVX2 || isa == CK_ISA_AVX2_VNNI) {
        return read_avx2(bytes, count);
    }
#endif
    (void)isa;
    return read_lines(bytes, count);
}

// Enough chains that only the number of units and their clock hold them up.
enum { CHAINS = 12 };

#if defined(__x86_64__)
// Without VNNI a product takes at least a multiplication to pairs and their addition. The compiler
// may not see that the input stays the same.
__attribute__((target("avx2"))) static size_t bytes_avx2(size_t rounds, float* out) {
    __m256i sums[CHAINS], weights[CHAINS], input = _mm256_set1_epi8(1);
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = _mm256_setzero_si256();
        weights[i] = _mm256_set1_epi8((char)i);
    }
    for (size_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+x"(input));
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = _mm256_add_epi16(sums[i], _mm256_maddubs_epi16(weights[i], input));
        }
    }
    for (int i = 1; i < CHAINS; i++) {
        sums[0] = _mm256_add_epi16(sums[0], sums[i]);
    }
    out[0] = (float)_mm256_extract_epi16(sums[0], 0);
    return rounds * CHAINS * 2 * sizeof(__m256i);
}

__attribute__((target("avx512f,avx512bw"))) static size_t bytes_avx512(size_t rounds, float* out) {
    __m512i sums[CHAINS], weights[CHAINS], input = _mm512_set1_epi8(1);
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = _mm512_setzero_si512();
        weights[i] = _mm512_set1_epi8((char)i);
    }
    for (size_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+v"(input));
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = _mm512_add_epi16(sums[i], _mm512_maddubs_epi16(weights[i], input));
        }
    }
    for (int i = 1; i < CHAINS; i++) {
        sums[0] = _mm512_add_epi16(sums[0], sums[i]);
    }
    out[0] = (float)_mm_extract_epi16(_mm512_castsi512_si128(sums[0]), 0);
    return rounds * CHAINS * 2 * sizeof(__m512i);
}

__attribute__((target("avx2,avxvnni"))) static size_t bytes_avx_vnni(size_t rounds, float* out) {
    __m256i sums[CHAINS], weights = _mm256_set1_epi8(2), input = _mm256_set1_epi8(1);
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = _mm256_set1_epi32(i);
    }
    for (size_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+x"(input));
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = _mm256_dpbusd_avx_epi32(sums[i], weights, input);
        }
    }
    for (int i = 1; i < CHAINS; i++) {
        sums[0] = _mm256_add_epi32(sums[0], sums[i]);
    }
    out[0] = (float)_mm256_extract_epi32(sums[0], 0);
    return rounds * CHAINS * 2 * sizeof(__m256i);
}

__attribute__((target("avx512f,avx512vnni"))) static size_t bytes_vnni(size_t rounds, float* out) {
    __m512i sums[CHAINS], weights = _mm512_set1_epi8(2), input = _mm512_set1_epi8(1);
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = _mm512_set1_epi32(i);
    }
    for (size_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+v"(input));
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = _mm512_dpbusd_epi32(sums[i], weights, input);
        }
    }
    for (int i = 1; i < CHAINS; i++) {
        sums[0] = _mm512_add_epi32(sums[0], sums[i]);
    }
    out[0] = (float)_mm_cvtsi128_si32(_mm512_castsi512_si128(sums[0]));
    return rounds * CHAINS * 2 * sizeof(__m512i);
}

__attribute__((target("avx512f,avx512bf16"))) static size_t pairs_bf16(size_t rounds, float* out) {
    __m512 sums[CHAINS];
    __m512bh weights = (__m512bh)_mm512_set1_epi32(0x3f803f80), input = weights;
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = _mm512_set1_ps((float)i);
    }
    for (size_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+v"(input));
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = _mm512_dpbf16_ps(sums[i], weights, input);
        }
    }
    for (int i = 1; i < CHAINS; i++) {
        sums[0] = sums[0] + sums[i];
    }
    out[0] = sums[0][0];
    return rounds * CHAINS * sizeof(__m512);
}
#elif defined(__aarch64__)
__attribute__((target("dotprod"))) static size_t bytes_dot(size_t rounds, float* out) {
    int32x4_t sums[CHAINS];
    int8x16_t weights = vdupq_n_s8(2), input = vdupq_n_s8(1);
    for (int i = 0; i < CHAINS; i++) {
        sums[i] = vdupq_n_s32(i);
    }
    for (size_t round = 0; round < rounds; round++) {
        __asm__ volatile("" : "+w"(input));
#pragma clang loop unroll(full)
        for (int i = 0; i < CHAINS; i++) {
            sums[i] = vdotq_s32(sums[i], weights, input);
        }
    }
    for (int i = 1; i < CHAINS; i++) {
        sums[0] = vaddq_s32(sums[0], sums[i]);
    }
    out[0] = (float)vgetq_lane_s32(sums[0], 0);
    return rounds * CHAINS * 2 * sizeof(int8x16_t);
}
#endif

size_t ck_byte_multiply_adds(int32_t isa, size_t rounds, float* out) {
    switch (isa) {
#if defined(__x86_64__)
    case CK_ISA_AVX2:
        return bytes_avx2(rounds, out);
    case CK_ISA_AVX2_VNNI:
        return bytes_avx_vnni(rounds, out);
    case CK_ISA_AVX512:
        return bytes_avx512(rounds, out);
    case CK_ISA_AVX512_VNNI:
    case CK_ISA_AVX512_BF16:
        return bytes_vnni(rounds, out);
#elif defined(__aarch64__)
    case CK_ISA_NEON_DOT:
        return bytes_dot(rounds, out);
#endif
    default:
        (void)rounds;
        (void)out;
        return 0;
    }
}

size_t ck_pair_multiply_adds(int32_t isa, size_t rounds, float* out) {
#if defined(__x86_64__)
    if (isa == CK_ISA_AVX512_BF16) {
        return pairs_bf16(rounds, out);
    }
#endif
    (void)isa;
    (void)rounds;
    (void)out;
    return 0;
}
