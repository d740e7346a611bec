// Vectors of 16 lanes: sums in the fixed order, the exponential. Part of version.h.
#ifndef LANES_H
#define LANES_H

#include "scalars.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef uint32_t u16 __attribute__((vector_size(64)));
typedef uint8_t b16 __attribute__((vector_size(16)));
typedef int8_t s16 __attribute__((vector_size(16)));
typedef uint16_t w16 __attribute__((vector_size(32)));
typedef _Float16 h16 __attribute__((vector_size(32)));
typedef uint8_t b64 __attribute__((vector_size(64)));
typedef int16_t p32 __attribute__((vector_size(64)));

INLINE v16 load(const float* p) {
    v16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

#if defined(PART_LANES)
// What one register holds of a v16: sums that fill the registers take their operands part by part.
typedef float vpart __attribute__((vector_size(PART_LANES * sizeof(float))));
typedef uint32_t upart __attribute__((vector_size(PART_LANES * sizeof(float))));
enum { PARTS = LANES / PART_LANES };

INLINE vpart load_register(const float* p) {
    vpart v;
    memcpy(&v, p, sizeof v);
    return v;
}
#endif

INLINE void store(float* p, v16 v) {
    memcpy(p, &v, sizeof v);
}

INLINE v16 spread(float x) {
    return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

#if defined(PART_LANES)
INLINE vpart spread_register(float x) {
#if PART_LANES == 4
    return (vpart){x, x, x, x};
#elif PART_LANES == 8
    return (vpart){x, x, x, x, x, x, x, x};
#else
    return spread(x);
#endif
}
#endif

INLINE v16 load_part(const float* p, size_t count, float rest) {
    v16 v = spread(rest);
    memcpy(&v, p, count * sizeof(float));
    return v;
}

INLINE v16 fma16(v16 a, v16 b, v16 c) {
    return __builtin_elementwise_fma(a, b, c);
}

INLINE v16 from_halves(const uint8_t* p) {
    h16 v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, v16);
}

INLINE v16 choose(i16 condition, v16 yes, v16 no) {
    return (v16)(((i16)yes & condition) | ((i16)no & ~condition));
}

INLINE v16 absolute(v16 v) {
    return (v16)((u16)v & 0x7fffffff);
}

// Lanes of b where one of both is NaN.
INLINE v16 larger(v16 a, v16 b) {
    return choose(a > b, a, b);
}

// The largest lane of a vector without NaN.
INLINE float largest_lane(v16 v) {
    v = larger(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6,
                                          7));
    v = larger(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3));
    v = larger(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1));
    v = larger(v, __builtin_shufflevector(v, v, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0));
    return v[0];
}

INLINE float total(v16 v) {
    typedef float v8 __attribute__((vector_size(32)));
    typedef float v4 __attribute__((vector_size(16)));
    v8 a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
           __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    v4 b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
    return (b[0] + b[2]) + (b[1] + b[3]);
}

// Sixteen totals at once: each step adds halves, quarters... of two vectors side by side, which is
// the tree of `total` for each of them. Lane i of the result is the total of v[i].
INLINE v16 totals(const v16* v) {
    v16 a[8], b[4], c[2];
    UNROLL for (int i = 0; i < 8; i++) {
        a[i] = __builtin_shufflevector(v[i], v[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20,
                                       21, 22, 23) +
               __builtin_shufflevector(v[i], v[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27,
                                       28, 29, 30, 31);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        b[i] = __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24,
                                       25, 26, 27) +
               __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15,
                                       28, 29, 30, 31);
    }
    UNROLL for (int i = 0; i < 2; i++) {
        c[i] = __builtin_shufflevector(b[i], b[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12,
                                       13, 28, 29) +
               __builtin_shufflevector(b[i], b[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27,
                                       14, 15, 30, 31);
    }
    return __builtin_shufflevector(c[0], c[1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28,
                                   14, 30) +
           __builtin_shufflevector(c[0], c[1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29,
                                   15, 31);
}

INLINE v16 exponential(v16 x) {
    x = choose(x < spread(EXP_LOWEST), spread(EXP_LOWEST), x);
    x = choose(x > spread(EXP_HIGHEST), spread(EXP_HIGHEST), x);
    v16 shifted = fma16(x, spread(EXP_LOG2E), spread(EXP_ROUNDING));
    v16 n = shifted - spread(EXP_ROUNDING);
    v16 r = fma16(n, spread(-EXP_LN2_HIGH), x);
    r = fma16(n, spread(-EXP_LN2_LOW), r);
    v16 p = spread(EXP_C7);
    p = fma16(p, r, spread(EXP_C6));
    p = fma16(p, r, spread(EXP_C5));
    p = fma16(p, r, spread(EXP_C4));
    p = fma16(p, r, spread(EXP_C3));
    p = fma16(p, r, spread(0.5f));
    p = fma16(p, r, spread(1.0f));
    p = fma16(p, r, spread(1.0f));
#if HAS_SCALE
    return times_power(p, n);
#else
    i16 exponent = (i16)shifted - (i16)spread(EXP_ROUNDING);
    i16 first = exponent >> 1;
    i16 second = exponent - first;
    return p * (v16)((u16)(first + 127) << 23) * (v16)((u16)(second + 127) << 23);
#endif
}

#endif
