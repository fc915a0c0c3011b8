// Counts heap allocations of the whole process by standing in front of the C library's allocator.
// Linked into the benchmark executable only.
#ifndef RLSUITE_CALLOCATIONCOUNTER_H
#define RLSUITE_CALLOCATIONCOUNTER_H

#include <stdint.h>

/// Allocations so far, of all threads; 0 for ever where the C library is not glibc.
uint64_t cac_allocations(void);

#endif
