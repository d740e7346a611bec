// Every operation over vectors of 16 lanes, compiled once per instruction set.
//
// The including file sets the target and defines
//
//     PART_LANES               lanes of one register
//     TILE_ROWS, TILE_TOKENS   accumulators that fit the registers, at most 4 by 6
//     FUSED_ROWS               rows that a product with one token walks side by side
//     ATTENTION_KEYS           keys whose products with a query run side by side, a part of 16
//     ATTENTION_ROWS, ATTENTION_VECTORS  sums over values that run side by side, at most 2 by 4
//     OPERATIONS               the name of the table that is defined at the end
//     GEMM_ROWS, GEMM_VECTORS  accumulators of a general product's tile, 6 by 1 or 12 by 2
//     HAS_PERMUTE              whether `permute(table, index)` looks up 16 lanes in 16 floats
#include "operations.h"
#include "scalars.h"
#include <math.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef uint32_t u16 __attribute__((vector_size(64)));
typedef uint8_t b16 __attribute__((vector_size(16)));
typedef int8_t s16 __attribute__((vector_size(16)));
typedef uint16_t w16 __attribute__((vector_size(32)));
typedef _Float16 h16 __attribute__((vector_size(32)));

// What one register holds of a v16: sums that fill the registers take their operands part by part.
typedef float vpart __attribute__((vector_size(PART_LANES * sizeof(float))));
enum { PARTS = LANES / PART_LANES };

// each part uses those before it
// clang-format off
#include "lanes.h"
#include "decode.h"
#include "products.h"
#include "rows.h"
#include "attention.h"
#include "elements.h"
#include "gradients.h"
#include "gemm.h"
#include "packed_attention.h"
// clang-format on

const ck_operations OPERATIONS = {
    .dequantize = dequantize,
    .quantize = quantize,
    .first_non_finite = first_non_finite,
    .matmul = matmul,
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
