// AArch64: a vector of lanes is four registers; fused multiply-add and half conversion are part
// of the base instruction set.
#if defined(__aarch64__)

#define PART_LANES 4
#define TILE_ROWS 2
#define TILE_TOKENS 3
#define FUSED_ROWS 4
#define GEMM_ROWS 6
#define GEMM_VECTORS 1
#define ATTENTION_KEYS 4
#define ATTENTION_ROWS 2
#define ATTENTION_VECTORS 2
#define OPERATIONS ck_operations_neon
#define HAS_PERMUTE 0

#include "version.h"

#endif
