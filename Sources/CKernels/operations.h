// Every operation in every instruction set; dispatch.c chooses, ckernels.h explains.
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include "ckernels.h"

// How products with several tokens are cut, see products.h.
enum {
    SLICE = 640,     // elements of k at most, but for rounding to blocks
    FEW_TOKENS = 12, // for which rows are decoded just before they are used
    FEW_ROWS = 16,   // of a panel, for few tokens
    LEAST_ROWS = 16, // of a panel, for many tokens
    PANEL_ROWS = 64, // at most
    // sums of a panel for a tile's tokens, at most 6, that wait for the next slice
    SUM_FLOATS = PANEL_ROWS * 6 * 16,
};

// How general products are cut, see gemm.h.
enum {
    GEMM_BLOCK_M = 192,
    GEMM_BLOCK_K = 256,
    GEMM_SCRATCH = GEMM_BLOCK_K * (GEMM_BLOCK_M + 32),
    PACKED_QUERIES = 24, // of packed attention, at a time
};

typedef struct {
    void (*dequantize)(int32_t, const void*, size_t, float*);
    void (*quantize)(int32_t, const float*, size_t, void*);
    size_t (*first_non_finite)(int32_t, const void*, size_t);
    void (*matmul)(const ck_matmul_args*);
    void (*packed_matmul)(const ck_packed_matmul_args*);
    void (*panel_matmul)(const ck_packed_matmul_args*);
    void (*quantize_input)(const float*, size_t, ck_input_group*);
    void (*rms_norm)(const float*, const float*, size_t, float, float*);
    void (*rope)(float*, size_t, size_t, const float*, const float*, size_t, bool);
    void (*silu_multiply)(const float*, const float*, size_t, float*);
    void (*add)(float*, const float*, size_t);
    void (*exp)(const float*, size_t, float*);
    float (*max)(const float*, size_t);
    size_t (*argmax)(const float*, size_t);
    float (*sum_exp)(const float*, size_t, float);
    void (*attention)(const ck_attention_args*);
    void (*rms_norm_backward)(const float*, const float*, const float*, size_t, float, bool, float*,
                              float*);
    void (*silu_multiply_backward)(const float*, const float*, const float*, size_t, float*,
                                   float*);
    void (*exp_moments)(const float*, size_t, float, float*, float*);
    void (*softmax_gradient)(float*, size_t, size_t, float, float);
    double (*sum_of_squares)(const float*, size_t);
    void (*scale)(float*, float, size_t);
    void (*blend)(float*, const float*, float, size_t);
    void (*adam_step)(const ck_adam_args*);
    void (*gemm)(const ck_gemm_args*);
    size_t (*multiply_adds)(size_t, float*);
    void (*packed_attention)(const ck_packed_attention_args*);
    void (*packed_attention_backward)(const ck_packed_attention_args*);
} ck_operations;

extern const ck_operations ck_operations_ref;
extern const ck_operations ck_operations_avx2;
extern const ck_operations ck_operations_avx512;
extern const ck_operations ck_operations_neon;

// Versions that differ from their instruction set's in packed products alone.
void ck_packed_matmul_avx2_vnni(const ck_packed_matmul_args*);
void ck_packed_matmul_avx512_vnni(const ck_packed_matmul_args*);
void ck_panel_matmul_avx512_bf16(const ck_packed_matmul_args*);
void ck_packed_matmul_neon_dot(const ck_packed_matmul_args*);

// Where a fast version gains nothing it borrows the plain one.
void ck_quantize_ref(int32_t type, const float* source, size_t count, void* out);
size_t ck_first_non_finite_ref(int32_t type, const void* source, size_t count);
void ck_dequantize_ref(int32_t type, const void* source, size_t count, float* out);

#endif
