// A pool of parked threads that share numbered tasks.  See CThreads.c for the protocol.
#ifndef RLSUITE_CTHREADS_H
#define RLSUITE_CTHREADS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_pool ct_pool;

/// A function called once per task, with the context passed to `ct_pool_run` and the task's number.
typedef void (*ct_task)(void *_Nullable context, int32_t task);

/// Creates a pool of `threads` threads, including the calling one.  Returns NULL if a thread can't
/// be created.
ct_pool *_Nullable ct_pool_create(int32_t threads);

/// Stops the threads and frees the pool.  No run may be in progress.
void ct_pool_destroy(ct_pool *_Nonnull pool);

/// Runs tasks 0 ..< count, each exactly once on any free thread, and returns when all are done.
/// Only one thread may call this at a time, and never from within a task.
void ct_pool_run(ct_pool *_Nonnull pool, int32_t count, ct_task _Nonnull task, void *_Nullable context);

/// Returns the time of a monotonic clock, in nanoseconds.
uint64_t ct_nanoseconds(void);

#ifdef __cplusplus
}
#endif
#endif
