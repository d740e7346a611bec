// Loops without sums, left to the compiler: it may use any width, since each element is computed
// by itself. Part of ref.c and of version.h.

static void scale(float* x, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) {
        x[i] *= factor;
    }
}

static void blend(float* restrict x, const float* restrict y, float share, size_t count) {
    for (size_t i = 0; i < count; i++) {
        x[i] += share * (y[i] - x[i]);
    }
}

static void adam_step(const ck_adam_args* a) {
    float* restrict x = a->parameters;
    const float* restrict gradients = a->gradients;
    float *restrict first = a->first_moments, *restrict second = a->second_moments;
    float kept = a->kept, gradient_scale = a->gradient_scale, share1 = a->share1;
    float beta2 = a->beta2, share2 = a->share2, correction = a->correction;
    float epsilon = a->epsilon, step_size = a->step_size;
    for (size_t i = 0; i < a->count; i++) {
        float g = gradients[i] * gradient_scale;
        float m = first[i] + share1 * (g - first[i]);
        float v = second[i] * beta2 + share2 * g * g;
        first[i] = m;
        second[i] = v;
        x[i] = x[i] * kept - step_size * m / (sqrtf(v) / correction + epsilon);
    }
}

// Sixteen sums in f64, added as `total` adds those in f32.
static double wide_total(double* lane) {
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) {
            lane[i] += lane[i + width];
        }
    }
    return lane[0];
}
