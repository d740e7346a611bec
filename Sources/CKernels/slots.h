// Keys and values of 16 positions, where their page has them or gathered. Part of version.h.

enum { KEYS = LANES };

// How many blocks of keys or values ahead of its turn one is asked for, and how much of it where it
// is long: its beginning, from where the processor goes on by itself.
enum { BLOCKS_AHEAD = 4, ASKED_BYTES = 256 };

INLINE size_t page_number(const ck_attention_args* a, size_t position) {
    return a->page_size == KEYS ? position / KEYS : position / a->page_size;
}

INLINE size_t page_slot(const ck_attention_args* a, size_t position) {
    return a->page_size == KEYS ? position % KEYS : position % a->page_size;
}

// 16 elements as f32; of q8_0 their quants.
INLINE v16 elements(int type, const uint8_t* p) {
    if (type == CK_Q8_0) {
        s16 quants;
        memcpy(&quants, p, sizeof quants);
        return __builtin_convertvector(quants, v16);
    }
    if (type == CK_F32) {
        return load((const float*)(const void*)p);
    }
    return type == CK_F16 ? from_halves(p) : from_brains(p);
}

// Where the page of a position keeps the keys of this head; its values lie just behind.
INLINE const uint8_t* page_of(const ck_attention_args* a, size_t position) {
    return (const uint8_t*)a->pages + (size_t)a->table[page_number(a, position)] * a->page_bytes;
}

// Asks for a block of 16 keys or values before its turn; those of keys are counted before those of
// values.
//
// Pages lie anywhere, and of a kilobyte, as q8_0 has it, the processor guesses nothing: it is asked
// for whole, which makes attention 1.6 times as fast on Zen 4. Longer blocks in a near cache, as
// small models have them, lose a fifth by that.
INLINE void ask_for(const ck_attention_args* a, size_t first, size_t end, size_t block) {
    const size_t count = (end - first + KEYS - 1) / KEYS;
    if (a->page_size != KEYS || block >= 2 * count) {
        return;
    }
    const size_t bytes = cached_bytes(a->type, KEYS, a->head_dim);
    const bool is_key = block < count;
    const uint8_t* page = page_of(a, first + (is_key ? block : block - count) * KEYS);
    const uintptr_t start = (uintptr_t)page + (is_key ? 0 : bytes);
    if (a->type == CK_Q8_0) {
        fetch_to_second(start, bytes);
    } else {
        fetch_to_first(start, ASKED_BYTES);
    }
}

// Some memory whose elements are of `type`.
typedef struct {
    const uint8_t* start;
    size_t stride; // bytes from a dimension, or a position, to the next
    int32_t type;
    const float* scales; // of q8_0, [group, 16]
} slots;

// The scales of 16 slots of q8_0, [group, 16], as f32.
INLINE void scales_at(const ck_attention_args* a, const uint8_t* block, size_t slot, float* out) {
    for (size_t g = 0; g < cached_groups(a->head_dim); g++) {
        store(out + g * KEYS, from_halves(cached_scale(block, a->page_size, a->head_dim, slot, g)));
    }
}

// Lane i of the scales of a gathered slot.
INLINE void gather_scales(const ck_attention_args* a, const uint8_t* block, size_t slot, size_t i,
                          float* out) {
    for (size_t g = 0; g < cached_groups(a->head_dim); g++) {
        out[g * KEYS + i] =
            f16_to_f32(load_u16(cached_scale(block, a->page_size, a->head_dim, slot, g)));
    }
}

// Where the scales stand in the scratch of a block of 16 slots: behind what is gathered.
INLINE float* scales_of(float* scratch, size_t stride) {
    return scratch + KEYS * stride / 2;
}

// The keys of positions [from, from + count), `[head_dim, 16]`: where they lie, if that is one
// page, or gathered to `scratch`. What lies behind `count` is masked by whoever reads it.
INLINE slots keys_at(const ck_attention_args* a, size_t from, size_t count, size_t stride,
                     float* scratch) {
    const size_t bytes = cached_element_bytes(a->type);
    float* scales = scales_of(scratch, stride);
    if (a->page_size % KEYS == 0) {
        const uint8_t* keys = page_of(a, from);
        const size_t slot = page_slot(a, from);
        if (a->type == CK_Q8_0) {
            scales_at(a, keys, slot, scales);
        }
        return (slots){keys + slot * bytes, a->page_size * bytes, a->type, scales};
    }
    uint8_t* out = (uint8_t*)scratch;
    for (size_t i = 0; i < count; i++) {
        const uint8_t* keys = page_of(a, from + i);
        const size_t slot = page_slot(a, from + i);
        for (size_t d = 0; d < a->head_dim; d++) {
            memcpy(out + (d * KEYS + i) * bytes, keys + (d * a->page_size + slot) * bytes, bytes);
        }
        if (a->type == CK_Q8_0) {
            gather_scales(a, keys, slot, i, scales);
        }
    }
    return (slots){out, KEYS * bytes, a->type, scales};
}

// The values of the same positions, `[16, head_dim]`; gathered rows have `stride` elements, zeros
// behind head_dim.
INLINE slots values_at(const ck_attention_args* a, size_t from, size_t count, size_t stride,
                       float* scratch) {
    const size_t bytes = cached_element_bytes(a->type), row = a->head_dim * bytes;
    const size_t behind_keys = cached_bytes(a->type, a->page_size, a->head_dim);
    float* scales = scales_of(scratch, stride);
    if (a->page_size % KEYS == 0 && a->head_dim == stride) {
        const uint8_t* values = page_of(a, from) + behind_keys;
        const size_t slot = page_slot(a, from);
        if (a->type == CK_Q8_0) {
            scales_at(a, values, slot, scales);
        }
        return (slots){values + slot * row, row, a->type, scales};
    }
    uint8_t* out = (uint8_t*)scratch;
    for (size_t i = 0; i < count; i++) {
        const uint8_t* values = page_of(a, from + i) + behind_keys;
        const size_t slot = page_slot(a, from + i);
        memcpy(out + i * stride * bytes, values + slot * row, row);
        if (a->type == CK_Q8_0) {
            gather_scales(a, values, slot, i, scales);
        }
    }
    return (slots){out, stride * bytes, a->type, scales};
}
