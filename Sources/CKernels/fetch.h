// Weights asked for before they are wanted. Part of version.h.
#ifndef FETCH_H
#define FETCH_H

#include "lanes.h"

INLINE void fetch_ahead(const uint8_t* w, size_t ahead) {
    // an address that is never read may lie behind the matrix
    __builtin_prefetch((const void*)((uintptr_t)w + ahead));
}

#endif
