// AArch64: a vector of lanes is four registers; fused multiply-add and half conversion are part
// of the base instruction set.
#if defined(__aarch64__)
#include <arm_neon.h>

#define PART_LANES 4
#define TILE_ROWS 2
#define TILE_TOKENS 3
#define FUSED_ROWS 4
#define GEMM_ROWS 6
#define GEMM_VECTORS 1
#define SCORE_ROWS 4
#define ATTENTION_SUMS 4
#define OPERATIONS ck_operations_neon
#define HAS_SCALE 0
#define HAS_PERMUTE 0
#define PACKED_TOKENS 4
#define PACKED_INT8_TOKENS 2
#define HAS_DOT4 0
#define HAS_BF16_DOT 0
#define PANEL_TOKENS 6
#define PANELS_BESIDE(tokens) ((tokens) == 1 ? 4 : (tokens) == 2 ? 2 : 1)

#include "lanes.h"

typedef union {
    p32 all;
    b64 bytes;
    i16 lanes;
    int8x16_t quarter[4];
    int16x8_t sums[4];
    int32x4_t wide[4];
} quarters;

// Weights are nibbles here, the same numbers signed and unsigned.
INLINE p32 pairs(b64 weights, b64 inputs) {
    quarters w = {.bytes = weights}, x = {.bytes = inputs}, out;
    UNROLL for (int i = 0; i < 4; i++) {
        out.sums[i] = vpaddq_s16(
            vmull_s8(vget_low_s8(w.quarter[i]), vget_low_s8(x.quarter[i])),
            vmull_high_s8(w.quarter[i], x.quarter[i]));
    }
    return out.all;
}

INLINE i16 widen(p32 sums, int16_t factor) {
    quarters s = {.all = sums}, out;
    UNROLL for (int i = 0; i < 4; i++) {
        out.wide[i] = vmulq_n_s32(vpaddlq_s16(s.sums[i]), factor);
    }
    return out.lanes;
}

#include "version.h"

#endif
