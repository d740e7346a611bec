// The arithmetic of Laconic: pure functions over memory that the caller owns. Nothing here
// allocates, locks, starts a thread or knows what a model is.
//
// One order for every sum
// -----------------------
// A dot product of length K keeps 16 partial sums; element k belongs to lane k mod 16. Lanes start
// at +0 and are updated by one fused multiply-add per element, k ascending. A last group of fewer
// than 16 elements is filled up with zeros in both operands. The lanes are then added as a tree:
//
//     lane i += lane i+8 (i < 8)   lane i += lane i+4 (i < 4)   lane i += lane i+2   lane 0 += lane
//     1
//
// Sums of plain values (exponentials) use plain additions in the same lanes and tree. A lane
// vector is one AVX-512 register, two of AVX2, four of NEON or 16 scalars, so every instruction
// set returns the same bits, and no result depends on tiling, batch or threads.
//
// Products with packed weights have orders of their own, see ck_packed_matmul.
//
// Weights are read where they lie, in GGML's block formats, without any alignment. Each element is
// first turned into the f32 value that its format defines, rounded as GGML rounds it.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Instruction sets, the `isa` argument of every operation.
enum {
    CK_ISA_REF = 0,
    CK_ISA_AVX2 = 1,   // AVX2, FMA, F16C
    CK_ISA_AVX512 = 2, // AVX-512 F, BW, VL, DQ
    CK_ISA_NEON = 3,
    CK_ISA_AVX512_VNNI = 4, // CK_ISA_AVX512 and VNNI
    CK_ISA_NEON_DOT = 5,    // CK_ISA_NEON and the dot products of Armv8.2
    CK_ISA_AVX512_BF16 = 6, // CK_ISA_AVX512_VNNI and BF16
    CK_ISA_AVX2_VNNI = 7,   // CK_ISA_AVX2 and AVX-VNNI
    CK_ISA_COUNT = 8,
};

/// Element types, in the order of Swift's `ElementType.allCases`.
enum {
    CK_F32 = 0,
    CK_F16 = 1,
    CK_BF16 = 2,
    CK_Q8_0 = 3,
    CK_Q4_0 = 4,
    CK_Q4_1 = 5,
    CK_Q5_0 = 6,
    CK_Q5_1 = 7,
    CK_Q2_K = 8,
    CK_Q3_K = 9,
    CK_Q4_K = 10,
    CK_Q5_K = 11,
    CK_Q6_K = 12,
    CK_TYPE_COUNT = 13,
};

/// Whether this processor, under this operating system, runs `isa`.
bool ck_isa_supported(int32_t isa);

/// How many processors the thread may run on; 0 when the system does not tell.
size_t ck_affinity_count(void);

/// Names the calling thread, in at most 15 bytes.
void ck_name_thread(const char* name);

/// Elements and bytes of one block of `type`.
size_t ck_block_elements(int32_t type);
size_t ck_block_bytes(int32_t type);

/// A hint to the processor that the thread is spinning.
static inline void ck_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

/// Writes the f32 values of `count` elements, a multiple of the block's, to `out` `[count]`.
void ck_dequantize(int32_t isa, int32_t type, const void* source, size_t count, float* out);

/// Rounds `count` floats to `type` (f32, f16, bf16, q8_0), to nearest with ties to even.
///
/// q8_0 has scale = max|x| / 127 as f16 and quants round(x / unrounded scale).
void ck_quantize(int32_t isa, int32_t type, const float* source, size_t count, void* out);

/// The index of the first element that is NaN or infinite, or `count`.
///
/// In block formats an element counts as bad when a scale that makes it is.
size_t ck_first_non_finite(int32_t isa, int32_t type, const void* source, size_t count);

/// out[t][r] = (accumulate ? out[t][r] : 0) + bias[r] + dot(x[t], w[r]) for r in [row_begin,
/// row_end).
typedef struct {
    const float* x; // [tokens, k], rows x_stride floats apart
    size_t x_stride;
    size_t tokens;
    size_t k;      // a multiple of the block's elements
    const void* w; // [rows, k] of `type`, rows row_bytes apart
    size_t row_bytes;
    size_t row_begin;
    size_t row_end;
    const float* bias; // [rows] or null
    float* out;        // [tokens, rows], rows out_stride floats apart
    size_t out_stride;
    float* scratch; // scratch_floats floats, 64-byte aligned
    size_t scratch_floats;
    int32_t type;
    bool accumulate;
} ck_matmul_args;

void ck_matmul(int32_t isa, const ck_matmul_args* args);

/// Floats of scratch that `ck_matmul` wants for rows of `k` elements.
size_t ck_matmul_scratch(size_t k);

/// How packed weights lie in memory: panels of 16 rows, in each of them columns one after another,
/// in groups of 32 where they are integers and in pairs where they are bf16.
///
///     f32   values:f32[16]                                        of a column
///     f16   values:f16[16]
///     bf16  values:bf16[16][2]                                    of two columns
///     int8  quants[8][16][4]  scales:f16[16]                      8.5 bits a weight
///     int4  nibbles[4][16][4]  scales:f16[16]  minima:f16[16]     5 bits a weight
///     int4 centred  nibbles[4][16][4]  scales:f16[16]             4.5 bits a weight
///
/// Step s of int8 holds columns 4s to 4s+3 of each row, as scale * (quant - 128). Byte (p, row, i)
/// of int4 holds columns 8p+i (low) and 8p+4+i (high), as scale * quant + minimum, or centred as
/// scale * (quant - 8). Rows that are missing in the last panel are zeros, of weights.
enum {
    CK_PACKED_INT8 = 0,
    CK_PACKED_INT4 = 1,
    CK_PACKED_INT4_CENTRED = 2,
    CK_PACKED_F32 = 3,
    CK_PACKED_F16 = 4,
    CK_PACKED_BF16 = 5,
    CK_PACKED_BF16_DOT = 6, // as bf16, but inputs of products are rounded to bf16 too
};

/// Bytes of a panel of packed rows of `columns`: a multiple of 32 where the format is of integers,
/// of 2 where it is of bf16.
size_t ck_packed_panel_bytes(int32_t format, size_t columns);

/// Packs a panel of at most 16 `rows` of `type`, without gaps, to `panel`.
///
/// q8_0 as int8, q4_1 as int4 and q4_0 as either int4 keep their values; q4_K as int4 keeps its
/// quants, with scales and minima rounded to f16. Others are rounded: int8 with scale max|x| / 127,
/// int4 with the scale and minimum that a short search finds to have the least squared error, int4
/// centred with scale -x / 8 for the x of largest size, f16 and bf16 to nearest with ties to even.
/// The result is the same on every instruction set; false where a weight of integers is no number
/// or f16 cannot hold a scale.
bool ck_pack(int32_t isa, int32_t format, int32_t type, const void* source, size_t rows,
             size_t columns, float* scratch /* [16, columns] */, void* panel);

/// Writes the f32 values of one row of a packed matrix to `out` `[columns]`.
void ck_unpack_row(int32_t format, const void* packed, size_t columns, size_t row, float* out);

/// 32 inputs of a token, rounded to 8 bits: x[i] is about scale * quants[i].
typedef struct {
    int8_t quants[32]; // -127 to 127
    float scale;       // max|x| / 127; 0 if max|x| is below 2^-100
    float sum;         // scale times the sum of quants, what a minimum is multiplied by
    int32_t correction;  // -128 times the sum of quants, for weights that are kept as 128 more
    int32_t correction4; // -8 times it, for weights that are kept as 8 more
} ck_input_group;

/// Rounds `count` inputs, a multiple of 32, to nearest with ties to even.
///
/// An infinity makes its group's scale infinite.
void ck_quantize_input(int32_t isa, const float* x, size_t count, ck_input_group* out);

/// out[t][r] = (accumulate ? out[t][r] : 0) + bias[r] + dot(x[t], w[r]) for the rows of panels
/// [panel_begin, panel_end).
///
/// Of integers, the products of a group are added up exactly. Over groups, k ascending, a sum is
/// one chain of fused multiply-adds from +0: fma(w scale * x scale, (float)dot, sum), then for int4
/// fma(minimum, x sum, sum). Of f32, f16 and bf16, every sum is one chain of fused multiply-adds,
/// k ascending, from what stands before the dot product. Of bf16 with rounded inputs likewise, but
/// the second of each pair of columns comes first, as in VDPBF16PS, and whatever is below 2^-126
/// counts as zero.
typedef struct {
    const float* x; // [tokens, k], rows x_stride floats apart; not read where inputs are rounded
    size_t x_stride;
    const void* inputs; // of integers ck_input_group[tokens, k / 32], of BF16_DOT bf16[tokens, k]
    size_t tokens;
    size_t k;
    const void* w; // [panels] of `format`
    size_t panel_bytes;
    size_t panel_begin;
    size_t panel_end;
    size_t rows;       // of the matrix, in the last panel perhaps fewer than 16
    const float* bias; // [rows] or null
    float* out;        // [tokens, rows], rows out_stride floats apart
    size_t out_stride;
    int32_t format;
    bool accumulate;
} ck_packed_matmul_args;

void ck_packed_matmul(int32_t isa, const ck_packed_matmul_args* args);

/// out[i] = x[i] / sqrt(mean(x^2) + epsilon) * weight[i], `[count]`.
void ck_rms_norm(int32_t isa, const float* x, const float* weight, size_t count, float epsilon,
                 float* out);

/// Rotates pairs of `x` `[heads, head_dim]` in place by the angles of `cosine`, `sine` `[pairs]`.
///
/// Pair i is (i, i + pairs) of a head, or (2i, 2i + 1) where `interleaved`.
void ck_rope(int32_t isa, float* x, size_t heads, size_t head_dim, const float* cosine,
             const float* sine, size_t pairs, bool interleaved);

/// out[i] = silu(gate[i]) * up[i].
void ck_silu_multiply(int32_t isa, const float* gate, const float* up, size_t count, float* out);

/// x[i] += y[i].
void ck_add(int32_t isa, float* x, const float* y, size_t count);

/// out[i] = e^x[i], within 2 units in the last place; flushes to 0 and overflows to infinity as
/// rounding demands.
void ck_exp(int32_t isa, const float* x, size_t count, float* out);

/// The largest value of `x`; NaN counts as minus infinity.
float ck_max(int32_t isa, const float* x, size_t count);

/// The index of the first largest value of `x`; NaN never wins.
size_t ck_argmax(int32_t isa, const float* x, size_t count);

/// The sum of e^(x[i] - max), in the order of lanes.
float ck_sum_exp(int32_t isa, const float* x, size_t count, float max);

/// Bytes of the keys, or the values, of `count` slots, kept as f32, f16, bf16 or q8_0.
///
/// q8_0 here rounds 32 dimensions of a token as `ck_quantize` does, the last of a head perhaps
/// fewer; their scales lie behind all quants of the page.
size_t ck_cached_bytes(int32_t type, size_t count, size_t head_dim);

/// Rounds a key of `count` elements to `type` and writes it to a slot of the page that begins at
/// `page`; the value of the slot lies behind the keys of the page.
void ck_write_key(int32_t isa, int32_t type, const float* key, size_t count, void* page,
                  size_t page_size, size_t slot);
void ck_write_value(int32_t isa, int32_t type, const float* value, size_t count, void* page,
                    size_t page_size, size_t slot);

/// Causal attention of some tokens of one sequence, for the query heads of one key-value head.
///
/// A position p sees keys (p - window, p], or [0, p] where window is 0. A score is a chain of fused
/// multiply-adds over the dimensions, from +0, times `scale`; exponentials of scores are summed in
/// lanes by position mod 16; values are added up by fused multiply-adds, positions ascending, and
/// multiplied by the reciprocal of the sum. Of q8_0 each group's chain takes quants, and another
/// takes these chains times the groups' scales; values' quants are taken times the product of
/// exponential and scale.
typedef struct {
    const float* q; // [tokens, group, head_dim], tokens q_stride floats apart
    size_t q_stride;
    float* out; // like q, tokens out_stride floats apart
    size_t out_stride;
    size_t tokens;
    size_t group;
    size_t head_dim;
    size_t position; // of the first token
    size_t window;
    const void* pages; // where page 0 keeps the keys of this layer and head
    size_t page_bytes; // from a page to the next
    size_t page_size;  // slots: keys [head_dim, page_size], values [page_size, head_dim] behind
    const int32_t* table;
    float* scratch; // ck_attention_scratch floats, 64-byte aligned
    float scale;
    int32_t type; // of keys and values: f32, f16, bf16, q8_0
} ck_attention_args;

void ck_attention(int32_t isa, const ck_attention_args* args);

/// Floats of scratch for `tokens` tokens, the last of which sees `keys` keys.
size_t ck_attention_scratch(size_t tokens, size_t group, size_t head_dim, size_t keys);

/// What `ck_rms_norm` does, backwards, for one row: sets or adds to `gradient` `[count]` what
/// `out_gradient` means for x, and adds to `weight_gradient` `[count]` what it means for the weight.
///
/// With s = 1 / sqrt(mean(x^2) + epsilon): s * (weight * g - x * s^2 * mean(x * weight * g)) and
/// g * x * s. `gradient` may be `out_gradient`.
void ck_rms_norm_backward(int32_t isa, const float* x, const float* weight,
                          const float* out_gradient, size_t count, float epsilon, bool accumulate,
                          float* gradient, float* weight_gradient);

/// What `ck_silu_multiply` does, backwards; the gradients may lie where gate and up do.
void ck_silu_multiply_backward(int32_t isa, const float* gate, const float* up,
                               const float* out_gradient, size_t count, float* gate_gradient,
                               float* up_gradient);

/// The sums of e^d and of d * e^d over d = x[i] - max, in the order of lanes; the first is the one
/// of `ck_sum_exp`.
void ck_exp_moments(int32_t isa, const float* x, size_t count, float max, float* sum,
                    float* moment);

/// x[i] = weight * (e^(x[i] - log_sum) - (i == target)).
void ck_softmax_gradient(int32_t isa, float* x, size_t count, size_t target, float log_sum,
                         float weight);

/// The sum of x[i]^2 in f64, in 16 lanes and the tree of the other sums.
double ck_sum_of_squares(int32_t isa, const float* x, size_t count);

/// x[i] *= factor.
void ck_scale(int32_t isa, float* x, float factor, size_t count);

/// x[i] += share * (y[i] - x[i]).
void ck_blend(int32_t isa, float* x, const float* y, float share, size_t count);

/// One step of AdamW (arXiv 1711.05101), element by element, in this order:
///
///     g = gradients * gradient_scale
///     m += share1 * (g - m)
///     v = v * beta2 + share2 * g * g
///     x = x * kept - step_size * m / (sqrt(v) / correction + epsilon)
typedef struct {
    float* parameters; // x, [count]
    const float* gradients;
    float* first_moments;  // m
    float* second_moments; // v
    size_t count;
    float gradient_scale;
    float kept;   // 1 - learning rate * weight decay
    float share1; // 1 - beta1
    float beta2;
    float share2;     // 1 - beta2
    float correction; // sqrt(1 - beta2^step)
    float epsilon;
    float step_size; // learning rate / (1 - beta1^step)
} ck_adam_args;

void ck_adam_step(int32_t isa, const ck_adam_args* args);

/// c[m][n] = (accumulate ? c[m][n] : 0) + the sum of a[m][k] * b[k][n], for the rows and columns
/// that are named.
///
/// Every sum is one chain of fused multiply-adds, k ascending, from the value that is there or +0.
typedef struct {
    const float* a; // element (m, k) at m * a_row + k * a_column; one of them is 1
    size_t a_row;
    size_t a_column;
    const float* b; // element (k, n) at k * b_row + n * b_column; one of them is 1
    size_t b_row;
    size_t b_column;
    float* c; // [m, n], rows c_stride floats apart; apart from a and b
    size_t c_stride;
    size_t row_begin;
    size_t row_end;
    size_t column_begin;
    size_t column_end;
    size_t k;
    bool accumulate;
    float* scratch; // ck_gemm_scratch() floats, 64-byte aligned
} ck_gemm_args;

void ck_gemm(int32_t isa, const ck_gemm_args* args);

/// Does multiply-adds in registers alone, to find out how fast a core can be.
///
/// The result goes to out[0], whose value is a term of them; returns the operations done, a
/// multiply-add counted as two.
size_t ck_multiply_adds(int32_t isa, size_t rounds, float* out);

/// Reads `count` bytes, a multiple of 256, to find out how fast memory can be read.
///
/// Returns the exclusive or of their 64-bit words, so that no read can be left out.
uint64_t ck_read(int32_t isa, const void* bytes, size_t count);

/// `ck_multiply_adds` for products of bytes; 0 where an instruction set has none of its own.
size_t ck_byte_multiply_adds(int32_t isa, size_t rounds, float* out);

/// The same of dot products of bf16 pairs; 0 where the instruction set has none.
size_t ck_pair_multiply_adds(int32_t isa, size_t rounds, float* out);

/// Floats of scratch that `ck_gemm` wants.
size_t ck_gemm_scratch(void);

/// Causal attention of one sequence from position 0 on, for the query heads of one key-value head,
/// and its gradient.
///
/// A position p sees keys (p - window, p], or [0, p] where window is 0. Scores are chains of fused
/// multiply-adds over the head; their exponentials are summed in lanes by position mod 16; values
/// and gradients are chains over positions, ascending, query heads one after the other.
typedef struct {
    const float* queries; // [count, group, head_dim], positions `stride` floats apart
    const float* keys;    // [count, head_dim], likewise
    const float* values;  // [count, head_dim], likewise
    size_t stride;
    float* out; // [count, group, head_dim], positions out_stride apart; read by the gradient
    size_t out_stride;
    float* log_sums; // [count, group], the logarithm of the sum of e^score; read by the gradient
    size_t log_sum_stride;
    size_t count;
    size_t group;
    size_t head_dim;
    size_t window;
    float scale;
    // the gradient alone
    const float* out_gradient; // like out
    float* query_gradient;     // like queries, keys and values: overwritten
    float* key_gradient;
    float* value_gradient;
    float* scratch; // ck_packed_attention_scratch floats, 64-byte aligned
} ck_packed_attention_args;

void ck_packed_attention(int32_t isa, const ck_packed_attention_args* args);
void ck_packed_attention_backward(int32_t isa, const ck_packed_attention_args* args);

/// Floats of scratch for a sequence of `count` positions.
size_t ck_packed_attention_scratch(size_t count, size_t head_dim);

#endif
