// Vectors of 16 floats that each processor's clone of a function splits as it needs.
#ifndef MODELC_LANES_H
#define MODELC_LANES_H

#include <stddef.h>

#if defined(__x86_64__) && defined(__linux__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

typedef float lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef float eight __attribute__((vector_size(32), aligned(4), may_alias));
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
enum { WIDTH = 16 };

// Macros, because a function that takes or returns vectors has no one calling convention.
#define load(p) (*(const lanes *)(p))
#define store(p, x) (*(lanes *)(p) = (x))

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// Where vector l of n columns starts: the last one overlaps its neighbour, so that none is left over.
INLINE ptrdiff_t column(int l, int vectors, ptrdiff_t columns) {
  return l == vectors - 1 ? columns - WIDTH : l * (ptrdiff_t)WIDTH;
}

#endif
