// Attention over paged keys and values. Part of version.h.
//
// Keys lie transposed, so that a score belongs to a lane and nothing is added across lanes.

// Adds the products of some queries with some blocks of 16 keys to `sums`, over dimensions
// [begin, end).
INLINE void add_products(int type, int rows, int blocks, size_t begin, size_t end,
                         const float* const* queries, const slots* keys,
                         vpart sums[SCORE_ROWS][4][PARTS]) {
    for (size_t d = begin; d < end; d++) {
        UNROLL for (int b = 0; b < blocks; b++) {
            v16 lanes = elements(type, keys[b].start + d * keys[b].stride);
            vpart parts[PARTS];
            memcpy(parts, &lanes, sizeof parts);
            UNROLL for (int r = 0; r < rows; r++) {
                vpart query = spread_register(queries[r][d]);
                UNROLL for (int p = 0; p < PARTS; p++) {
                    sums[r][b][p] = __builtin_elementwise_fma(parts[p], query, sums[r][b][p]);
                }
            }
        }
    }
}

// Scores of q8_0: the products of a group's quants, times their scales.
INLINE void add_groups(int rows, int blocks, size_t head_dim, const float* const* queries,
                       const slots* keys, vpart sums[SCORE_ROWS][4][PARTS]) {
    for (size_t d = 0; d < head_dim; d += CACHED_GROUP) {
        vpart products[SCORE_ROWS][4][PARTS];
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int b = 0; b < blocks; b++) {
                UNROLL for (int p = 0; p < PARTS; p++) {
                    products[r][b][p] = spread_register(0);
                }
            }
        }
        const size_t end = d + CACHED_GROUP < head_dim ? d + CACHED_GROUP : head_dim;
        add_products(CK_Q8_0, rows, blocks, d, end, queries, keys, products);
        UNROLL for (int b = 0; b < blocks; b++) {
            const float* scales = keys[b].scales + d / CACHED_GROUP * KEYS;
            UNROLL for (int p = 0; p < PARTS; p++) {
                vpart scale = load_register(scales + p * PART_LANES);
                UNROLL for (int r = 0; r < rows; r++) {
                    sums[r][b][p] =
                        __builtin_elementwise_fma(products[r][b][p], scale, sums[r][b][p]);
                }
            }
        }
    }
}

// The scores of some queries with some blocks of 16 keys.
INLINE void score_tile(int type, int rows, int blocks, const ck_attention_args* a, size_t row,
                       const slots* keys, float* scores, size_t width) {
    const float* queries[SCORE_ROWS];
    vpart sums[SCORE_ROWS][4][PARTS];
    UNROLL for (int r = 0; r < rows; r++) {
        size_t number = row + (size_t)r;
        queries[r] = a->q + number / a->group * a->q_stride + number % a->group * a->head_dim;
        UNROLL for (int b = 0; b < blocks; b++) {
            UNROLL for (int p = 0; p < PARTS; p++) {
                sums[r][b][p] = spread_register(0);
            }
        }
    }
    if (type == CK_Q8_0) {
        add_groups(rows, blocks, a->head_dim, queries, keys, sums);
    } else {
        add_products(type, rows, blocks, 0, a->head_dim, queries, keys, sums);
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int b = 0; b < blocks; b++) {
            UNROLL for (int p = 0; p < PARTS; p++) {
                vpart score = sums[r][b][p] * spread_register(a->scale);
                memcpy(scores + (size_t)r * width + b * KEYS + p * PART_LANES, &score,
                       sizeof score);
            }
        }
    }
}

// Blocks of keys beside each other: few rows make too few chains, and where registers are many,
// what is loaded of a query serves two.
#if PART_LANES == 16
#define BLOCKS_BESIDE(rows) ((rows) <= 2 ? 4 : 2)
#else
#define BLOCKS_BESIDE(rows) ((rows) == 1 ? 4 : (rows) == 2 ? 2 : 1)
#endif

INLINE void score_rows(int type, int blocks_are_many, size_t rows, const ck_attention_args* a,
                       size_t row, const slots* keys, float* scores, size_t width) {
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        score_tile(type, n, blocks_are_many ? BLOCKS_BESIDE(n) : 1, a, row, keys, scores, width);  \
        break;
    switch (rows) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
#if SCORE_ROWS > 4
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
#endif
    }
#undef CASE
}

typedef void (*score_function)(size_t, const ck_attention_args*, size_t, const slots*, float*,
                               size_t);

#define DEFINE_SCORES(type)                                                                        \
    static void scores_##type(size_t rows, const ck_attention_args* a, size_t row,                 \
                              const slots* keys, float* scores, size_t width) {                    \
        score_rows(CK_##type, 0, rows, a, row, keys, scores, width);                               \
    }                                                                                              \
    static void wide_scores_##type(size_t rows, const ck_attention_args* a, size_t row,            \
                                   const slots* keys, float* scores, size_t width) {               \
        score_rows(CK_##type, 1, rows, a, row, keys, scores, width);                               \
    }
DEFINE_SCORES(F32)
DEFINE_SCORES(F16)
DEFINE_SCORES(BF16)
DEFINE_SCORES(Q8_0)

static const score_function score_functions[][2] = {
    {scores_F32, wide_scores_F32},
    {scores_F16, wide_scores_F16},
    {scores_BF16, wide_scores_BF16},
    {scores_Q8_0, wide_scores_Q8_0},
};

// scores[row][...] for the keys of positions [first, end), masked nowhere.
static void fill_scores(const ck_attention_args* a, size_t first, size_t end, size_t rows,
                        float* scores, size_t width, float* scratch) {
    const size_t beside = (size_t)BLOCKS_BESIDE(rows);
    const size_t stride = whole_lanes(a->head_dim);
    for (size_t p = first; p < end;) {
        const size_t left = (end - p + KEYS - 1) / KEYS;
        const size_t blocks = left < beside ? 1 : beside;
        slots keys[4];
        for (size_t b = 0; b < blocks; b++) {
            const size_t from = p + b * KEYS, count = end - from < KEYS ? end - from : KEYS;
            keys[b] = keys_at(a, from, count, stride, scratch + b * KEYS * stride);
            ask_for(a, first, end, (from - first) / KEYS + BLOCKS_AHEAD);
        }
        const score_function function = score_functions[keys[0].type][blocks > 1];
        for (size_t row = 0; row < rows;) {
            size_t some = tile_of(rows - row, SCORE_ROWS);
            function(some, a, row, keys, scores + row * width + p - first, width);
            row += some;
        }
        p += blocks * KEYS;
    }
}

// out[row][d...] += scores[row][i] * values[i][d...] for some rows and `vectors` vectors from
// dimension d on, positions ascending. Each sum is a chain, so several must run side by side.
INLINE void add_values(int type, int rows, int vectors, const float* scores, size_t width,
                       size_t from, size_t to, const slots* values, size_t d, size_t stride,
                       float* out) {
    const size_t bytes = LANES * cached_element_bytes(type);
    const uint8_t* start = values->start + d * cached_element_bytes(type);
    const int groups = type == CK_Q8_0 ? (vectors + 1) / 2 : 1;
    const float* weights[8][2];
    float scaled[8][2][KEYS];
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int g = 0; g < groups; g++) {
            weights[r][g] = scores + (size_t)r * width;
            if (type == CK_Q8_0) {
                const float* scales = values->scales + (d / CACHED_GROUP + (size_t)g) * KEYS;
                store(scaled[r][g], load(weights[r][g]) * load(scales));
                weights[r][g] = scaled[r][g];
            }
        }
    }
    v16 sums[8][4];
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vectors; v++) {
            sums[r][v] = load(out + (size_t)r * stride + v * LANES);
        }
    }
    for (size_t i = from; i < to; i++) {
        v16 value[4];
        UNROLL for (int v = 0; v < vectors; v++) {
            value[v] = elements(type, start + i * values->stride + (size_t)v * bytes);
        }
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < vectors; v++) {
                v16 weight = spread(weights[r][type == CK_Q8_0 ? v / 2 : 0][i]);
                sums[r][v] = fma16(weight, value[v], sums[r][v]);
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vectors; v++) {
            store(out + (size_t)r * stride + v * LANES, sums[r][v]);
        }
    }
}

// Rows whose sums over so many vectors run side by side.
#define ROWS_BESIDE(vectors) (ATTENTION_SUMS / (vectors) > 8 ? 8 : ATTENTION_SUMS / (vectors))

// The same for any number of rows.
INLINE void add_values_to_rows(int type, int vectors, size_t rows, const float* scores,
                               size_t width, size_t from, size_t to, const slots* values, size_t d,
                               size_t stride, float* out) {
    for (size_t row = 0; row < rows;) {
        const size_t some = tile_of(rows - row, ROWS_BESIDE(vectors));
        const float* s = scores + row * width;
        float* o = out + row * stride;
#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (n <= ROWS_BESIDE(vectors)) {                                                           \
            add_values(type, n, vectors, s, width, from, to, values, d, stride, o);                \
        }                                                                                          \
        break;
        switch (some) {
            CASE(1)
            CASE(2)
            CASE(3)
            CASE(4)
            CASE(5)
            CASE(6)
            CASE(7)
            CASE(8)
        }
#undef CASE
        row += some;
    }
}

// out[row][...] += scores[row][i] * values[i][...] for all of a head's columns.
INLINE void add_block(int type, size_t rows, const float* scores, size_t width, size_t from,
                      size_t to, const slots* values, size_t stride, float* out) {
    size_t d = 0;
    if (rows == 1 || ROWS_BESIDE(4) > 1) {
        for (; d + 4 * LANES <= stride; d += 4 * LANES) {
            add_values_to_rows(type, 4, rows, scores, width, from, to, values, d, stride, out + d);
        }
    }
    for (; d + 2 * LANES <= stride; d += 2 * LANES) {
        add_values_to_rows(type, 2, rows, scores, width, from, to, values, d, stride, out + d);
    }
    for (; d < stride; d += LANES) {
        add_values_to_rows(type, 1, rows, scores, width, from, to, values, d, stride, out + d);
    }
}

typedef void (*value_function)(size_t, const float*, size_t, size_t, size_t, const slots*, size_t,
                               float*);

#define DEFINE_VALUES(type)                                                                        \
    static void values_##type(size_t rows, const float* scores, size_t width, size_t from,         \
                              size_t to, const slots* values, size_t stride, float* out) {         \
        add_block(CK_##type, rows, scores, width, from, to, values, stride, out);                  \
    }
DEFINE_VALUES(F32)
DEFINE_VALUES(F16)
DEFINE_VALUES(BF16)
DEFINE_VALUES(Q8_0)

static const value_function value_functions[] = {values_F32, values_F16, values_BF16, values_Q8_0};

static void attention(const ck_attention_args* a) {
    const size_t stride = whole_lanes(a->head_dim);
    const size_t end = a->position + a->tokens;
    size_t first = a->window && a->position + 1 > a->window ? a->position + 1 - a->window : 0;
    first = first / LANES * LANES;
    const size_t width = whole_lanes(end - first);
    const size_t rows = a->tokens * a->group;
    float* scratch = a->scratch;
    float* sums = scratch + 4 * KEYS * stride;
    float* inverses = sums + rows * stride;
    float* scores = inverses + whole_lanes(rows);
    // what is gathered does not fill all that is read
    const bool gathers = a->page_size % KEYS != 0 || a->head_dim != stride;
    if (gathers) {
        memset(scratch, 0, 4 * KEYS * stride * sizeof(float));
    }
    for (size_t block = 0; block < BLOCKS_AHEAD; block++) {
        ask_for(a, first, end, block);
    }
    memset(sums, 0, rows * stride * sizeof(float));
    fill_scores(a, first, end, rows, scores, width, scratch);

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

    if (gathers) {
        memset(scratch, 0, KEYS * stride * sizeof(float));
    }
    for (size_t p = first; p < end; p += KEYS) {
        size_t count = end - p < KEYS ? end - p : KEYS;
        const slots values = values_at(a, p, count, stride, scratch);
        ask_for(a, first, end, width / KEYS + (p - first) / KEYS + BLOCKS_AHEAD);
        const value_function add = value_functions[values.type];
        for (size_t token = 0; token < a->tokens;) {
            size_t last = a->position + token + 1;
            size_t begin = a->window && last > a->window ? last - a->window : 0;
            size_t from = begin > p ? begin - p : 0;
            size_t to = last < p + count ? (last > p ? last - p : 0) : count;
            if (from >= to) {
                token++;
                continue;
            }
            // tokens that see all of the block share its values
            size_t some = 1;
            while (from == 0 && to == count && token + some < a->tokens &&
                   !(a->window && last + some > a->window + p)) {
                some++;
            }
            const size_t row = token * a->group;
            add(some * a->group, scores + row * width + p - first, width, from, to, &values,
                stride, sums + row * stride);
            token += some;
        }
    }
    for (size_t row = 0; row < rows; row++) {
        float* out = a->out + row / a->group * a->out_stride + row % a->group * a->head_dim;
        for (size_t d = 0; d < a->head_dim; d++) {
            out[d] = sums[row * stride + d] * inverses[row];
        }
    }
}
