// A pool of parked threads that share numbered tasks.  See CThreads.c for the protocol.
#ifndef RLSUITE_CTHREADS_H
#define RLSUITE_CTHREADS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_pool ct_pool;

/// Called once per task with the context handed to `ct_pool_run` and the task's number.
typedef void (*ct_task)(void *_Nullable context, int32_t task);

/// Makes a pool of `threads` threads, the calling one included.  NULL when a thread can't be made.
ct_pool *_Nullable ct_pool_create(int32_t threads);

/// Ends and frees the pool.  No run may be under way.
void ct_pool_destroy(ct_pool *_Nonnull pool);

/// Runs tasks 0 ..< count, each exactly once, on whichever thread is free; returns when all are done.
/// Only one thread may call this at a time, and never from inside a task.
void ct_pool_run(ct_pool *_Nonnull pool, int32_t count, ct_task _Nonnull task, void *_Nullable context);

/// Nanoseconds of a monotonic clock.
uint64_t ct_nanoseconds(void);

#ifdef __cplusplus
}
#endif
#endif
