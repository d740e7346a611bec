// Causal attention of one sequence and its gradient, as products of blocks. Part of version.h.
//
// Queries go in blocks of PACKED_QUERIES; a block sees keys [first, end):
//
//     scores [queries, keys] = Q Kᵀ          keys and values lie transposed in scratch,
//     P = e^(scale * scores - log sum)       for b of a product is read row by row
//     out = P V
//
//     dP = dO Vᵀ    dS = P (dP - row sum of dO * O) scale    dQ = dS K    dK += dSᵀ Q    dV += Pᵀ dO

static void packed_product(const float* a, size_t a_row, size_t a_column, const float* b,
                           size_t b_row, float* c, size_t c_stride, size_t m, size_t n, size_t k,
                           bool accumulate, float* scratch) {
    ck_gemm_args args = {
        .a = a,
        .a_row = a_row,
        .a_column = a_column,
        .b = b,
        .b_row = b_row,
        .b_column = 1,
        .c = c,
        .c_stride = c_stride,
        .row_end = m,
        .column_end = n,
        .k = k,
        .accumulate = accumulate,
        .scratch = scratch,
    };
    gemm(&args);
}

// out[d][t] = x[t][d], rows of `out` `width` apart.
static void packed_transpose(const float* x, size_t stride, size_t count, size_t head_dim,
                             float* out, size_t width) {
    for (size_t t = 0; t < count; t += 16) {
        size_t end = t + 16 < count ? t + 16 : count;
        for (size_t d = 0; d < head_dim; d++) {
            for (size_t i = t; i < end; i++) {
                out[d * width + i] = x[i * stride + d];
            }
        }
    }
}

// The first key that a position sees.
INLINE size_t packed_first_key(size_t position, size_t window) {
    return window > 0 && position + 1 > window ? position + 1 - window : 0;
}

// Lane i of a group that begins at `column` counts where begin <= column + i < end.
INLINE i16 packed_seen(size_t column, size_t begin, size_t end) {
    i16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    i16 at = lanes + (int32_t)column;
    return (at >= (int32_t)begin) & (at < (int32_t)end);
}

// Turns scores into probabilities where `log_sum` is known: e^(scale * x - log_sum), 0 elsewhere.
static void packed_probabilities(float* x, size_t width, size_t begin, size_t end, float scale,
                                 float log_sum) {
    for (size_t column = 0; column < width; column += 16) {
        v16 value = exponential(fma16(load(x + column), spread(scale), spread(-log_sum)));
        store(x + column, choose(packed_seen(column, begin, end), value, spread(0.0f)));
    }
}

static float packed_log_sum(const float* x, size_t width, size_t begin, size_t end, float scale) {
    v16 most = spread(-INFINITY);
    for (size_t column = begin / 16 * 16; column < width && column < end; column += 16) {
        v16 value =
            choose(packed_seen(column, begin, end), load(x + column), spread(-INFINITY));
        most = larger(value, most);
    }
    float largest = -INFINITY;
    for (int lane = 0; lane < 16; lane++) {
        largest = most[lane] > largest ? most[lane] : largest;
    }
    largest *= scale;
    v16 sum = spread(0.0f);
    for (size_t column = begin / 16 * 16; column < width && column < end; column += 16) {
        v16 value = exponential(fma16(load(x + column), spread(scale), spread(-largest)));
        sum += choose(packed_seen(column, begin, end), value, spread(0.0f));
    }
    return largest + logf(total(sum));
}

static void packed_attention(const ck_packed_attention_args* args) {
    size_t width = (args->count + 15) / 16 * 16, dim = args->head_dim, stride = args->stride;
    float* keys = args->scratch;
    float* scores = keys + dim * width;
    float* rest = scores + PACKED_QUERIES * width;
    packed_transpose(args->keys, stride, args->count, dim, keys, width);
    for (size_t head = 0; head < args->group; head++) {
        const float* queries = args->queries + head * dim;
        float* out = args->out + head * dim;
        for (size_t first = 0; first < args->count; first += PACKED_QUERIES) {
            size_t end = first + PACKED_QUERIES < args->count ? first + PACKED_QUERIES
                                                              : args->count;
            size_t from = packed_first_key(first, args->window) / 16 * 16, seen = end - from;
            size_t padded = (seen + 15) / 16 * 16;
            packed_product(queries + first * stride, stride, 1, keys + from, width, scores, padded,
                           end - first, seen, dim, false, rest);
            for (size_t t = first; t < end; t++) {
                float* row = scores + (t - first) * padded;
                size_t begin = packed_first_key(t, args->window) - from;
                memset(row + seen, 0, (padded - seen) * sizeof(float));
                float log_sum = packed_log_sum(row, padded, begin, t + 1 - from, args->scale);
                args->log_sums[t * args->log_sum_stride + head] = log_sum;
                packed_probabilities(row, padded, begin, t + 1 - from, args->scale, log_sum);
            }
            packed_product(scores, padded, 1, args->values + from * stride, stride,
                           out + first * args->out_stride, args->out_stride, end - first, dim, seen,
                           false, rest);
        }
    }
}

static float packed_dot(const float* x, const float* y, size_t count) {
    v16 sum = spread(0.0f);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        sum = fma16(load(x + i), load(y + i), sum);
    }
    if (i < count) {
        sum = fma16(load_part(x + i, count - i, 0.0f), load_part(y + i, count - i, 0.0f), sum);
    }
    return total(sum);
}

static void packed_attention_backward(const ck_packed_attention_args* args) {
    size_t width = (args->count + 15) / 16 * 16, dim = args->head_dim, stride = args->stride;
    size_t out_stride = args->out_stride;
    float* keys = args->scratch;
    float* values = keys + dim * width;
    float* scores = values + dim * width;
    float* slopes = scores + PACKED_QUERIES * width;
    float* rest = slopes + PACKED_QUERIES * width;
    packed_transpose(args->keys, stride, args->count, dim, keys, width);
    packed_transpose(args->values, stride, args->count, dim, values, width);
    for (size_t t = 0; t < args->count; t++) {
        memset(args->key_gradient + t * stride, 0, dim * sizeof(float));
        memset(args->value_gradient + t * stride, 0, dim * sizeof(float));
    }
    for (size_t head = 0; head < args->group; head++) {
        const float* queries = args->queries + head * dim;
        const float* out = args->out + head * dim;
        const float* out_gradient = args->out_gradient + head * dim;
        for (size_t first = 0; first < args->count; first += PACKED_QUERIES) {
            size_t end = first + PACKED_QUERIES < args->count ? first + PACKED_QUERIES
                                                              : args->count;
            size_t from = packed_first_key(first, args->window) / 16 * 16, seen = end - from;
            size_t padded = (seen + 15) / 16 * 16, rows = end - first;
            const float* block = queries + first * stride;
            const float* block_gradient = out_gradient + first * out_stride;
            packed_product(block, stride, 1, keys + from, width, scores, padded, rows, seen, dim,
                           false, rest);
            packed_product(block_gradient, out_stride, 1, values + from, width, slopes, padded,
                           rows, seen, dim, false, rest);
            for (size_t t = first; t < end; t++) {
                float* row = scores + (t - first) * padded;
                float* slope = slopes + (t - first) * padded;
                memset(row + seen, 0, (padded - seen) * sizeof(float));
                memset(slope + seen, 0, (padded - seen) * sizeof(float));
                packed_probabilities(row, padded, packed_first_key(t, args->window) - from,
                                     t + 1 - from, args->scale,
                                     args->log_sums[t * args->log_sum_stride + head]);
                v16 mean = spread(
                    packed_dot(out_gradient + t * out_stride, out + t * out_stride, dim));
                for (size_t column = 0; column < padded; column += 16) {
                    v16 value = load(row + column) * (load(slope + column) - mean);
                    store(slope + column, value * spread(args->scale));
                }
            }
            packed_product(slopes, padded, 1, args->keys + from * stride, stride,
                           args->query_gradient + head * dim + first * stride, stride, rows, dim,
                           seen, false, rest);
            packed_product(slopes, 1, padded, block, stride,
                           args->key_gradient + from * stride, stride, seen, dim, rows, true,
                           rest);
            packed_product(scores, 1, padded, block_gradient, out_stride,
                           args->value_gradient + from * stride, stride, seen, dim, rows, true,
                           rest);
        }
    }
}
