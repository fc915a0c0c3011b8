// Counts heap allocations of the whole process by interposing the C library's allocator.
// Linked into the benchmark executable only.
#ifndef RLSUITE_CALLOCATIONCOUNTER_H
#define RLSUITE_CALLOCATIONCOUNTER_H

#include <stdint.h>

/// Returns the number of allocations so far by all threads; always 0 if the C library is not glibc.
uint64_t cac_allocations(void);

#endif
