// The plain twins of gradients.h. Part of ref.c.

static void rms_norm_backward(const float* x, const float* weight, const float* out_gradient,
                              size_t count, float epsilon, bool accumulate, float* gradient,
                              float* weight_gradient) {
    lanes products = {{0}};
    for (size_t i = 0; i < count; i++) {
        float* lane = &products.lane[i % LANES];
        *lane = fmaf(x[i], weight[i] * out_gradient[i], *lane);
    }
    float scale = 1.0f / sqrtf(dot(x, x, count) / (float)count + epsilon);
    float pull = scale * scale * (lanes_total(products) / (float)count);
    for (size_t i = 0; i < count; i++) {
        float g = out_gradient[i], change = (weight[i] * g - x[i] * pull) * scale;
        weight_gradient[i] += g * (x[i] * scale);
        gradient[i] = accumulate ? gradient[i] + change : change;
    }
}

static void silu_multiply_backward(const float* gate, const float* up, const float* out_gradient,
                                   size_t count, float* gate_gradient, float* up_gradient) {
    for (size_t i = 0; i < count; i++) {
        float g = gate[i], u = up[i], y = out_gradient[i];
        float slope = 1.0f / (1.0f + exponential(-g));
        gate_gradient[i] = y * u * (slope * (1.0f + g * (1.0f - slope)));
        up_gradient[i] = y * (g * slope);
    }
}

static void exp_moments(const float* x, size_t count, float largest, float* sum, float* moment) {
    lanes sums = {{0}}, moments = {{0}};
    for (size_t i = 0; i < count; i++) {
        float v = x[i] - largest, e = exponential(v);
        v = v < EXP_LOWEST ? EXP_LOWEST : v;
        sums.lane[i % LANES] += e;
        moments.lane[i % LANES] = fmaf(e, v, moments.lane[i % LANES]);
    }
    *sum = lanes_total(sums);
    *moment = lanes_total(moments);
}

static void softmax_gradient(float* x, size_t count, size_t target, float log_sum, float weight) {
    float aimed = exponential(x[target] - log_sum) - 1.0f;
    for (size_t i = 0; i < count; i++) {
        x[i] = exponential(x[i] - log_sum) * weight;
    }
    x[target] = aimed * weight;
}

static double sum_of_squares(const float* x, size_t count) {
    double lane[LANES] = {0};
    for (size_t i = 0; i < count; i++) {
        lane[i % LANES] += (double)x[i] * (double)x[i];
    }
    return wide_total(lane);
}
