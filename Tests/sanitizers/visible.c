// Makes the slow ways of Synchronization.Mutex visible to ThreadSanitizer; preloaded by
// Tests/sanitize.
//
// The fast ways are inlined into the code that locks, and so instrumented. Where two threads meet,
// libswiftSynchronization takes or passes on the lock itself, with a futex of the kernel, and
// nothing of that library is instrumented: what the lock orders then looks unordered. These two
// functions stand before the library's, call them, and tell ThreadSanitizer what they did, by the
// lock's address, which also its instrumented ways are known by.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Where a child process has no ThreadSanitizer, there is nobody to tell.
void __tsan_acquire(void* address) __attribute__((weak));
void __tsan_release(void* address) __attribute__((weak));

// Synchronization._MutexHandle._lockSlow(UInt32) and ._unlockSlow()
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void*

static SWIFT void (*original_lock)(uint32_t, SELF);
static SWIFT void (*original_unlock)(SELF);

__attribute__((constructor)) static void find_originals(void) {
    *(void**)&original_lock = dlsym(RTLD_NEXT, LOCK_SLOW);
    *(void**)&original_unlock = dlsym(RTLD_NEXT, UNLOCK_SLOW);
}

SWIFT void lock_slow(uint32_t thread, SELF mutex) __asm__(LOCK_SLOW);
SWIFT void unlock_slow(SELF mutex) __asm__(UNLOCK_SLOW);

SWIFT void lock_slow(uint32_t thread, SELF mutex) {
    original_lock(thread, mutex);
    if (__tsan_acquire) {
        __tsan_acquire(mutex);
    }
}

SWIFT void unlock_slow(SELF mutex) {
    if (__tsan_release) {
        __tsan_release(mutex);
    }
    original_unlock(mutex);
}
