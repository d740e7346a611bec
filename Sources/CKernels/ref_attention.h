// Attention over paged keys and values, a position at a time. Part of ref.c.

// Where the keys of a position lie; its values lie behind them.
static const uint8_t* keys_of(const ck_attention_args* a, size_t position) {
    size_t page = (size_t)a->table[position / a->page_size];
    return (const uint8_t*)a->pages + page * a->page_bytes;
}

// Elements of a key, `a->page_size` apart, or of a value; of q8_0 their quants.
static void load_slot(const ck_attention_args* a, const uint8_t* block, size_t slot, bool value,
                      float* out) {
    size_t bytes = cached_element_bytes(a->type);
    for (size_t d = 0; d < a->head_dim; d++) {
        size_t index = value ? slot * a->head_dim + d : d * a->page_size + slot;
        if (a->type == CK_Q8_0) {
            out[d] = (float)(int8_t)block[index];
        } else {
            ck_dequantize_ref(a->type, block + index * bytes, 1, out + d);
        }
    }
}

static float slot_scale(const ck_attention_args* a, const uint8_t* block, size_t slot,
                        size_t group) {
    return f16_to_f32(load_u16(cached_scale(block, a->page_size, a->head_dim, slot, group)));
}

static float score_of(const ck_attention_args* a, const float* q, size_t position, float* key) {
    const uint8_t* block = keys_of(a, position);
    const size_t slot = position % a->page_size;
    load_slot(a, block, slot, false, key);
    const size_t most = a->type == CK_Q8_0 ? CACHED_GROUP : a->head_dim;
    float score = 0;
    for (size_t start = 0; start < a->head_dim; start += most) {
        float sum = 0;
        for (size_t d = start; d < start + most && d < a->head_dim; d++) {
            sum = fmaf(key[d], q[d], sum);
        }
        score = a->type == CK_Q8_0
                    ? fmaf(sum, slot_scale(a, block, slot, start / CACHED_GROUP), score)
                    : sum;
    }
    return score * a->scale;
}

static void add_value(const ck_attention_args* a, float weight, size_t position, float* value,
                      float* out) {
    const uint8_t* block =
        keys_of(a, position) + cached_bytes(a->type, a->page_size, a->head_dim);
    const size_t slot = position % a->page_size;
    load_slot(a, block, slot, true, value);
    for (size_t d = 0; d < a->head_dim; d++) {
        float factor = a->type == CK_Q8_0
                           ? weight * slot_scale(a, block, slot, d / CACHED_GROUP)
                           : weight;
        out[d] = fmaf(factor, value[d], out[d]);
    }
}

static void attention(const ck_attention_args* a) {
    float* slot = a->scratch;
    float* scores = slot + a->head_dim;
    for (size_t token = 0; token < a->tokens; token++) {
        size_t end = a->position + token + 1;
        size_t begin = a->window && end > a->window ? end - a->window : 0;
        for (size_t head = 0; head < a->group; head++) {
            const float* q = a->q + token * a->q_stride + head * a->head_dim;
            float* out = a->out + token * a->out_stride + head * a->head_dim;
            for (size_t p = begin; p < end; p++) {
                scores[p - begin] = score_of(a, q, p, slot);
            }
            float largest = max(scores, end - begin);
            lanes sum = {{0}};
            for (size_t p = begin; p < end; p++) {
                scores[p - begin] = exponential(scores[p - begin] - largest);
                sum.lane[p % LANES] += scores[p - begin];
            }
            float inverse = 1.0f / lanes_total(sum);
            memset(out, 0, a->head_dim * sizeof(float));
            for (size_t p = begin; p < end; p++) {
                add_value(a, scores[p - begin], p, slot, out);
            }
            for (size_t d = 0; d < a->head_dim; d++) {
                out[d] *= inverse;
            }
        }
    }
}
