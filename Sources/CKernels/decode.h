// Elements of every type turned to lanes, and back. Part of version.h.

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
