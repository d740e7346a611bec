// What the plain and the fast versions share: single numbers, block layouts, constants.
#ifndef SCALARS_H
#define SCALARS_H

#include "ckernels.h"
#include <string.h>

enum { LANES = 16 };

// `count` and what is missing to whole vectors.
static inline size_t whole_lanes(size_t count) {
    return (count + LANES - 1) / LANES * LANES;
}

// What the next tile takes of `left`: at most `most`, and so that the tiles are of even sizes.
static inline size_t tile_of(size_t left, size_t most) {
    return left / ((left + most - 1) / most);
}

static inline uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint16_t load_u16(const uint8_t* p) {
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline float bf16_to_f32(uint16_t half) {
    return float_of((uint32_t)half << 16);
}

static inline float f16_to_f32(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) {
        // the conversion instructions make signalling NaNs quiet
        uint32_t quiet = magnitude > 0x7c00 ? 0x400000 : 0;
        return float_of(sign | 0x7f800000 | quiet | (magnitude & 0x3ff) << 13);
    }
    if (magnitude < 0x400) {
        return float_of(sign | bits_of((float)magnitude * 0x1p-24f));
    }
    return float_of(sign | ((magnitude << 13) + (112u << 23)));
}

static inline uint16_t f32_to_bf16(float value) {
    uint32_t bits = bits_of(value);
    if ((bits & 0x7fffffff) > 0x7f800000) {
        return (uint16_t)(bits >> 16 | 0x40);
    }
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline uint16_t f32_to_f16(float value) {
    uint32_t bits = bits_of(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits > 0x7f800000) {
        return (uint16_t)(sign | 0x7e00 | (bits >> 13 & 0x1ff));
    }
    if (bits >= 0x47800000) { // 65536 and above
        return sign | 0x7c00;
    }
    if (bits < 0x38800000) { // below 2^-14 the spacing is 2^-24: let an addition round
        return (uint16_t)(sign | (bits_of(float_of(bits) + 0.5f) - bits_of(0.5f)));
    }
    // a carry out of the mantissa moves the exponent, up to infinity, as it should
    return (uint16_t)(sign | (bits - (112u << 23) + 0xfff + (bits >> 13 & 1)) >> 13);
}

// A block on disk, little endian:
//
//     q8_0  d:f16  quants:i8[32]
//     q4_0  d:f16  nibbles[16]                  byte i holds elements i (low) and i + 16 (high)
//     q4_1  d:f16  m:f16  nibbles[16]
//     q5_0  d:f16  high:u32  nibbles[16]        bit i of high is bit 4 of element i
//     q5_1  d:f16  m:f16  high:u32  nibbles[16]
//     q2_K  scales[16]  quants[64]  d:f16  dmin:f16
//     q3_K  hmask[32]  quants[64]  scales[12]  d:f16
//     q4_K  d:f16  dmin:f16  scales[12]  nibbles[128]
//     q5_K  d:f16  dmin:f16  scales[12]  high[32]  nibbles[128]
//     q6_K  low[128]  high[64]  scales:i8[16]  d:f16
enum { BLOCK_ELEMENTS = 32, SUPER_ELEMENTS = 256 };

enum {
    Q8_0_BYTES = 34,
    Q4_0_BYTES = 18,
    Q4_1_BYTES = 20,
    Q5_0_BYTES = 22,
    Q5_1_BYTES = 24,
    Q2_K_BYTES = 84,
    Q3_K_BYTES = 110,
    Q4_K_BYTES = 144,
    Q5_K_BYTES = 176,
    Q6_K_BYTES = 210,
};

// q4_K and q5_K pack eight 6-bit scales and eight 6-bit minima into 12 bytes:
//
//     bytes 0-3   scale 0-3, above them the high 2 bits of scale 4-7
//     bytes 4-7   minimum 0-3, above them the high 2 bits of minimum 4-7
//     bytes 8-11  low 4 bits of scale 4-7, above them the low 4 bits of minimum 4-7
//
// Four bytes are unpacked at a time, to scales in bytes 0-7 of the result and minima in 8-15.
static inline void k4_scales(const uint8_t* packed, uint8_t unpacked[16]) {
    uint32_t word[3];
    memcpy(word, packed, sizeof word);
    uint32_t out[4] = {
        word[0] & 0x3f3f3f3f,
        (word[2] & 0x0f0f0f0f) | (word[0] >> 6 & 0x03030303) << 4,
        word[1] & 0x3f3f3f3f,
        (word[2] >> 4 & 0x0f0f0f0f) | (word[1] >> 6 & 0x03030303) << 4,
    };
    memcpy(unpacked, out, sizeof out);
}

// q3_K packs sixteen 6-bit scales, offset by 32: bytes 0-7 hold the low 4 bits of scales 0-7 and,
// above them, of 8-15; byte 8+j holds the high 2 bits of scales j, 4+j, 8+j, 12+j.
static inline void k3_scales(const uint8_t* packed, uint8_t unpacked[16]) {
    uint32_t word[3];
    memcpy(word, packed, sizeof word);
    uint32_t out[4] = {
        (word[0] & 0x0f0f0f0f) | (word[2] & 0x03030303) << 4,
        (word[1] & 0x0f0f0f0f) | (word[2] >> 2 & 0x03030303) << 4,
        (word[0] >> 4 & 0x0f0f0f0f) | (word[2] >> 4 & 0x03030303) << 4,
        (word[1] >> 4 & 0x0f0f0f0f) | (word[2] >> 6 & 0x03030303) << 4,
    };
    memcpy(unpacked, out, sizeof out);
}

// e^x = 2^n * e^r with n the integer nearest to x / ln 2 and |r| <= ln 2 / 2. The polynomial is the
// Taylor series of degree 7, whose remainder is below 2^-27 there. n is rounded by adding 1.5 *
// 2^23.
#define EXP_LOWEST (-104.0f)
#define EXP_HIGHEST 89.0f
#define EXP_LOG2E 0x1.715476p+0f
#define EXP_ROUNDING 0x1.8p+23f
#define EXP_LN2_HIGH 0x1.62e4p-1f
#define EXP_LN2_LOW 0x1.7f7d1cp-20f
#define EXP_C7 0x1.a01a02p-13f
#define EXP_C6 0x1.6c16c2p-10f
#define EXP_C5 0x1.111112p-7f
#define EXP_C4 0x1.555556p-5f
#define EXP_C3 0x1.555556p-3f

#endif
