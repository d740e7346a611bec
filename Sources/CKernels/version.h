// Every operation over vectors of 16 lanes, compiled once per instruction set.
//
// The including file sets the target and defines
//
//     PART_LANES               lanes of one register
//     TILE_ROWS, TILE_TOKENS   accumulators that fit the registers, at most 4 by 6
//     FUSED_ROWS               rows that a product with one token walks side by side
//     SCORE_ROWS               queries whose products with 16 keys run side by side, at most 8
//     ATTENTION_SUMS           sums over values that run side by side, in vectors
//     OPERATIONS               the name of the table that is defined at the end
//     GEMM_ROWS, GEMM_VECTORS  accumulators of a general product's tile, 6 by 1 or 12 by 2
//     PACKED_TOKENS, PACKED_INT8_TOKENS, HAS_DOT4   see packed_matmul.h
//     PANEL_TOKENS, PANELS_BESIDE                   see panel_matmul.h
//     HAS_PERMUTE              whether `permute(table, index)` looks up 16 lanes in 16 floats
//     HAS_SCALE                whether `times_power(value, power)` multiplies by powers of two
#include "cached.h"
#include "operations.h"
#include "packed.h"
#include <math.h>

// each part uses those before it
// clang-format off
#include "lanes.h"
#include "decode.h"
#include "products.h"
#include "packed_matmul.h"
#include "packed_input.h"
#include "panel_matmul.h"
#include "rows.h"
#include "slots.h"
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
