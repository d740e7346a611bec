// Every operation of ckernels.h on seeded random shapes, in each instruction set that this
// processor has, against the plain twin: equal bits or a named failure. Made for AArch64 under
// emulation, where the Swift tests do not run; it runs anywhere.
#include "ckernels.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static int32_t isa;
static size_t checks, failures;

static uint32_t bits(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

// A number in [least, most].
static size_t number(size_t least, size_t most) {
    return least + bits() % (most - least + 1);
}

static float value(void) {
    return (float)(int32_t)(bits() % 4001) * 0.001f - 2.0f;
}

static void* space(size_t bytes) {
    void* p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    if (!p) {
        abort();
    }
    memset(p, 0, (bytes + 127) / 64 * 64);
    return p;
}

static float* floats(size_t count) {
    float* x = space(count * sizeof *x);
    for (size_t i = 0; i < count; i++) {
        x[i] = value();
    }
    return x;
}

static void* copy(const void* source, size_t bytes) {
    return memcpy(space(bytes), source, bytes);
}

static void same(const char* name, const void* plain, const void* fast, size_t bytes) {
    checks++;
    if (memcmp(plain, fast, bytes) != 0) {
        failures++;
        fprintf(stderr, "isa %d: %s differs from the plain twin\n", isa, name);
    }
}

// Where blocks of a type keep their f16 scales; -1 ends the list.
static const int scales[CK_TYPE_COUNT][3] = {
    [CK_Q8_0] = {0, -1},      [CK_Q4_0] = {0, -1},     [CK_Q4_1] = {0, 2, -1},
    [CK_Q5_0] = {0, -1},      [CK_Q5_1] = {0, 2, -1},  [CK_Q2_K] = {80, 82, -1},
    [CK_Q3_K] = {108, -1},    [CK_Q4_K] = {0, 2, -1},  [CK_Q5_K] = {0, 2, -1},
    [CK_Q6_K] = {208, -1},
};

// `count` elements of a type, of ordinary size.
static uint8_t* weights(int32_t type, size_t count) {
    size_t blocks = count / ck_block_elements(type), bytes = ck_block_bytes(type);
    uint8_t* w = space(blocks * bytes);
    if (type <= CK_BF16) {
        float* x = floats(count);
        ck_quantize(CK_ISA_REF, type, x, count, w);
        free(x);
        return w;
    }
    for (size_t i = 0; i < blocks; i++) {
        for (size_t b = 0; b < bytes; b++) {
            w[i * bytes + b] = (uint8_t)bits();
        }
        for (const int* at = scales[type]; *at >= 0; at++) {
            uint16_t half = (uint16_t)(0x1c00 + bits() % 0x800); // 2^-8 to 2^-6
            memcpy(w + i * bytes + *at, &half, 2);
        }
    }
    return w;
}

// Declares two copies of an output and runs the call once for each; `out` and `set` name them.
#define BOTH(name, start, bytes, call)                                                             \
    do {                                                                                           \
        void* plain_ = copy(start, bytes);                                                         \
        void* fast_ = copy(start, bytes);                                                          \
        for (int turn_ = 0; turn_ < 2; turn_++) {                                                  \
            int32_t set = turn_ ? isa : CK_ISA_REF;                                                \
            float* out = turn_ ? fast_ : plain_;                                                   \
            call;                                                                                  \
            (void)set, (void)out;                                                                  \
        }                                                                                          \
        same(name, plain_, fast_, bytes);                                                          \
        free(plain_), free(fast_);                                                                 \
    } while (0)

static void conversions(void) {
    for (int32_t type = 0; type < CK_TYPE_COUNT; type++) {
        size_t count = ck_block_elements(type) * number(1, type <= CK_BF16 ? 200 : 5);
        uint8_t* w = weights(type, count);
        float* start = floats(count);
        BOTH("dequantize", start, count * 4, ck_dequantize(set, type, w, count, out));
        BOTH("first_non_finite", start, sizeof(size_t),
             *(size_t*)(void*)out = ck_first_non_finite(set, type, w, count));
        if (type <= CK_Q8_0) {
            BOTH("quantize", start, count * 4, ck_quantize(set, type, start, count, out));
        }
        free(w), free(start);
    }
}

static void products(void) {
    for (int32_t type = 0; type < CK_TYPE_COUNT; type++) {
        size_t k = ck_block_elements(type) * number(1, type <= CK_BF16 ? 900 : 4);
        size_t rows = number(1, 40), tokens = number(1, 20);
        uint8_t* w = weights(type, rows * k);
        float *x = floats(tokens * k), *bias = floats(rows), *start = floats(tokens * rows);
        ck_matmul_args a = {.x = x, .x_stride = k, .tokens = tokens, .k = k, .w = w,
                            .row_bytes = k / ck_block_elements(type) * ck_block_bytes(type),
                            .row_begin = rows > 2, .row_end = rows, .bias = bits() % 2 ? bias : 0,
                            .out_stride = rows, .scratch_floats = ck_matmul_scratch(k),
                            .type = type, .accumulate = bits() % 2};
        a.scratch = space(a.scratch_floats * 4);
        BOTH("matmul", start, tokens * rows * 4, (a.out = out, ck_matmul(set, &a)));
        free(w), free(x), free(bias), free(start), free(a.scratch);
    }
}

static void packed_products(void) {
    for (int32_t format = 0; format <= CK_PACKED_BF16_DOT; format++) {
        bool integers = format <= CK_PACKED_INT4_CENTRED, words = format == CK_PACKED_BF16_DOT;
        size_t k = integers ? 32 * number(1, 12) : 2 * number(1, 150);
        k += format == CK_PACKED_F32 || format == CK_PACKED_F16 ? number(0, 1) : 0;
        size_t rows = number(1, 60), panels = (rows + 15) / 16, tokens = number(1, 20);
        size_t bytes = ck_packed_panel_bytes(format, k);
        float *w = floats(rows * k), *x = floats(tokens * k), *bias = floats(rows);
        float *start = floats(tokens * rows), *scratch = floats(16 * k);
        uint8_t* packed = space(panels * bytes);
        for (size_t p = 0; p < panels; p++) {
            size_t some = rows - 16 * p < 16 ? rows - 16 * p : 16;
            BOTH("pack", packed, bytes,
                 ck_pack(set, format, CK_F32, w + 16 * p * k, some, k, scratch, out));
            ck_pack(CK_ISA_REF, format, CK_F32, w + 16 * p * k, some, k, scratch,
                    packed + p * bytes);
        }
        ck_input_group* inputs = space(tokens * k * 2 + 64);
        if (integers) {
            BOTH("quantize_input", inputs, tokens * k / 32 * sizeof *inputs,
                 ck_quantize_input(set, x, tokens * k, (ck_input_group*)(void*)out));
            ck_quantize_input(CK_ISA_REF, x, tokens * k, inputs);
        }
        if (words) {
            ck_quantize(CK_ISA_REF, CK_BF16, x, tokens * k, inputs);
        }
        ck_packed_matmul_args a = {.x = x, .x_stride = k, .inputs = inputs, .tokens = tokens,
                                   .k = k, .w = packed, .panel_bytes = bytes,
                                   .panel_end = panels, .rows = rows,
                                   .bias = bits() % 2 ? bias : 0, .out_stride = rows,
                                   .format = format, .accumulate = bits() % 2};
        BOTH("packed_matmul", start, tokens * rows * 4, (a.out = out, ck_packed_matmul(set, &a)));
        free(w), free(x), free(bias), free(start), free(scratch), free(packed), free(inputs);
    }
}

static void rows(void) {
    size_t count = number(1, 700), pairs = number(1, 40), dim = 2 * pairs + number(0, 3);
    float *x = floats(count), *y = floats(count), *z = floats(2 * count);
    float *cosine = floats(pairs), *sine = floats(pairs), *heads = floats(3 * dim);
    size_t bytes = count * 4;
    BOTH("rms_norm", x, bytes, ck_rms_norm(set, x, y, count, 1e-5f, out));
    BOTH("rms_norm_backward", z, 2 * bytes,
         ck_rms_norm_backward(set, x, y, z, count, 1e-5f, count % 2, out, out + count));
    BOTH("rope", heads, 3 * dim * 4, ck_rope(set, out, 3, dim, cosine, sine, pairs, count % 2));
    BOTH("silu_multiply", x, bytes, ck_silu_multiply(set, x, y, count, out));
    BOTH("silu_multiply_backward", z, 2 * bytes,
         ck_silu_multiply_backward(set, x, y, z, count, out, out + count));
    BOTH("add", x, bytes, ck_add(set, out, y, count));
    for (size_t i = 0; i < count; i++) {
        z[i] = x[i] * 60;
    }
    BOTH("exp", x, bytes, ck_exp(set, z, count, out));
    BOTH("max", x, 4, *out = ck_max(set, x, count));
    BOTH("argmax", z, 8, *(size_t*)(void*)out = ck_argmax(set, x, count));
    BOTH("sum_exp", x, 4, *out = ck_sum_exp(set, x, count, 2));
    BOTH("exp_moments", z, 8, ck_exp_moments(set, x, count, 2, out, out + 1));
    BOTH("softmax_gradient", x, bytes,
         ck_softmax_gradient(set, out, count, count / 2, 3.5f, 0.25f));
    BOTH("sum_of_squares", z, 8, *(double*)(void*)out = ck_sum_of_squares(set, x, count));
    BOTH("scale", x, bytes, ck_scale(set, out, 0.7f, count));
    BOTH("blend", x, bytes, ck_blend(set, out, y, 0.3f, count));
    float* moments = floats(3 * count);
    for (size_t i = 2 * count; i < 3 * count; i++) {
        moments[i] = fabsf(moments[i]);
    }
    BOTH("adam_step", moments, 3 * bytes,
         ck_adam_step(set, &(ck_adam_args){.parameters = out, .gradients = y,
                                           .first_moments = out + count,
                                           .second_moments = out + 2 * count, .count = count,
                                           .gradient_scale = 0.5f, .kept = 0.999f, .share1 = 0.1f,
                                           .beta2 = 0.95f, .share2 = 0.05f, .correction = 0.3f,
                                           .epsilon = 1e-8f, .step_size = 0.01f}));
    free(x), free(y), free(z), free(cosine), free(sine), free(heads), free(moments);
}

static void general_products(void) {
    size_t m = number(1, 60), n = number(1, 60), k = number(1, 300);
    bool a_down = bits() % 2, b_down = bits() % 2;
    float *a = floats(m * k), *b = floats(k * n), *start = floats(m * n);
    ck_gemm_args g = {.a = a, .a_row = a_down ? 1 : k, .a_column = a_down ? m : 1,
                      .b = b, .b_row = b_down ? 1 : n, .b_column = b_down ? k : 1,
                      .c_stride = n, .row_end = m, .column_end = n, .k = k,
                      .accumulate = bits() % 2, .scratch = space(ck_gemm_scratch() * 4)};
    BOTH("gemm", start, m * n * 4, (g.c = out, ck_gemm(set, &g)));
    free(a), free(b), free(start), free(g.scratch);
}

static void attention(int32_t type) {
    static const size_t dims[] = {8, 16, 20, 64, 80, 128}, sizes[] = {1, 3, 16, 32};
    size_t dim = dims[number(0, 5)], size = sizes[number(0, 3)], group = number(1, 6);
    size_t keys = number(1, 90), tokens = number(1, keys < 8 ? keys : 8);
    size_t pages = (keys + size - 1) / size, half = ck_cached_bytes(type, size, dim);
    uint8_t* memory = space(pages * 2 * half);
    int32_t* table = space(pages * sizeof *table);
    for (size_t p = 0; p < pages; p++) {
        table[p] = (int32_t)(pages - 1 - p);
    }
    float *k = floats(keys * dim), *v = floats(keys * dim);
    BOTH("write_key, write_value", memory, pages * 2 * half,
         for (size_t i = 0; i < keys; i++) {
             uint8_t* page = (uint8_t*)out + (size_t)table[i / size] * 2 * half;
             ck_write_key(set, type, k + i * dim, dim, page, size, i % size);
             ck_write_value(set, type, v + i * dim, dim, page, size, i % size);
         });
    for (size_t i = 0; i < keys; i++) {
        uint8_t* page = memory + (size_t)table[i / size] * 2 * half;
        ck_write_key(CK_ISA_REF, type, k + i * dim, dim, page, size, i % size);
        ck_write_value(CK_ISA_REF, type, v + i * dim, dim, page, size, i % size);
    }
    size_t width = group * dim;
    float *q = floats(tokens * width), *start = floats(tokens * width);
    ck_attention_args a = {.q = q, .q_stride = width, .out_stride = width, .tokens = tokens,
                           .group = group, .head_dim = dim, .position = keys - tokens,
                           .window = bits() % 2 ? number(1, 40) : 0, .pages = memory,
                           .page_bytes = 2 * half, .page_size = size, .table = table,
                           .scratch = space(4 * ck_attention_scratch(tokens, group, dim, keys)),
                           .scale = 0.125f, .type = type};
    BOTH("attention", start, tokens * width * 4, (a.out = out, ck_attention(set, &a)));
    free(memory), free(table), free(k), free(v), free(q), free(start), free(a.scratch);
}

static void packed_attention(void) {
    size_t count = number(1, 70), group = number(1, 4), dim = 8 * number(1, 10);
    size_t stride = (group + 2) * dim, width = group * dim;
    float *x = floats(count * stride), *slope = floats(count * width);
    // a result: out, log sums, the gradient of x
    size_t sums = count * width, gradient = sums + count * group, all = gradient + count * stride;
    float* start = floats(all);
    ck_packed_attention_args a = {
        .queries = x, .keys = x + width, .values = x + width + dim, .stride = stride,
        .out_stride = width, .log_sum_stride = group, .count = count, .group = group,
        .head_dim = dim, .window = bits() % 2 ? number(1, 30) : 0, .scale = 0.2f,
        .out_gradient = slope,
        .scratch = space(4 * ck_packed_attention_scratch(count, dim))};
    BOTH("packed_attention and its gradient", start, all * 4,
         (a.out = out, a.log_sums = out + sums, a.query_gradient = out + gradient,
          a.key_gradient = out + gradient + width, a.value_gradient = out + gradient + width + dim,
          ck_packed_attention(set, &a), ck_packed_attention_backward(set, &a)));
    free(x), free(slope), free(start), free(a.scratch);
}

int main(int count, char** names) {
    const size_t rounds = count > 1 ? strtoul(names[1], NULL, 10) : 10;
    size_t sets = 0;
    for (isa = CK_ISA_REF + 1; isa < CK_ISA_COUNT; isa++) {
        if (!ck_isa_supported(isa)) {
            continue;
        }
        sets++;
        for (size_t round = 0; round < rounds; round++) {
            state = round * 1000003 + 17;
            conversions(), products(), packed_products(), rows(), general_products();
            attention(CK_F32), attention(CK_F16), attention(CK_BF16), attention(CK_Q8_0);
            packed_attention();
        }
    }
    printf("%zu instruction sets, %zu comparisons, %zu differ\n", sets, checks, failures);
    return failures > 0 || sets == 0;
}
