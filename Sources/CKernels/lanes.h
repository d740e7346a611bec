// Every operation over vectors of 16 lanes, compiled once per instruction set.
//
// The including file sets the target and defines
//
//     TILE_ROWS, TILE_TOKENS   accumulators that fit the registers, at most 4 by 6
//     FUSED_ROWS               rows that a product with one token walks side by side
//     OPERATIONS               the name of the table that is defined at the end
//     HAS_PERMUTE              whether `permute(table, index)` looks up 16 lanes in 16 floats
#include "operations.h"
#include "scalars.h"
#include <math.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef uint32_t u16 __attribute__((vector_size(64)));
typedef uint8_t b16 __attribute__((vector_size(16)));
typedef int8_t s16 __attribute__((vector_size(16)));
typedef uint16_t w16 __attribute__((vector_size(32)));
typedef _Float16 h16 __attribute__((vector_size(32)));

// -- lanes -------------------------------------------------------------------------------------

INLINE v16 load(const float* p) {
    v16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float* p, v16 v) {
    memcpy(p, &v, sizeof v);
}

INLINE v16 spread(float x) {
    return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

static v16 load_part(const float* p, size_t count, float rest) {
    v16 v = spread(rest);
    memcpy(&v, p, count * sizeof(float));
    return v;
}

INLINE v16 fma16(v16 a, v16 b, v16 c) {
    return __builtin_elementwise_fma(a, b, c);
}

INLINE v16 choose(i16 condition, v16 yes, v16 no) {
    return (v16)(((i16)yes & condition) | ((i16)no & ~condition));
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
    i16 exponent = (i16)shifted - (i16)spread(EXP_ROUNDING);
    i16 first = exponent >> 1;
    i16 second = exponent - first;
    return p * (v16)((u16)(first + 127) << 23) * (v16)((u16)(second + 127) << 23);
}

// -- element types -----------------------------------------------------------------------------

INLINE b16 load_bytes(const uint8_t* p) {
    b16 v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE float half_at(const uint8_t* p) {
    _Float16 half;
    memcpy(&half, p, sizeof half);
    return (float)half;
}

// Two neighbours, converted by one instruction.
INLINE void halves_at(const uint8_t* p, float* first, float* second) {
    typedef _Float16 h4 __attribute__((vector_size(8)));
    typedef float v4 __attribute__((vector_size(16)));
    h4 halves = {0};
    memcpy(&halves, p, 4);
    v4 values = __builtin_convertvector(halves, v4);
    *first = values[0];
    *second = values[1];
}

INLINE v16 from_bytes(b16 v) {
    return __builtin_convertvector(__builtin_convertvector(v, i16), v16);
}

INLINE v16 from_signed(b16 v) {
    return __builtin_convertvector(__builtin_convertvector((s16)v, i16), v16);
}

INLINE v16 from_halves(const uint8_t* p) {
    h16 v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, v16);
}

INLINE v16 from_brains(const uint8_t* p) {
    w16 v;
    memcpy(&v, p, sizeof v);
    return (v16)(__builtin_convertvector(v, u16) << 16);
}

#define COUNTING ((v16){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})

// Sixteen bytes of nibbles: low[i] = d * (low nibble + offset) + m, high likewise. `m` is left out
// unless `shifted`: adding a zero would turn -0 into +0.
INLINE void nibbles(const uint8_t* p, float d, float m, float offset, bool shifted, v16* low,
                    v16* high) {
#if HAS_PERMUTE
    v16 table = spread(d) * (COUNTING + spread(offset));
    table = shifted ? table + spread(m) : table;
    i16 index = __builtin_convertvector(load_bytes(p), i16);
    *low = permute(table, index);
    *high = permute(table, index >> 4);
#else
    b16 bytes = load_bytes(p);
    *low = spread(d) * (from_bytes(bytes & 15) + spread(offset));
    *high = spread(d) * (from_bytes(bytes >> 4) + spread(offset));
    if (shifted) {
        *low = *low + spread(m);
        *high = *high + spread(m);
    }
#endif
}

// Like `nibbles`, with bit 4 of element i in bit i of `fifths`.
INLINE void nibbles_and_bits(const uint8_t* p, uint32_t fifths, float d, float m, float offset,
                             bool shifted, v16* low, v16* high) {
    const u16 bit = {1u << 0, 1u << 1, 1u << 2,  1u << 3,  1u << 4,  1u << 5,  1u << 6,  1u << 7,
                     1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15};
    b16 bytes = load_bytes(p);
    i16 sixteen = (i16)(u16){16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16};
    u16 both = (u16){0} + fifths;
    i16 first = (i16)((both & bit) != 0) & sixteen;
    i16 second = (i16)(((both >> 16) & bit) != 0) & sixteen;
    i16 a = __builtin_convertvector(bytes & 15, i16) | first;
    i16 b = __builtin_convertvector(bytes >> 4, i16) | second;
    *low = spread(d) * (__builtin_convertvector(a, v16) + spread(offset));
    *high = spread(d) * (__builtin_convertvector(b, v16) + spread(offset));
    if (shifted) {
        *low = *low + spread(m);
        *high = *high + spread(m);
    }
}

INLINE uint32_t load_u32(const uint8_t* p) {
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

// d times the eight scales of a q4_K or q5_K block, then dmin times its eight minima.
INLINE v16 k4_products(const uint8_t* b) {
    uint8_t unpacked[16];
    k4_scales(b + 4, unpacked);
    float d, m;
    halves_at(b, &d, &m);
    return (v16){d, d, d, d, d, d, d, d, m, m, m, m, m, m, m, m} * from_bytes(load_bytes(unpacked));
}

// Elements per step of `decode`.
#define STEP(type) ((type) <= CK_BF16 ? LANES : (type) <= CK_Q5_1 ? BLOCK_ELEMENTS : SUPER_ELEMENTS)

// Turns one step of elements into vectors; `type` is a constant wherever this is used.
INLINE void decode(int32_t type, const uint8_t* b, v16* w) {
    switch (type) {
    case CK_F32:
        memcpy(w, b, sizeof *w);
        break;
    case CK_F16:
        w[0] = from_halves(b);
        break;
    case CK_BF16:
        w[0] = from_brains(b);
        break;
    case CK_Q8_0: {
        v16 d = spread(half_at(b));
        w[0] = d * from_signed(load_bytes(b + 2));
        w[1] = d * from_signed(load_bytes(b + 18));
        break;
    }
    case CK_Q4_0:
        nibbles(b + 2, half_at(b), 0, -8, false, &w[0], &w[1]);
        break;
    case CK_Q4_1: {
        float d, m;
        halves_at(b, &d, &m);
        nibbles(b + 4, d, m, 0, true, &w[0], &w[1]);
        break;
    }
    case CK_Q5_0:
        nibbles_and_bits(b + 6, load_u32(b + 2), half_at(b), 0, -16, false, &w[0], &w[1]);
        break;
    case CK_Q5_1: {
        float d, m;
        halves_at(b, &d, &m);
        nibbles_and_bits(b + 8, load_u32(b + 4), d, m, 0, true, &w[0], &w[1]);
        break;
    }
    case CK_Q2_K: {
        v16 scales = spread(half_at(b + 80)) * from_bytes(load_bytes(b) & 15);
        v16 minima = spread(half_at(b + 82)) * from_bytes(load_bytes(b) >> 4);
        UNROLL for (int i = 0; i < 16; i++) {
            b16 bytes = load_bytes(b + 16 + i / 8 * 32 + i % 2 * 16);
            v16 quants = from_bytes(bytes >> (i % 8 / 2 * 2) & 3);
            w[i] = spread(scales[i]) * quants - spread(minima[i]);
        }
        break;
    }
    case CK_Q3_K: {
        uint8_t unpacked[16];
        k3_scales(b + 96, unpacked);
        v16 scales = spread(half_at(b + 108)) * from_signed(load_bytes(unpacked) - 32);
        UNROLL for (int i = 0; i < 16; i++) {
            b16 low = load_bytes(b + 32 + i / 8 * 32 + i % 2 * 16) >> (i % 8 / 2 * 2) & 3;
            b16 high = load_bytes(b + i % 2 * 16) >> (i / 2) & 1;
            w[i] = spread(scales[i]) * from_signed((low | high << 2) - 4);
        }
        break;
    }
    case CK_Q4_K: {
        v16 s = k4_products(b);
        UNROLL for (int i = 0; i < 4; i++) {
            const uint8_t* p = b + 16 + 32 * i;
            v16 unused;
            float d0 = s[2 * i], m0 = -s[2 * i + 8], d1 = s[2 * i + 1], m1 = -s[2 * i + 9];
            nibbles(p, d0, m0, 0, true, &w[4 * i], &unused);
            nibbles(p + 16, d0, m0, 0, true, &w[4 * i + 1], &unused);
            nibbles(p, d1, m1, 0, true, &unused, &w[4 * i + 2]);
            nibbles(p + 16, d1, m1, 0, true, &unused, &w[4 * i + 3]);
        }
        break;
    }
    case CK_Q5_K: {
        v16 s = k4_products(b);
        UNROLL for (int i = 0; i < 16; i++) {
            b16 bytes = load_bytes(b + 48 + i / 4 * 32 + i % 2 * 16);
            b16 fifth = (load_bytes(b + 16 + i % 2 * 16) >> (i / 2) & 1) << 4;
            v16 quants = from_bytes((i % 4 < 2 ? bytes & 15 : bytes >> 4) | fifth);
            w[i] = spread(s[i / 2]) * quants - spread(s[i / 2 + 8]);
        }
        break;
    }
    case CK_Q6_K: {
        v16 scales = spread(half_at(b + 208)) * from_signed(load_bytes(b + 192));
        UNROLL for (int i = 0; i < 16; i++) {
            b16 bytes = load_bytes(b + i / 8 * 64 + i % 4 * 16);
            b16 low = i % 8 < 4 ? bytes & 15 : bytes >> 4;
            b16 high = load_bytes(b + 128 + i / 8 * 32 + i % 2 * 16) >> (i % 8 / 2 * 2) & 3;
            w[i] = spread(scales[i]) * from_signed((low | high << 4) - 32);
        }
        break;
    }
    default:
        break;
    }
}

// One case per element type, so that `decode` sees constants.
#define FOR_TYPE(type, ACTION)                                                                     \
    switch (type) {                                                                                \
    case CK_F32:                                                                                   \
        ACTION(CK_F32);                                                                            \
        break;                                                                                     \
    case CK_F16:                                                                                   \
        ACTION(CK_F16);                                                                            \
        break;                                                                                     \
    case CK_BF16:                                                                                  \
        ACTION(CK_BF16);                                                                           \
        break;                                                                                     \
    case CK_Q8_0:                                                                                  \
        ACTION(CK_Q8_0);                                                                           \
        break;                                                                                     \
    case CK_Q4_0:                                                                                  \
        ACTION(CK_Q4_0);                                                                           \
        break;                                                                                     \
    case CK_Q4_1:                                                                                  \
        ACTION(CK_Q4_1);                                                                           \
        break;                                                                                     \
    case CK_Q5_0:                                                                                  \
        ACTION(CK_Q5_0);                                                                           \
        break;                                                                                     \
    case CK_Q5_1:                                                                                  \
        ACTION(CK_Q5_1);                                                                           \
        break;                                                                                     \
    case CK_Q2_K:                                                                                  \
        ACTION(CK_Q2_K);                                                                           \
        break;                                                                                     \
    case CK_Q3_K:                                                                                  \
        ACTION(CK_Q3_K);                                                                           \
        break;                                                                                     \
    case CK_Q4_K:                                                                                  \
        ACTION(CK_Q4_K);                                                                           \
        break;                                                                                     \
    case CK_Q5_K:                                                                                  \
        ACTION(CK_Q5_K);                                                                           \
        break;                                                                                     \
    case CK_Q6_K:                                                                                  \
        ACTION(CK_Q6_K);                                                                           \
        break;                                                                                     \
    default:                                                                                       \
        break;                                                                                     \
    }

INLINE size_t step_bytes(int32_t type) {
    switch (type) {
    case CK_F32:
        return LANES * 4;
    case CK_F16:
    case CK_BF16:
        return LANES * 2;
    case CK_Q8_0:
        return Q8_0_BYTES;
    case CK_Q4_0:
        return Q4_0_BYTES;
    case CK_Q4_1:
        return Q4_1_BYTES;
    case CK_Q5_0:
        return Q5_0_BYTES;
    case CK_Q5_1:
        return Q5_1_BYTES;
    case CK_Q2_K:
        return Q2_K_BYTES;
    case CK_Q3_K:
        return Q3_K_BYTES;
    case CK_Q4_K:
        return Q4_K_BYTES;
    case CK_Q5_K:
        return Q5_K_BYTES;
    default:
        return Q6_K_BYTES;
    }
}

INLINE void dequantize_type(int32_t type, const uint8_t* source, size_t count, float* out) {
    const size_t step = STEP(type), vectors = step / LANES;
    size_t steps = count / step;
    for (size_t i = 0; i < steps; i++) {
        v16 w[16];
        decode(type, source + i * step_bytes(type), w);
        UNROLL for (size_t v = 0; v < vectors; v++) {
            store(out + i * step + v * LANES, w[v]);
        }
    }
    if (type <= CK_BF16) {
        size_t done = steps * step;
        ck_dequantize_ref(type, source + done * (type == CK_F32 ? 4 : 2), count - done, out + done);
    }
}

static void dequantize(int32_t type, const void* source, size_t count, float* out) {
#define ACTION(T) dequantize_type(T, source, count, out)
    FOR_TYPE(type, ACTION)
#undef ACTION
}

static void quantize(int32_t type, const float* source, size_t count, void* out) {
    uint8_t* bytes = out;
    size_t done = 0;
    if (type == CK_F16) {
        for (; done + LANES <= count; done += LANES) {
            h16 halves = __builtin_convertvector(load(source + done), h16);
            memcpy(bytes + 2 * done, &halves, sizeof halves);
        }
    } else if (type == CK_BF16) {
        for (; done + LANES <= count; done += LANES) {
            u16 bits = (u16)load(source + done);
            u16 even = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
            u16 quiet = bits >> 16 | 0x40;
            u16 is_nan = (u16)((bits & 0x7fffffff) > 0x7f800000);
            w16 halves = __builtin_convertvector((quiet & is_nan) | (even & ~is_nan), w16);
            memcpy(bytes + 2 * done, &halves, sizeof halves);
        }
    }
    ck_quantize_ref(type, source + done, count - done, bytes + 2 * done);
}

// Plain numbers are scanned in runs; the run with a bad one is searched by the plain twin.
static size_t first_non_finite(int32_t type, const void* source, size_t count) {
    enum { RUN = 256 };
    if (type > CK_BF16) {
        return ck_first_non_finite_ref(type, source, count);
    }
    const uint8_t* bytes = source;
    size_t done = 0, size = type == CK_F32 ? 4 : 2;
    for (; done + RUN <= count; done += RUN) {
        const uint8_t* p = bytes + done * size;
        bool found = false;
        if (type == CK_F32) {
            u16 bad = {0};
            for (int i = 0; i < RUN / LANES; i++) {
                u16 bits;
                memcpy(&bits, p + 64 * i, sizeof bits);
                bad |= (u16)((bits & 0x7f800000) == 0x7f800000);
            }
            for (int i = 0; i < LANES; i++) {
                found |= bad[i] != 0;
            }
        } else {
            uint16_t exponent = type == CK_F16 ? 0x7c00 : 0x7f80;
            w16 bad = {0};
            for (int i = 0; i < RUN / LANES; i++) {
                w16 bits;
                memcpy(&bits, p + 32 * i, sizeof bits);
                bad |= (w16)((bits & exponent) == exponent);
            }
            for (int i = 0; i < LANES; i++) {
                found |= bad[i] != 0;
            }
        }
        if (found) {
            break;
        }
    }
    return done + ck_first_non_finite_ref(type, bytes + done * size, count - done);
}

// -- matrix products ---------------------------------------------------------------------------

static void finish(const ck_matmul_args* a, size_t token, size_t row, float sum) {
    if (a->bias) {
        sum += a->bias[row];
    }
    float* out = a->out + token * a->out_stride + row;
    *out = a->accumulate ? *out + sum : sum;
}

// `rows` rows times one token, decoding in registers.
INLINE void fused(int32_t type, int rows, const ck_matmul_args* a, size_t row) {
    const size_t step = STEP(type), vectors = step / LANES;
    const uint8_t* w = (const uint8_t*)a->w + row * a->row_bytes;
    const float* x = a->x;
    v16 sums[FUSED_ROWS];
    UNROLL for (int r = 0; r < rows; r++) {
        sums[r] = spread(0);
    }
    size_t steps = a->k / step;
    for (size_t i = 0; i < steps; i++) {
        UNROLL for (int r = 0; r < rows; r++) {
            const uint8_t* p = w + (size_t)r * a->row_bytes + i * step_bytes(type);
            // a row is too short for the processor to foresee: fetch the row that comes next here
            UNROLL for (size_t line = 0; line < step_bytes(type); line += 64) {
                __builtin_prefetch(p + (size_t)rows * a->row_bytes + line);
            }
            v16 decoded[16];
            decode(type, p, decoded);
            UNROLL for (size_t v = 0; v < vectors; v++) {
                sums[r] = fma16(decoded[v], load(x + i * step + v * LANES), sums[r]);
            }
        }
    }
    size_t rest = a->k - steps * step;
    if (type <= CK_BF16 && rest > 0) {
        v16 tail = load_part(x + steps * step, rest, 0);
        for (int r = 0; r < rows; r++) {
            float values[LANES];
            ck_dequantize_ref(type, w + (size_t)r * a->row_bytes + steps * step_bytes(type), rest,
                              values);
            sums[r] = fma16(load_part(values, rest, 0), tail, sums[r]);
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        finish(a, 0, row + (size_t)r, total(sums[r]));
    }
}

#define DEFINE_FUSED(type)                                                                         \
    static void fused_##type(const ck_matmul_args* a) {                                            \
        size_t row = a->row_begin;                                                                 \
        for (; row + FUSED_ROWS <= a->row_end; row += FUSED_ROWS) {                                \
            fused(type, FUSED_ROWS, a, row);                                                       \
        }                                                                                          \
        for (; row < a->row_end; row++) {                                                          \
            fused(type, 1, a, row);                                                                \
        }                                                                                          \
    }
DEFINE_FUSED(CK_F32)
DEFINE_FUSED(CK_F16)
DEFINE_FUSED(CK_BF16)
DEFINE_FUSED(CK_Q8_0)
DEFINE_FUSED(CK_Q4_0)
DEFINE_FUSED(CK_Q4_1)
DEFINE_FUSED(CK_Q5_0)
DEFINE_FUSED(CK_Q5_1)
DEFINE_FUSED(CK_Q2_K)
DEFINE_FUSED(CK_Q3_K)
DEFINE_FUSED(CK_Q4_K)
DEFINE_FUSED(CK_Q5_K)
DEFINE_FUSED(CK_Q6_K)

// A tile of f32 rows [rows, k] times tokens [tokens, k].
typedef struct {
    const float* w;
    size_t w_stride;
    const float* x;
    size_t x_stride;
    size_t k;
} tile_args;

INLINE void tile(int rows, int tokens, const tile_args* t, const ck_matmul_args* a, size_t row,
                 size_t token) {
    enum { MOST = (TILE_ROWS * TILE_TOKENS + LANES - 1) / LANES * LANES };
    v16 sums[MOST];
    const int count = rows * tokens;
    UNROLL for (int i = 0; i < count; i++) {
        sums[i] = spread(0);
    }
    const size_t whole = t->k / LANES * LANES;
    for (size_t k = 0; k < whole; k += LANES) {
        v16 w[TILE_ROWS];
        UNROLL for (int r = 0; r < rows; r++) {
            const float* p = t->w + (size_t)r * t->w_stride + k;
            // as in `fused`: the tile that comes next
            __builtin_prefetch(p + (size_t)rows * t->w_stride);
            w[r] = load(p);
        }
        UNROLL for (int n = 0; n < tokens; n++) {
            v16 x = load(t->x + (size_t)n * t->x_stride + k);
            UNROLL for (int r = 0; r < rows; r++) {
                sums[n * rows + r] = fma16(w[r], x, sums[n * rows + r]);
            }
        }
    }
    size_t rest = t->k - whole;
    if (rest > 0) {
        UNROLL for (int n = 0; n < tokens; n++) {
            v16 x = load_part(t->x + (size_t)n * t->x_stride + whole, rest, 0);
            UNROLL for (int r = 0; r < rows; r++) {
                v16 w = load_part(t->w + (size_t)r * t->w_stride + whole, rest, 0);
                sums[n * rows + r] = fma16(w, x, sums[n * rows + r]);
            }
        }
    }
    float results[MOST];
    const int groups = (count + LANES - 1) / LANES;
    UNROLL for (int i = count; i < groups * LANES; i++) {
        sums[i] = spread(0);
    }
    if (count < 4) {
        UNROLL for (int i = 0; i < count; i++) {
            results[i] = total(sums[i]);
        }
    } else {
        UNROLL for (int g = 0; g < groups; g++) {
            store(results + g * LANES, totals(sums + g * LANES));
        }
    }
    UNROLL for (int n = 0; n < tokens; n++) {
        UNROLL for (int r = 0; r < rows; r++) {
            finish(a, token + (size_t)n, row + (size_t)r, results[n * rows + r]);
        }
    }
}

typedef void (*tile_function)(const tile_args*, const ck_matmul_args*, size_t, size_t);

#define DEFINE_TILE(tokens)                                                                        \
    static void tile_many_##tokens(const tile_args* t, const ck_matmul_args* a, size_t row,        \
                                   size_t token) {                                                 \
        tile(TILE_ROWS, tokens, t, a, row, token);                                                 \
    }                                                                                              \
    static void tile_one_##tokens(const tile_args* t, const ck_matmul_args* a, size_t row,         \
                                  size_t token) {                                                  \
        tile(1, tokens, t, a, row, token);                                                         \
    }
DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
#if TILE_TOKENS > 3
DEFINE_TILE(4)
DEFINE_TILE(5)
DEFINE_TILE(6)
#endif

static const tile_function tiles_many[] = {
    0,           tile_many_1, tile_many_2, tile_many_3,
#if TILE_TOKENS > 3
    tile_many_4, tile_many_5, tile_many_6,
#endif
};
static const tile_function tiles_one[] = {
    0,          tile_one_1, tile_one_2, tile_one_3,
#if TILE_TOKENS > 3
    tile_one_4, tile_one_5, tile_one_6,
#endif
};

// All tokens times rows [row, row + count), whose f32 values start at `w`.
static void multiply_panel(const ck_matmul_args* a, const float* w, size_t w_stride, size_t row,
                           size_t count) {
    for (size_t token = 0; token < a->tokens;) {
        // tiles of even sizes: two of 4 are faster than one of 6 and one of 2
        size_t left = a->tokens - token;
        size_t tokens = left / ((left + TILE_TOKENS - 1) / TILE_TOKENS);
        tile_args t = {w, w_stride, a->x + token * a->x_stride, a->x_stride, a->k};
        size_t r = 0;
        for (; r + TILE_ROWS <= count; r += TILE_ROWS, t.w += TILE_ROWS * w_stride) {
            tiles_many[tokens](&t, a, row + r, token);
        }
        for (; r < count; r++, t.w += w_stride) {
            tiles_one[tokens](&t, a, row + r, token);
        }
        token += tokens;
    }
}

static void matmul(const ck_matmul_args* a) {
    if (a->tokens == 1) {
#define ACTION(T) fused_##T(a)
        FOR_TYPE(a->type, ACTION)
#undef ACTION
        return;
    }
    // A panel of decoded rows serves all tokens. Few tokens: it should still be in the first cache
    // when it is used. Many: as large as the second cache bears, so that tokens are read seldom.
    size_t stride = (a->k + LANES - 1) / LANES * LANES;
    size_t floats = a->tokens <= 2 * TILE_TOKENS ? 4096 : a->scratch_floats;
    floats = floats < a->scratch_floats ? floats : a->scratch_floats;
    size_t rows = floats / (stride ? stride : 1) / TILE_ROWS * TILE_ROWS;
    rows = rows < TILE_ROWS ? TILE_ROWS : rows;
    for (size_t row = a->row_begin; row < a->row_end; row += rows) {
        size_t count = a->row_end - row < rows ? a->row_end - row : rows;
        const uint8_t* w = (const uint8_t*)a->w + row * a->row_bytes;
        if (a->type == CK_F32 && a->row_bytes % 4 == 0 && (uintptr_t)w % 4 == 0) {
            multiply_panel(a, (const float*)(const void*)w, a->row_bytes / 4, row, count);
            continue;
        }
        for (size_t r = 0; r < count; r++) {
            dequantize(a->type, w + r * a->row_bytes, a->k, a->scratch + r * stride);
        }
        multiply_panel(a, a->scratch, stride, row, count);
    }
}

// -- rows --------------------------------------------------------------------------------------

static void rms_norm(const float* x, const float* weight, size_t count, float epsilon, float* out) {
    v16 sum = spread(0);
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        v16 v = load(x + i);
        sum = fma16(v, v, sum);
    }
    if (whole < count) {
        v16 v = load_part(x + whole, count - whole, 0);
        sum = fma16(v, v, sum);
    }
    float scale = 1.0f / sqrtf(total(sum) / (float)count + epsilon);
    for (size_t i = 0; i < whole; i += LANES) {
        store(out + i, load(x + i) * spread(scale) * load(weight + i));
    }
    for (size_t i = whole; i < count; i++) {
        out[i] = x[i] * scale * weight[i];
    }
}

static void rope(float* x, size_t heads, size_t head_dim, const float* cosine, const float* sine,
                 size_t pairs, bool interleaved) {
    if (interleaved) {
        ck_operations_ref.rope(x, heads, head_dim, cosine, sine, pairs, true);
        return;
    }
    for (size_t head = 0; head < heads; head++, x += head_dim) {
        size_t i = 0;
        for (; i + LANES <= pairs; i += LANES) {
            v16 a = load(x + i), b = load(x + pairs + i), c = load(cosine + i), s = load(sine + i);
            store(x + i, a * c - b * s);
            store(x + pairs + i, b * c + a * s);
        }
        for (; i < pairs; i++) {
            float a = x[i], b = x[pairs + i];
            x[i] = a * cosine[i] - b * sine[i];
            x[pairs + i] = b * cosine[i] + a * sine[i];
        }
    }
}

static void silu_multiply(const float* gate, const float* up, size_t count, float* out) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        v16 g = load(gate + i);
        store(out + i, g / (spread(1) + exponential(-g)) * load(up + i));
    }
    if (i < count) {
        v16 g = load_part(gate + i, count - i, 0);
        v16 result = g / (spread(1) + exponential(-g)) * load_part(up + i, count - i, 0);
        memcpy(out + i, &result, (count - i) * sizeof(float));
    }
}

static void add(float* x, const float* y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        x[i] += y[i];
    }
}

static void exp_all(const float* x, size_t count, float* out) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        store(out + i, exponential(load(x + i)));
    }
    if (i < count) {
        v16 result = exponential(load_part(x + i, count - i, 0));
        memcpy(out + i, &result, (count - i) * sizeof(float));
    }
}

static float max(const float* x, size_t count) {
    v16 most[4];
    size_t i = 0;
    for (int j = 0; j < 4; j++) {
        most[j] = spread(-INFINITY);
    }
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
        UNROLL for (int j = 0; j < 4; j++) {
            v16 v = load(x + i + (size_t)j * LANES);
            most[j] = choose(v > most[j], v, most[j]);
        }
    }
    float largest = -INFINITY;
    for (int j = 0; j < 4; j++) {
        for (int lane = 0; lane < LANES; lane++) {
            largest = most[j][lane] > largest ? most[j][lane] : largest;
        }
    }
    for (; i < count; i++) {
        largest = x[i] > largest ? x[i] : largest;
    }
    return largest + 0.0f;
}

static size_t argmax(const float* x, size_t count) {
    float largest = max(x, count);
    if (largest == -INFINITY) {
        return 0;
    }
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        i16 same = load(x + i) == spread(largest);
        int32_t any = 0;
        UNROLL for (int lane = 0; lane < LANES; lane++) {
            any |= same[lane];
        }
        if (any) {
            break;
        }
    }
    for (; i < count; i++) {
        if (x[i] == largest) {
            return i;
        }
    }
    return 0;
}

static float sum_exp(const float* x, size_t count, float largest) {
    v16 sum = spread(0);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        sum = sum + exponential(load(x + i) - spread(largest));
    }
    if (i < count) {
        // the rest of the lanes must add zero even if `largest` is infinite
        v16 part = exponential(load_part(x + i, count - i, 0) - spread(largest));
        float values[LANES] = {0};
        memcpy(values, &part, (count - i) * sizeof(float));
        sum = sum + load(values);
    }
    return total(sum);
}

// -- attention ---------------------------------------------------------------------------------

enum { KEYS = LANES };

// Decodes the keys or values of positions [from, from + count) to rows of `stride` floats; what
// lies behind head_dim in a row stays as it is.
static void load_slots(const ck_attention_args* a, size_t from, size_t count, bool value,
                       size_t stride, float* out) {
    size_t bytes = a->head_dim * (a->type == CK_F32 ? 4 : 2);
    for (size_t i = 0; i < count; i++) {
        size_t position = from + i;
        size_t page = (size_t)a->table[position / a->page_size];
        size_t slot = position % a->page_size + (value ? a->page_size : 0);
        const uint8_t* base = a->pages;
        dequantize(a->type, base + page * a->page_bytes + slot * bytes, a->head_dim,
                   out + i * stride);
    }
}

INLINE v16 query_part(const ck_attention_args* a, const float* q, size_t d) {
    return d + LANES <= a->head_dim ? load(q + d) : load_part(q + d, a->head_dim - d, 0);
}

// out[d...] += scores[i] * values[i][d...] for `vectors` vectors, positions ascending.
INLINE void add_values(int vectors, const float* scores, size_t from, size_t to,
                       const float* values, size_t stride, float* out) {
    v16 sums[4];
    UNROLL for (int v = 0; v < vectors; v++) {
        sums[v] = load(out + v * LANES);
    }
    for (size_t i = from; i < to; i++) {
        v16 score = spread(scores[i]);
        UNROLL for (int v = 0; v < vectors; v++) {
            sums[v] = fma16(score, load(values + i * stride + (size_t)v * LANES), sums[v]);
        }
    }
    UNROLL for (int v = 0; v < vectors; v++) {
        store(out + v * LANES, sums[v]);
    }
}

static void attention(const ck_attention_args* a) {
    const size_t stride = (a->head_dim + LANES - 1) / LANES * LANES;
    const size_t end = a->position + a->tokens;
    size_t first = a->window && a->position + 1 > a->window ? a->position + 1 - a->window : 0;
    first = first / LANES * LANES;
    const size_t width = (end - first + LANES - 1) / LANES * LANES;
    const size_t rows = a->tokens * a->group;
    float* slots = a->scratch;
    float* sums = slots + KEYS * stride;
    float* inverses = sums + rows * stride;
    float* scores = inverses + (rows + LANES - 1) / LANES * LANES;
    memset(slots, 0, (KEYS + rows) * stride * sizeof(float));

    for (size_t p = first; p < end; p += KEYS) {
        size_t count = end - p < KEYS ? end - p : KEYS;
        load_slots(a, p, count, false, stride, slots);
        for (size_t row = 0; row < rows; row++) {
            const float* q = a->q + row / a->group * a->q_stride + row % a->group * a->head_dim;
            v16 dots[KEYS];
            UNROLL for (int i = 0; i < KEYS; i++) {
                dots[i] = spread(0);
            }
            for (size_t d = 0; d < a->head_dim; d += LANES) {
                v16 part = query_part(a, q, d);
                UNROLL for (int i = 0; i < KEYS; i++) {
                    dots[i] = fma16(part, load(slots + (size_t)i * stride + d), dots[i]);
                }
            }
            store(scores + row * width + p - first, totals(dots) * spread(a->scale));
        }
    }

    for (size_t row = 0; row < rows; row++) {
        float* s = scores + row * width;
        size_t last = a->position + row / a->group + 1;
        size_t begin = a->window && last > a->window ? last - a->window : 0;
        for (size_t i = 0; i < begin - first; i++) {
            s[i] = -INFINITY;
        }
        for (size_t i = last - first; i < width; i++) {
            s[i] = -INFINITY;
        }
        float largest = max(s, width);
        v16 sum = spread(0);
        for (size_t i = 0; i < width; i += LANES) {
            v16 e = exponential(load(s + i) - spread(largest));
            store(s + i, e);
            sum = sum + e;
        }
        inverses[row] = 1.0f / total(sum);
    }

    memset(slots, 0, KEYS * stride * sizeof(float));
    for (size_t p = first; p < end; p += KEYS) {
        size_t count = end - p < KEYS ? end - p : KEYS;
        load_slots(a, p, count, true, stride, slots);
        for (size_t row = 0; row < rows; row++) {
            size_t last = a->position + row / a->group + 1;
            size_t begin = a->window && last > a->window ? last - a->window : 0;
            size_t from = begin > p ? begin - p : 0;
            size_t to = last < p + count ? (last > p ? last - p : 0) : count;
            if (from >= to) {
                continue;
            }
            const float* s = scores + row * width + p - first;
            float* sum = sums + row * stride;
            size_t d = 0;
            for (; d + 4 * LANES <= stride; d += 4 * LANES) {
                add_values(4, s, from, to, slots + d, stride, sum + d);
            }
            for (; d < stride; d += LANES) {
                add_values(1, s, from, to, slots + d, stride, sum + d);
            }
        }
    }
    for (size_t row = 0; row < rows; row++) {
        float* out = a->out + row / a->group * a->out_stride + row % a->group * a->head_dim;
        for (size_t d = 0; d < a->head_dim; d++) {
            out[d] = sums[row * stride + d] * inverses[row];
        }
    }
}

const ck_operations OPERATIONS = {
    .dequantize = dequantize,
    .quantize = quantize,
    .first_non_finite = first_non_finite,
    .matmul = matmul,
    .rms_norm = rms_norm,
    .rope = rope,
    .silu_multiply = silu_multiply,
    .add = add,
    .exp = exp_all,
    .max = max,
    .argmax = argmax,
    .sum_exp = sum_exp,
    .attention = attention,
};
