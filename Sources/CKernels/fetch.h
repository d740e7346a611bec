// Memory asked for before it is wanted. Part of version.h.
#ifndef FETCH_H
#define FETCH_H

#include "lanes.h"

// The lines from `p` on; addresses that are never read may lie behind what there is.
INLINE void fetch(uintptr_t p, size_t bytes) {
    for (size_t line = 0; line < bytes; line += 64) {
        __builtin_prefetch((const void*)(p + line));
    }
}

#endif
