// AVX2 with FMA and F16C: a vector of lanes is two registers.
#if defined(__x86_64__)
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

// wide vectors are passed between functions of this file only
#pragma clang diagnostic ignored "-Wpsabi"

#define PART_LANES 8
#define TILE_ROWS 2
#define TILE_TOKENS 3
#define FUSED_ROWS 4
#define GEMM_ROWS 6
#define GEMM_VECTORS 1
#define ATTENTION_KEYS 4
#define ATTENTION_ROWS 2
#define ATTENTION_VECTORS 2
#define OPERATIONS ck_operations_avx2
#define HAS_PERMUTE 0

#include "version.h"

#pragma clang attribute pop
#endif
