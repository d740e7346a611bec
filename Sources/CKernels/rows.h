// Norm, rotation, gate and softmax over one row. Part of version.h.

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
            most[j] = larger(v, most[j]);
        }
    }
    for (; i + LANES <= count; i += LANES) {
        most[0] = larger(load(x + i), most[0]);
    }
    float largest = largest_lane(larger(larger(most[0], most[1]), larger(most[2], most[3])));
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
