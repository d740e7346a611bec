// Chooses the version of an operation; what runs where is decided here alone.
#include "cached.h"
#include "operations.h"
#include "packed.h"

size_t ck_block_elements(int32_t type) {
    if (type <= CK_BF16) {
        return 1;
    }
    return type <= CK_Q5_1 ? BLOCK_ELEMENTS : SUPER_ELEMENTS;
}

size_t ck_block_bytes(int32_t type) {
    static const uint8_t bytes[CK_TYPE_COUNT] = {
        4,          2,          2,          Q8_0_BYTES, Q4_0_BYTES, Q4_1_BYTES, Q5_0_BYTES,
        Q5_1_BYTES, Q2_K_BYTES, Q3_K_BYTES, Q4_K_BYTES, Q5_K_BYTES, Q6_K_BYTES,
    };
    return bytes[type];
}

static const ck_operations* operations(int32_t isa) {
    switch (isa) {
#if defined(__x86_64__)
    case CK_ISA_AVX2:
    case CK_ISA_AVX2_VNNI:
        return &ck_operations_avx2;
    case CK_ISA_AVX512:
    case CK_ISA_AVX512_VNNI:
    case CK_ISA_AVX512_BF16:
        return &ck_operations_avx512;
#elif defined(__aarch64__)
    case CK_ISA_NEON:
    case CK_ISA_NEON_DOT:
        return &ck_operations_neon;
#endif
    default:
        return &ck_operations_ref;
    }
}

void ck_dequantize(int32_t isa, int32_t type, const void* source, size_t count, float* out) {
    operations(isa)->dequantize(type, source, count, out);
}

void ck_quantize(int32_t isa, int32_t type, const float* source, size_t count, void* out) {
    operations(isa)->quantize(type, source, count, out);
}

size_t ck_first_non_finite(int32_t isa, int32_t type, const void* source, size_t count) {
    return operations(isa)->first_non_finite(type, source, count);
}

void ck_matmul(int32_t isa, const ck_matmul_args* args) {
    operations(isa)->matmul(args);
}

size_t ck_matmul_scratch(size_t k) {
    // so many rows that tokens are read seldom; else a panel that leaves room in a second cache of
    // 1 MiB
    size_t rows = LEAST_ROWS * whole_lanes(k), panel = 96 * 1024;
    return (rows > panel ? rows : panel) + SUM_FLOATS;
}

void ck_packed_matmul(int32_t isa, const ck_packed_matmul_args* args) {
    if (!packs_integers(args->format)) {
#if defined(__x86_64__)
        if (isa == CK_ISA_AVX512_BF16 && args->format == CK_PACKED_BF16_DOT) {
            ck_panel_matmul_avx512_bf16(args);
            return;
        }
#endif
        operations(isa)->panel_matmul(args);
        return;
    }
    switch (isa) {
#if defined(__x86_64__)
    case CK_ISA_AVX2_VNNI:
        ck_packed_matmul_avx2_vnni(args);
        break;
    case CK_ISA_AVX512_VNNI:
    case CK_ISA_AVX512_BF16:
        ck_packed_matmul_avx512_vnni(args);
        break;
#elif defined(__aarch64__)
    case CK_ISA_NEON_DOT:
        ck_packed_matmul_neon_dot(args);
        break;
#endif
    default:
        operations(isa)->packed_matmul(args);
    }
}

void ck_quantize_input(int32_t isa, const float* x, size_t count, ck_input_group* out) {
    operations(isa)->quantize_input(x, count, out);
}

void ck_rms_norm(int32_t isa, const float* x, const float* weight, size_t count, float epsilon,
                 float* out) {
    operations(isa)->rms_norm(x, weight, count, epsilon, out);
}

void ck_rope(int32_t isa, float* x, size_t heads, size_t head_dim, const float* cosine,
             const float* sine, size_t pairs, bool interleaved) {
    operations(isa)->rope(x, heads, head_dim, cosine, sine, pairs, interleaved);
}

void ck_silu_multiply(int32_t isa, const float* gate, const float* up, size_t count, float* out) {
    operations(isa)->silu_multiply(gate, up, count, out);
}

void ck_add(int32_t isa, float* x, const float* y, size_t count) {
    operations(isa)->add(x, y, count);
}

void ck_exp(int32_t isa, const float* x, size_t count, float* out) {
    operations(isa)->exp(x, count, out);
}

float ck_max(int32_t isa, const float* x, size_t count) {
    return operations(isa)->max(x, count);
}

size_t ck_argmax(int32_t isa, const float* x, size_t count) {
    return operations(isa)->argmax(x, count);
}

float ck_sum_exp(int32_t isa, const float* x, size_t count, float largest) {
    return operations(isa)->sum_exp(x, count, largest);
}

size_t ck_cached_bytes(int32_t type, size_t count, size_t head_dim) {
    return cached_bytes(type, count, head_dim);
}

// Rounds the groups of a key or value to q8_0 and writes their parts `stride` and `scale_stride`
// apart.
static void write_groups(int32_t isa, const float* x, size_t count, uint8_t* quants, size_t stride,
                         uint8_t* scales, size_t scale_stride) {
    for (size_t start = 0; start < count; start += CACHED_GROUP) {
        float group[CACHED_GROUP] = {0};
        uint8_t block[2 + CACHED_GROUP];
        const size_t some = count - start < CACHED_GROUP ? count - start : CACHED_GROUP;
        memcpy(group, x + start, some * sizeof(float));
        ck_quantize(isa, CK_Q8_0, group, CACHED_GROUP, block);
        memcpy(scales + start / CACHED_GROUP * 2 * scale_stride, block, 2);
        for (size_t d = 0; d < some; d++) {
            quants[(start + d) * stride] = block[2 + d];
        }
    }
}

void ck_write_key(int32_t isa, int32_t type, const float* key, size_t count, void* page,
                  size_t page_size, size_t slot) {
    enum { MOST = 64 };
    const size_t bytes = cached_element_bytes(type);
    uint8_t* place = (uint8_t*)page + slot * bytes;
    if (type == CK_Q8_0) {
        uint8_t* scales = (uint8_t*)page + page_size * count + 2 * slot;
        write_groups(isa, key, count, place, page_size, scales, page_size);
        return;
    }
    for (size_t start = 0; start < count; start += MOST) {
        uint8_t rounded[MOST * sizeof(float)];
        size_t some = count - start < MOST ? count - start : MOST;
        ck_quantize(isa, type, key + start, some, rounded);
        // sizes that the compiler knows, or every element is a call
        for (size_t d = 0; d < some; d++, place += page_size * bytes) {
            if (bytes == sizeof(float)) {
                memcpy(place, rounded + d * sizeof(float), sizeof(float));
            } else {
                memcpy(place, rounded + d * sizeof(uint16_t), sizeof(uint16_t));
            }
        }
    }
}

void ck_write_value(int32_t isa, int32_t type, const float* value, size_t count, void* page,
                    size_t page_size, size_t slot) {
    uint8_t* values = (uint8_t*)page + cached_bytes(type, page_size, count);
    uint8_t* place = values + slot * count * cached_element_bytes(type);
    if (type == CK_Q8_0) {
        uint8_t* scales = values + page_size * count + 2 * slot;
        write_groups(isa, value, count, place, 1, scales, page_size);
    } else {
        ck_quantize(isa, type, value, count, place);
    }
}

void ck_attention(int32_t isa, const ck_attention_args* args) {
    operations(isa)->attention(args);
}

size_t ck_attention_scratch(size_t tokens, size_t group, size_t head_dim, size_t keys) {
    // 64 keys or 16 values, the sums and the scores of every row
    size_t width = (keys + 2 * LANES) / LANES * LANES;
    size_t stride = whole_lanes(head_dim);
    return (4 * LANES + tokens * group) * (stride + 1) + tokens * group * width;
}

void ck_rms_norm_backward(int32_t isa, const float* x, const float* weight,
                          const float* out_gradient, size_t count, float epsilon, bool accumulate,
                          float* gradient, float* weight_gradient) {
    operations(isa)->rms_norm_backward(x, weight, out_gradient, count, epsilon, accumulate,
                                       gradient, weight_gradient);
}

void ck_silu_multiply_backward(int32_t isa, const float* gate, const float* up,
                               const float* out_gradient, size_t count, float* gate_gradient,
                               float* up_gradient) {
    operations(isa)->silu_multiply_backward(gate, up, out_gradient, count, gate_gradient,
                                            up_gradient);
}

void ck_exp_moments(int32_t isa, const float* x, size_t count, float max, float* sum,
                    float* moment) {
    operations(isa)->exp_moments(x, count, max, sum, moment);
}

void ck_softmax_gradient(int32_t isa, float* x, size_t count, size_t target, float log_sum,
                         float weight) {
    operations(isa)->softmax_gradient(x, count, target, log_sum, weight);
}

double ck_sum_of_squares(int32_t isa, const float* x, size_t count) {
    return operations(isa)->sum_of_squares(x, count);
}

void ck_scale(int32_t isa, float* x, float factor, size_t count) {
    operations(isa)->scale(x, factor, count);
}

void ck_blend(int32_t isa, float* x, const float* y, float share, size_t count) {
    operations(isa)->blend(x, y, share, count);
}

void ck_adam_step(int32_t isa, const ck_adam_args* args) {
    operations(isa)->adam_step(args);
}

void ck_gemm(int32_t isa, const ck_gemm_args* args) {
    operations(isa)->gemm(args);
}

size_t ck_multiply_adds(int32_t isa, size_t rounds, float* out) {
    return operations(isa)->multiply_adds(rounds, out);
}

size_t ck_gemm_scratch(void) {
    return GEMM_SCRATCH;
}

void ck_packed_attention(int32_t isa, const ck_packed_attention_args* args) {
    operations(isa)->packed_attention(args);
}

void ck_packed_attention_backward(int32_t isa, const ck_packed_attention_args* args) {
    operations(isa)->packed_attention_backward(args);
}

size_t ck_packed_attention_scratch(size_t count, size_t head_dim) {
    // keys and values transposed, scores and their slopes, what the products want
    size_t width = whole_lanes(count);
    return width * (2 * head_dim + 2 * PACKED_QUERIES) + GEMM_SCRATCH;
}
