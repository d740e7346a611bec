// The plain twin of packed_matmul.h, and the way back from a packed matrix. Part of ref.c.

static int32_t packed_quant(int32_t format, const uint8_t* group, size_t row, size_t k) {
    if (format == CK_PACKED_INT8) {
        return group[k / 4 * 64 + row * 4 + k % 4] - 128;
    }
    uint8_t both = group[k / 8 * 64 + row * 4 + k % 4];
    int32_t quant = k % 8 < 4 ? both & 15 : both >> 4;
    return format == CK_PACKED_INT4_CENTRED ? quant - 8 : quant;
}

static float packed_scale(int32_t format, const uint8_t* group, size_t row) {
    return f16_to_f32(load_u16(group + packed_scales_place(format) + 2 * row));
}

static float packed_minimum(const uint8_t* group, size_t row) {
    return f16_to_f32(load_u16(group + packed_minima_place(CK_PACKED_INT4) + 2 * row));
}

static void packed_matmul(const ck_packed_matmul_args* a) {
    for (size_t row = a->panel_begin * LANES; row < a->panel_end * LANES && row < a->rows; row++) {
        for (size_t token = 0; token < a->tokens; token++) {
            const uint8_t* w = (const uint8_t*)a->w + row / LANES * a->panel_bytes;
            const size_t groups = a->k / PACKED_GROUP;
            const ck_input_group* x = (const ck_input_group*)a->inputs + token * groups;
            float sum = 0;
            for (size_t group = 0; group < groups; group++) {
                int32_t dot = 0;
                for (size_t k = 0; k < PACKED_GROUP; k++) {
                    dot += packed_quant(a->format, w, row % LANES, k) * x[group].quants[k];
                }
                sum = fmaf(packed_scale(a->format, w, row % LANES) * x[group].scale, (float)dot,
                           sum);
                if (a->format == CK_PACKED_INT4) {
                    sum = fmaf(packed_minimum(w, row % LANES), x[group].sum, sum);
                }
                w += packed_group_bytes(a->format);
            }
            if (a->bias) {
                sum += a->bias[row];
            }
            float* out = a->out + token * a->out_stride + row;
            *out = a->accumulate ? *out + sum : sum;
        }
    }
}

static void quantize_input(const float* x, size_t count, ck_input_group* out) {
    for (size_t group = 0; group < count / PACKED_GROUP; group++, x += PACKED_GROUP, out++) {
        float largest = 0;
        for (size_t i = 0; i < PACKED_GROUP; i++) {
            largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
        }
        bool counts = largest >= INPUT_LEAST;
        float inverse = counts ? 127.0f / largest : 0;
        int32_t sum = 0;
        for (size_t i = 0; i < PACKED_GROUP; i++) {
            float quant = x[i] * inverse;
            quant = quant < 127.0f ? quant : 127.0f;
            quant = quant > -127.0f ? quant : -127.0f;
            out->quants[i] = (int8_t)rintf(quant);
            sum += out->quants[i];
        }
        finish_input(out, counts ? largest : 0, sum);
    }
}

static float plain_weight(int32_t format, const uint8_t* panel, size_t row, size_t k) {
    const uint8_t* place = panel + plain_place(format, row, k);
    if (format == CK_PACKED_F32) {
        float value;
        memcpy(&value, place, sizeof value);
        return value;
    }
    return format == CK_PACKED_F16 ? f16_to_f32(load_u16(place)) : bf16_to_f32(load_u16(place));
}

static float flushed(float x) {
    return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

static void panel_matmul(const ck_packed_matmul_args* a) {
    const bool is_dot = a->format == CK_PACKED_BF16_DOT;
    for (size_t row = a->panel_begin * LANES; row < a->panel_end * LANES && row < a->rows; row++) {
        const uint8_t* w = (const uint8_t*)a->w + row / LANES * a->panel_bytes;
        for (size_t token = 0; token < a->tokens; token++) {
            float* out = a->out + token * a->out_stride + row;
            const uint8_t* words = (const uint8_t*)a->inputs + token * a->k * sizeof(uint16_t);
            float sum = a->accumulate ? *out : 0;
            if (a->bias) {
                sum += a->bias[row];
            }
            for (size_t i = 0; i < a->k; i++) {
                const size_t k = is_dot ? i ^ 1 : i;
                float weight = plain_weight(a->format, w, row % LANES, k);
                if (is_dot) {
                    float input = bf16_to_f32(load_u16(words + k * sizeof(uint16_t)));
                    sum = flushed(fmaf(flushed(weight), flushed(input), flushed(sum)));
                } else {
                    sum = fmaf(weight, a->x[token * a->x_stride + k], sum);
                }
            }
            *out = sum;
        }
    }
}

void ck_unpack_row(int32_t format, const void* packed, size_t columns, size_t row, float* out) {
    if (!packs_integers(format)) {
        const uint8_t* panel =
            (const uint8_t*)packed + row / LANES * ck_packed_panel_bytes(format, columns);
        for (size_t k = 0; k < columns; k++) {
            out[k] = plain_weight(format, panel, row % LANES, k);
        }
        return;
    }
    const size_t groups = columns / PACKED_GROUP, bytes = packed_group_bytes(format);
    const uint8_t* w = (const uint8_t*)packed + row / LANES * groups * bytes;
    for (size_t group = 0; group < groups; group++, w += bytes, out += PACKED_GROUP) {
        float scale = packed_scale(format, w, row % LANES);
        for (size_t k = 0; k < PACKED_GROUP; k++) {
            float value = scale * (float)packed_quant(format, w, row % LANES, k);
            out[k] = format == CK_PACKED_INT4 ? value + packed_minimum(w, row % LANES) : value;
        }
    }
}
