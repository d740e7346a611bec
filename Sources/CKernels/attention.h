// Attention over paged keys and values. Part of version.h.

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

// The same rows: where they lie, if that is f32 without gaps, or decoded to `out`.
//
// What lies behind `count` rows in a page is masked by whoever reads it.
static const float* slots_at(const ck_attention_args* a, size_t from, size_t count, bool value,
                             size_t stride, float* out) {
    if (a->type == CK_F32 && a->head_dim == stride && a->page_size % KEYS == 0 &&
        from % KEYS == 0) {
        size_t page = (size_t)a->table[from / a->page_size];
        size_t slot = from % a->page_size + (value ? a->page_size : 0);
        const uint8_t* base = a->pages;
        return (const float*)(const void*)(base + page * a->page_bytes +
                                           slot * a->head_dim * sizeof(float));
    }
    load_slots(a, from, count, value, stride, out);
    return out;
}

// The products of a query with KEYS keys, `stride` floats apart, some at a time: as many as leave
// all partial sums in registers.
INLINE void add_scores(const ck_attention_args* a, const float* q, const float* keys,
                       size_t stride, v16* dots) {
    const size_t whole = a->head_dim / LANES * LANES;
    UNROLL for (int first = 0; first < KEYS; first += ATTENTION_KEYS) {
        const float* key = keys + (size_t)first * stride;
        vpart sums[ATTENTION_KEYS][PARTS];
        UNROLL for (int i = 0; i < ATTENTION_KEYS; i++) {
            UNROLL for (int p = 0; p < PARTS; p++) {
                sums[i][p] = (vpart){0};
            }
        }
        for (size_t d = 0; d < whole; d += LANES) {
            UNROLL for (int p = 0; p < PARTS; p++) {
                vpart part = load_register(q + d + p * PART_LANES);
                UNROLL for (int i = 0; i < ATTENTION_KEYS; i++) {
                    sums[i][p] = __builtin_elementwise_fma(
                        part, load_register(key + (size_t)i * stride + d + p * PART_LANES),
                        sums[i][p]);
                }
            }
        }
        UNROLL for (int i = 0; i < ATTENTION_KEYS; i++) {
            memcpy(&dots[first + i], sums[i], sizeof dots[first + i]);
        }
    }
    if (whole < a->head_dim) {
        v16 part = load_part(q + whole, a->head_dim - whole, 0);
        for (int i = 0; i < KEYS; i++) {
            dots[i] = fma16(part, load(keys + (size_t)i * stride + whole), dots[i]);
        }
    }
}

// out[row][d...] += scores[row][i] * values[i][d...] for some rows and `vectors` vectors, positions
// ascending. Each sum is a chain, so several must run side by side.
INLINE void add_values(int rows, int vectors, const float* scores, size_t width, size_t from,
                       size_t to, const float* values, size_t stride, float* out) {
    v16 sums[ATTENTION_ROWS][4];
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vectors; v++) {
            sums[r][v] = load(out + (size_t)r * stride + v * LANES);
        }
    }
    for (size_t i = from; i < to; i++) {
        v16 value[4];
        UNROLL for (int v = 0; v < vectors; v++) {
            value[v] = load(values + i * stride + (size_t)v * LANES);
        }
        UNROLL for (int r = 0; r < rows; r++) {
            v16 score = spread(scores[(size_t)r * width + i]);
            UNROLL for (int v = 0; v < vectors; v++) {
                sums[r][v] = fma16(score, value[v], sums[r][v]);
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vectors; v++) {
            store(out + (size_t)r * stride + v * LANES, sums[r][v]);
        }
    }
}

// The same for all of a head's columns.
INLINE void add_all_values(int rows, const float* scores, size_t width, size_t from, size_t to,
                           const float* values, size_t stride, float* out) {
    const int vectors = rows == 1 ? 4 : ATTENTION_VECTORS;
    size_t d = 0;
    for (; d + (size_t)vectors * LANES <= stride; d += (size_t)vectors * LANES) {
        add_values(rows, vectors, scores, width, from, to, values + d, stride, out + d);
    }
    for (; d < stride; d += LANES) {
        add_values(rows, 1, scores, width, from, to, values + d, stride, out + d);
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
        const float* keys = slots_at(a, p, count, false, stride, slots);
        for (size_t row = 0; row < rows; row++) {
            const float* q = a->q + row / a->group * a->q_stride + row % a->group * a->head_dim;
            v16 dots[KEYS];
            add_scores(a, q, keys, stride, dots);
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
        const float* values = slots_at(a, p, count, true, stride, slots);
        for (size_t token = 0; token < a->tokens; token++) {
            size_t last = a->position + token + 1;
            size_t begin = a->window && last > a->window ? last - a->window : 0;
            size_t from = begin > p ? begin - p : 0;
            size_t to = last < p + count ? (last > p ? last - p : 0) : count;
            if (from >= to) {
                continue;
            }
            size_t row = token * a->group;
            const size_t rows_end = row + a->group;
            const float* s = scores + p - first;
            for (; row + ATTENTION_ROWS <= rows_end; row += ATTENTION_ROWS) {
                add_all_values(ATTENTION_ROWS, s + row * width, width, from, to, values, stride,
                               sums + row * stride);
            }
            for (; row < rows_end; row++) {
                add_all_values(1, s + row * width, width, from, to, values, stride,
                               sums + row * stride);
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
