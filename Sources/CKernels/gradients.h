// What the forward pass does to one row, backwards, and the statistics of a loss. Part of version.h.

static void rms_norm_backward(const float* x, const float* weight, const float* out_gradient,
                              size_t count, float epsilon, bool accumulate, float* gradient,
                              float* weight_gradient) {
    v16 squares = spread(0), products = spread(0);
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        v16 v = load(x + i);
        squares = fma16(v, v, squares);
        products = fma16(v, load(weight + i) * load(out_gradient + i), products);
    }
    if (whole < count) {
        size_t rest = count - whole;
        v16 v = load_part(x + whole, rest, 0);
        v16 pulled = load_part(weight + whole, rest, 0) * load_part(out_gradient + whole, rest, 0);
        squares = fma16(v, v, squares);
        products = fma16(v, pulled, products);
    }
    float scale = 1.0f / sqrtf(total(squares) / (float)count + epsilon);
    float pull = scale * scale * (total(products) / (float)count);
    for (size_t i = 0; i < whole; i += LANES) {
        v16 v = load(x + i), g = load(out_gradient + i);
        v16 change = (load(weight + i) * g - v * spread(pull)) * spread(scale);
        store(weight_gradient + i, load(weight_gradient + i) + g * (v * spread(scale)));
        store(gradient + i, accumulate ? load(gradient + i) + change : change);
    }
    for (size_t i = whole; i < count; i++) {
        float g = out_gradient[i], change = (weight[i] * g - x[i] * pull) * scale;
        weight_gradient[i] += g * (x[i] * scale);
        gradient[i] = accumulate ? gradient[i] + change : change;
    }
}

INLINE void silu_backward(v16 g, v16 u, v16 y, v16* gate_gradient, v16* up_gradient) {
    v16 slope = spread(1) / (spread(1) + exponential(-g));
    *gate_gradient = y * u * (slope * (spread(1) + g * (spread(1) - slope)));
    *up_gradient = y * (g * slope);
}

static void silu_multiply_backward(const float* gate, const float* up, const float* out_gradient,
                                   size_t count, float* gate_gradient, float* up_gradient) {
    size_t i = 0;
    v16 a, b;
    for (; i + LANES <= count; i += LANES) {
        silu_backward(load(gate + i), load(up + i), load(out_gradient + i), &a, &b);
        store(gate_gradient + i, a);
        store(up_gradient + i, b);
    }
    if (i < count) {
        size_t rest = count - i;
        silu_backward(load_part(gate + i, rest, 0), load_part(up + i, rest, 0),
                      load_part(out_gradient + i, rest, 0), &a, &b);
        memcpy(gate_gradient + i, &a, rest * sizeof(float));
        memcpy(up_gradient + i, &b, rest * sizeof(float));
    }
}

static void exp_moments(const float* x, size_t count, float largest, float* sum, float* moment) {
    v16 sums = spread(0), moments = spread(0);
    for (size_t i = 0; i < count; i += LANES) {
        bool whole = i + LANES <= count;
        v16 v = (whole ? load(x + i) : load_part(x + i, count - i, 0)) - spread(largest);
        v16 e = exponential(v);
        // 0 times minus infinity would be NaN
        v = choose(v < spread(EXP_LOWEST), spread(EXP_LOWEST), v);
        if (!whole) {
            // the rest of the lanes must add zero whatever `largest` is
            float values[2 * LANES] = {0};
            memcpy(values, &e, (count - i) * sizeof(float));
            memcpy(values + LANES, &v, (count - i) * sizeof(float));
            e = load(values);
            v = load(values + LANES);
        }
        sums = sums + e;
        moments = fma16(e, v, moments);
    }
    *sum = total(sums);
    *moment = total(moments);
}

static void softmax_gradient(float* x, size_t count, size_t target, float log_sum, float weight) {
    v16 aimed = exponential(spread(x[target] - log_sum)) - spread(1);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        store(x + i, exponential(load(x + i) - spread(log_sum)) * spread(weight));
    }
    if (i < count) {
        v16 part = exponential(load_part(x + i, count - i, 0) - spread(log_sum)) * spread(weight);
        memcpy(x + i, &part, (count - i) * sizeof(float));
    }
    x[target] = aimed[0] * weight;
}

static double sum_of_squares(const float* x, size_t count) {
    typedef double d16 __attribute__((vector_size(128)));
    d16 sum = {0};
    for (size_t i = 0; i < count; i += LANES) {
        v16 v = i + LANES <= count ? load(x + i) : load_part(x + i, count - i, 0);
        d16 wide = __builtin_convertvector(v, d16);
        sum = sum + wide * wide;
    }
    double lane[LANES];
    memcpy(lane, &sum, sizeof lane);
    return wide_total(lane);
}
