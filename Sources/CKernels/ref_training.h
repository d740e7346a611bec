// The plain twins of gemm.h and packed_attention.h. Part of ref.c.

static void gemm(const ck_gemm_args* args) {
    for (size_t m = args->row_begin; m < args->row_end; m++) {
        for (size_t n = args->column_begin; n < args->column_end; n++) {
            float* c = args->c + m * args->c_stride + n;
            float sum = args->accumulate ? *c : 0.0f;
            for (size_t k = 0; k < args->k; k++) {
                sum = fmaf(args->a[m * args->a_row + k * args->a_column],
                           args->b[k * args->b_row + n * args->b_column], sum);
            }
            *c = sum;
        }
    }
}

static size_t first_key(const ck_packed_attention_args* args, size_t position) {
    return args->window > 0 && position + 1 > args->window ? position + 1 - args->window : 0;
}

static float chain(const float* x, const float* y, size_t count) {
    float sum = 0.0f;
    for (size_t i = 0; i < count; i++) {
        sum = fmaf(x[i], y[i], sum);
    }
    return sum;
}

static void packed_attention(const ck_packed_attention_args* args) {
    size_t dim = args->head_dim, stride = args->stride;
    float* scores = args->scratch;
    for (size_t head = 0; head < args->group; head++) {
        for (size_t t = 0; t < args->count; t++) {
            const float* query = args->queries + t * stride + head * dim;
            size_t first = first_key(args, t);
            float largest = -INFINITY;
            for (size_t key = first; key <= t; key++) {
                scores[key] = chain(query, args->keys + key * stride, dim);
                largest = scores[key] > largest ? scores[key] : largest;
            }
            largest *= args->scale;
            lanes sum = {{0}};
            for (size_t key = first; key <= t; key++) {
                sum.lane[key % LANES] += exponential(fmaf(scores[key], args->scale, -largest));
            }
            float log_sum = largest + logf(lanes_total(sum));
            args->log_sums[t * args->log_sum_stride + head] = log_sum;
            float* out = args->out + t * args->out_stride + head * dim;
            for (size_t d = 0; d < dim; d++) {
                out[d] = 0.0f;
            }
            for (size_t key = first; key <= t; key++) {
                float share = exponential(fmaf(scores[key], args->scale, -log_sum));
                for (size_t d = 0; d < dim; d++) {
                    out[d] = fmaf(share, args->values[key * stride + d], out[d]);
                }
            }
        }
    }
}

static void packed_attention_backward(const ck_packed_attention_args* args) {
    size_t dim = args->head_dim, stride = args->stride;
    for (size_t t = 0; t < args->count; t++) {
        for (size_t d = 0; d < dim; d++) {
            args->key_gradient[t * stride + d] = 0.0f;
            args->value_gradient[t * stride + d] = 0.0f;
        }
    }
    for (size_t head = 0; head < args->group; head++) {
        for (size_t t = 0; t < args->count; t++) {
            const float* query = args->queries + t * stride + head * dim;
            const float* slope = args->out_gradient + t * args->out_stride + head * dim;
            float mean = dot(slope, args->out + t * args->out_stride + head * dim, dim);
            float log_sum = args->log_sums[t * args->log_sum_stride + head];
            float* query_gradient = args->query_gradient + t * stride + head * dim;
            for (size_t d = 0; d < dim; d++) {
                query_gradient[d] = 0.0f;
            }
            for (size_t key = first_key(args, t); key <= t; key++) {
                const float* k = args->keys + key * stride;
                float score = chain(query, k, dim);
                float share = exponential(fmaf(score, args->scale, -log_sum));
                float pull = chain(slope, args->values + key * stride, dim);
                float change = share * (pull - mean) * args->scale;
                for (size_t d = 0; d < dim; d++) {
                    query_gradient[d] = fmaf(change, k[d], query_gradient[d]);
                    float* kg = args->key_gradient + key * stride + d;
                    *kg = fmaf(change, query[d], *kg);
                    float* vg = args->value_gradient + key * stride + d;
                    *vg = fmaf(share, slope[d], *vg);
                }
            }
        }
    }
}

static size_t multiply_adds(size_t rounds, float* out) {
    float sum = 0.0f, term = out[0];
    for (size_t round = 0; round < rounds; round++) {
        sum = fmaf(sum, 0.999f, term);
    }
    out[0] = sum;
    return rounds * 2;
}
