// The plain twin of every operation: what the fast versions must equal, bit for bit.
#include "cached.h"
#include "operations.h"
#include "packed.h"
#include <math.h>

// -- sums --------------------------------------------------------------------------------------

typedef struct {
    float lane[LANES];
} lanes;

static float lanes_total(lanes sum) {
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++) {
            sum.lane[i] += sum.lane[i + width];
        }
    }
    return sum.lane[0];
}

static float dot(const float* a, const float* b, size_t count) {
    lanes sum = {{0}};
    size_t padded = whole_lanes(count);
    for (size_t k = 0; k < padded; k++) {
        float left = k < count ? a[k] : 0, right = k < count ? b[k] : 0;
        sum.lane[k % LANES] = fmaf(left, right, sum.lane[k % LANES]);
    }
    return lanes_total(sum);
}

static float exponential(float x) {
    x = x < EXP_LOWEST ? EXP_LOWEST : x;
    x = x > EXP_HIGHEST ? EXP_HIGHEST : x;
    float shifted = fmaf(x, EXP_LOG2E, EXP_ROUNDING);
    float n = shifted - EXP_ROUNDING;
    float r = fmaf(n, -EXP_LN2_HIGH, x);
    r = fmaf(n, -EXP_LN2_LOW, r);
    float p = EXP_C7;
    p = fmaf(p, r, EXP_C6);
    p = fmaf(p, r, EXP_C5);
    p = fmaf(p, r, EXP_C4);
    p = fmaf(p, r, EXP_C3);
    p = fmaf(p, r, 0.5f);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    // 2^n in two factors, because 2^128 and 2^-150 are no normal numbers
    int32_t exponent = (int32_t)(bits_of(shifted) - bits_of(EXP_ROUNDING));
    int32_t first = exponent >> 1;
    int32_t second = (int32_t)((uint32_t)exponent - (uint32_t)first);
    return p * float_of((uint32_t)(first + 127) << 23) * float_of((uint32_t)(second + 127) << 23);
}

// -- element types -----------------------------------------------------------------------------

static void dequantize_block(int32_t type, const uint8_t* b, float* out) {
    switch (type) {
    case CK_Q8_0: {
        float d = f16_to_f32(load_u16(b));
        for (int i = 0; i < 32; i++) {
            out[i] = d * (float)(int8_t)b[2 + i];
        }
        break;
    }
    case CK_Q4_0: {
        float d = f16_to_f32(load_u16(b));
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)((b[2 + i] & 15) - 8);
            out[i + 16] = d * (float)((b[2 + i] >> 4) - 8);
        }
        break;
    }
    case CK_Q4_1: {
        float d = f16_to_f32(load_u16(b)), m = f16_to_f32(load_u16(b + 2));
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)(b[4 + i] & 15) + m;
            out[i + 16] = d * (float)(b[4 + i] >> 4) + m;
        }
        break;
    }
    case CK_Q5_0: {
        float d = f16_to_f32(load_u16(b));
        for (int i = 0; i < 32; i++) {
            int high = b[2 + i / 8] >> (i % 8) & 1;
            int low = i < 16 ? b[6 + i] & 15 : b[6 + i - 16] >> 4;
            out[i] = d * (float)((low | high << 4) - 16);
        }
        break;
    }
    case CK_Q5_1: {
        float d = f16_to_f32(load_u16(b)), m = f16_to_f32(load_u16(b + 2));
        for (int i = 0; i < 32; i++) {
            int high = b[4 + i / 8] >> (i % 8) & 1;
            int low = i < 16 ? b[8 + i] & 15 : b[8 + i - 16] >> 4;
            out[i] = d * (float)(low | high << 4) + m;
        }
        break;
    }
    case CK_Q2_K: {
        float d = f16_to_f32(load_u16(b + 80)), dmin = f16_to_f32(load_u16(b + 82));
        for (int i = 0; i < 256; i++) {
            // 128 elements share 32 bytes, 2 bits each
            int quant = b[16 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
            int scale = b[i / 16];
            out[i] = d * (float)(scale & 15) * (float)quant - dmin * (float)(scale >> 4);
        }
        break;
    }
    case CK_Q3_K: {
        float d = f16_to_f32(load_u16(b + 108));
        uint8_t scales[16];
        k3_scales(b + 96, scales);
        for (int i = 0; i < 256; i++) {
            int low = b[32 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
            int high = b[i % 32] >> (i / 32) & 1;
            out[i] = d * (float)(scales[i / 16] - 32) * (float)((low | high << 2) - 4);
        }
        break;
    }
    case CK_Q4_K:
    case CK_Q5_K: {
        float d = f16_to_f32(load_u16(b)), dmin = f16_to_f32(load_u16(b + 2));
        uint8_t scales[16], *minima = scales + 8;
        k4_scales(b + 4, scales);
        const uint8_t* nibbles = b + (type == CK_Q4_K ? 16 : 48);
        for (int i = 0; i < 256; i++) {
            uint8_t byte = nibbles[i / 64 * 32 + i % 32];
            int quant = i % 64 < 32 ? byte & 15 : byte >> 4;
            if (type == CK_Q5_K) {
                quant |= (b[16 + i % 32] >> (i / 32) & 1) << 4;
            }
            out[i] = d * (float)scales[i / 32] * (float)quant - dmin * (float)minima[i / 32];
        }
        break;
    }
    case CK_Q6_K: {
        float d = f16_to_f32(load_u16(b + 208));
        for (int i = 0; i < 256; i++) {
            // 128 elements share 64 bytes of low halves and 32 bytes of high pairs
            uint8_t byte = b[i / 128 * 64 + i % 64];
            int low = i % 128 < 64 ? byte & 15 : byte >> 4;
            int high = b[128 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
            int8_t scale = (int8_t)b[192 + i / 16];
            out[i] = d * (float)scale * (float)((low | high << 4) - 32);
        }
        break;
    }
    default:
        break;
    }
}

void ck_dequantize_ref(int32_t type, const void* source, size_t count, float* out) {
    const uint8_t* bytes = source;
    switch (type) {
    case CK_F32:
        memcpy(out, source, count * sizeof(float));
        return;
    case CK_F16:
        for (size_t i = 0; i < count; i++) {
            out[i] = f16_to_f32(load_u16(bytes + 2 * i));
        }
        return;
    case CK_BF16:
        for (size_t i = 0; i < count; i++) {
            out[i] = bf16_to_f32(load_u16(bytes + 2 * i));
        }
        return;
    default: {
        size_t elements = ck_block_elements(type), size = ck_block_bytes(type);
        for (size_t block = 0; block < count / elements; block++) {
            dequantize_block(type, bytes + block * size, out + block * elements);
        }
    }
    }
}

void ck_quantize_ref(int32_t type, const float* source, size_t count, void* out) {
    uint8_t* bytes = out;
    switch (type) {
    case CK_F32:
        memcpy(out, source, count * sizeof(float));
        break;
    case CK_F16:
    case CK_BF16:
        for (size_t i = 0; i < count; i++) {
            uint16_t half = type == CK_F16 ? f32_to_f16(source[i]) : f32_to_bf16(source[i]);
            memcpy(bytes + 2 * i, &half, 2);
        }
        break;
    case CK_Q8_0:
        for (size_t block = 0; block < count / 32; block++) {
            const float* x = source + block * 32;
            uint8_t* b = bytes + block * Q8_0_BYTES;
            float largest = 0;
            for (int i = 0; i < 32; i++) {
                largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
            }
            float scale = largest / 127.0f;
            float inverse = scale > 0 ? 1.0f / scale : 0.0f;
            uint16_t half = f32_to_f16(scale);
            memcpy(b, &half, 2);
            for (int i = 0; i < 32; i++) {
                float quant = rintf(x[i] * inverse);
                quant = quant < 127.0f ? quant : 127.0f;
                quant = quant > -127.0f ? quant : -127.0f;
                b[2 + i] = (uint8_t)(int8_t)quant;
            }
        }
        break;
    default:
        break;
    }
}

// Where a block keeps its f16 scales; every product of finite ones is finite in f32, and an
// infinite one spoils every element of its block, also those whose quant is 0.
static bool has_bad_scale(int32_t type, const uint8_t* block) {
    static const uint8_t offsets[CK_TYPE_COUNT][2] = {
        [CK_Q8_0] = {0, 0}, [CK_Q4_0] = {0, 0},     [CK_Q4_1] = {0, 2},     [CK_Q5_0] = {0, 0},
        [CK_Q5_1] = {0, 2}, [CK_Q2_K] = {80, 82},   [CK_Q3_K] = {108, 108}, [CK_Q4_K] = {0, 2},
        [CK_Q5_K] = {0, 2}, [CK_Q6_K] = {208, 208},
    };
    return (load_u16(block + offsets[type][0]) & 0x7c00) == 0x7c00 ||
           (load_u16(block + offsets[type][1]) & 0x7c00) == 0x7c00;
}

size_t ck_first_non_finite_ref(int32_t type, const void* source, size_t count) {
    const uint8_t* bytes = source;
    size_t elements = ck_block_elements(type), size = ck_block_bytes(type);
    for (size_t first = 0; first + elements <= count; first += elements, bytes += size) {
        bool bad;
        if (type > CK_BF16) {
            bad = has_bad_scale(type, bytes);
        } else {
            // bf16 and f32 share sign, exponent and the top of the mantissa
            uint16_t top = load_u16(bytes + size - 2), mask = type == CK_F16 ? 0x7c00 : 0x7f80;
            bad = (top & mask) == mask;
        }
        if (bad) {
            return first;
        }
    }
    return count;
}

// -- operations --------------------------------------------------------------------------------

static void matmul(const ck_matmul_args* a) {
    for (size_t row = a->row_begin; row < a->row_end; row++) {
        const float* w = a->scratch;
        ck_dequantize_ref(a->type, (const uint8_t*)a->w + row * a->row_bytes, a->k, a->scratch);
        for (size_t token = 0; token < a->tokens; token++) {
            float sum = dot(a->x + token * a->x_stride, w, a->k);
            if (a->bias) {
                sum += a->bias[row];
            }
            float* out = a->out + token * a->out_stride + row;
            *out = a->accumulate ? *out + sum : sum;
        }
    }
}

static void rms_norm(const float* x, const float* weight, size_t count, float epsilon, float* out) {
    float scale = 1.0f / sqrtf(dot(x, x, count) / (float)count + epsilon);
    for (size_t i = 0; i < count; i++) {
        out[i] = x[i] * scale * weight[i];
    }
}

static void rope(float* x, size_t heads, size_t head_dim, const float* cosine, const float* sine,
                 size_t pairs, bool interleaved) {
    for (size_t head = 0; head < heads; head++, x += head_dim) {
        for (size_t i = 0; i < pairs; i++) {
            float* first = interleaved ? x + 2 * i : x + i;
            float* second = interleaved ? first + 1 : first + pairs;
            float a = *first, b = *second;
            *first = a * cosine[i] - b * sine[i];
            *second = b * cosine[i] + a * sine[i];
        }
    }
}

static void silu_multiply(const float* gate, const float* up, size_t count, float* out) {
    for (size_t i = 0; i < count; i++) {
        out[i] = gate[i] / (1.0f + exponential(-gate[i])) * up[i];
    }
}

static void add(float* x, const float* y, size_t count) {
    for (size_t i = 0; i < count; i++) {
        x[i] += y[i];
    }
}

static void exp_all(const float* x, size_t count, float* out) {
    for (size_t i = 0; i < count; i++) {
        out[i] = exponential(x[i]);
    }
}

static float max(const float* x, size_t count) {
    float largest = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        largest = x[i] > largest ? x[i] : largest;
    }
    return largest + 0.0f;
}

static size_t argmax(const float* x, size_t count) {
    size_t best = 0;
    float largest = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (x[i] > largest) {
            largest = x[i];
            best = i;
        }
    }
    return best;
}

static float sum_exp(const float* x, size_t count, float largest) {
    lanes sum = {{0}};
    for (size_t i = 0; i < count; i++) {
        sum.lane[i % LANES] += exponential(x[i] - largest);
    }
    return lanes_total(sum);
}

// clang-format off
#include "elements.h"
#include "ref_attention.h"
#include "ref_gradients.h"
#include "ref_packed.h"
#include "ref_training.h"
// clang-format on

const ck_operations ck_operations_ref = {
    .dequantize = ck_dequantize_ref,
    .quantize = ck_quantize_ref,
    .first_non_finite = ck_first_non_finite_ref,
    .matmul = matmul,
    .packed_matmul = packed_matmul,
    .panel_matmul = panel_matmul,
    .quantize_input = quantize_input,
    .rms_norm = rms_norm,
    .rope = rope,
    .silu_multiply = silu_multiply,
    .add = add,
    .exp = exp_all,
    .max = max,
    .argmax = argmax,
    .sum_exp = sum_exp,
    .attention = attention,
    .rms_norm_backward = rms_norm_backward,
    .silu_multiply_backward = silu_multiply_backward,
    .exp_moments = exp_moments,
    .softmax_gradient = softmax_gradient,
    .sum_of_squares = sum_of_squares,
    .scale = scale,
    .blend = blend,
    .adam_step = adam_step,
    .gemm = gemm,
    .multiply_adds = multiply_adds,
    .packed_attention = packed_attention,
    .packed_attention_backward = packed_attention_backward,
};
