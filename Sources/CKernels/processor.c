// What the processor can do and how many of them the system grants.
#define _GNU_SOURCE
#include "ckernels.h"
#include <sched.h>
#include <sys/prctl.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>

// The compiler's own test does not know it. Source: Intel SDM, CPUID leaf 7, subleaf 1, EAX bit 4.
static bool has_avx_vnni(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
}
#endif

bool ck_isa_supported(int32_t isa) {
    switch (isa) {
    case CK_ISA_REF:
        return true;
#if defined(__x86_64__)
    case CK_ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("f16c");
    case CK_ISA_AVX2_VNNI:
        return ck_isa_supported(CK_ISA_AVX2) && has_avx_vnni();
    case CK_ISA_AVX512:
        return ck_isa_supported(CK_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq");
    case CK_ISA_AVX512_VNNI:
        return ck_isa_supported(CK_ISA_AVX512) && __builtin_cpu_supports("avx512vnni");
    case CK_ISA_AVX512_BF16:
        return ck_isa_supported(CK_ISA_AVX512_VNNI) && __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__)
    case CK_ISA_NEON:
        return true;
    case CK_ISA_NEON_DOT:
        return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
    default:
        return false;
    }
}

size_t ck_affinity_count(void) {
    // the call fails while the mask is smaller than the kernel's
    for (int processors = 1024; processors <= 1 << 16; processors *= 4) {
        unsigned long mask[(1 << 16) / (8 * sizeof(unsigned long))];
        cpu_set_t* set = (cpu_set_t*)(void*)mask;
        size_t size = CPU_ALLOC_SIZE(processors);
        if (sched_getaffinity(0, size, set) == 0) {
            return (size_t)CPU_COUNT_S(size, set);
        }
    }
    return 0;
}

void ck_name_thread(const char* name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
