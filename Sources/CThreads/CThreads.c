#define _GNU_SOURCE
#include "CThreads.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Protocol.  `ticket` holds the run's generation in its high half and the next unclaimed task in its
// low half.  A thread claims a task by compare-and-swap, so a helper that wakes late, in a later
// generation, can never take a task of a run that is over.  `finished` counts completed tasks: the
// caller waits for tasks, not for threads, so a helper that never got the processor is not waited
// for.  Both sides spin briefly and then sleep on a futex.
enum { spins = 1000 };

struct ct_pool {
  _Alignas(64) _Atomic uint64_t ticket;
  _Alignas(64) _Atomic uint32_t generation;  // futex of idle helpers; bumped by each run
  _Atomic int32_t sleepers;
  _Alignas(64) _Atomic uint32_t finished;  // futex of the caller
  _Atomic int32_t caller_sleeps;
  _Alignas(64) _Atomic int32_t count;
  ct_task task;
  void *context;
  _Atomic int32_t stopping;
  int32_t helpers;
  pthread_t threads[];
};

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int how_many) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, how_many, NULL, NULL, 0);
}

static void work(ct_pool *pool, uint32_t generation) {
  for (;;) {
    uint64_t ticket = atomic_load(&pool->ticket);
    if ((uint32_t)(ticket >> 32) != generation) return;
    int32_t next = (int32_t)(uint32_t)ticket;
    int32_t count = atomic_load(&pool->count);
    if (next >= count) return;
    if (!atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1)) continue;
    pool->task(pool->context, next);
    if (atomic_fetch_add(&pool->finished, 1) + 1 == (uint32_t)count
        && atomic_load(&pool->caller_sleeps)) {
      futex_wake(&pool->finished, 1);
    }
  }
}

static void *helper(void *argument) {
  ct_pool *pool = argument;
  uint32_t seen = 0;
  for (;;) {
    int spin = 0;
    while (atomic_load(&pool->generation) == seen) {
      if (++spin < spins) {
        relax();
        continue;
      }
      atomic_fetch_add(&pool->sleepers, 1);
      futex_wait(&pool->generation, seen);
      atomic_fetch_sub(&pool->sleepers, 1);
    }
    seen = atomic_load(&pool->generation);
    if (atomic_load(&pool->stopping)) return NULL;
    work(pool, seen);
  }
}

static void wake_helpers(ct_pool *pool, uint32_t generation) {
  atomic_store(&pool->generation, generation);
  if (atomic_load(&pool->sleepers) > 0) futex_wake(&pool->generation, pool->helpers);
}

ct_pool *ct_pool_create(int32_t threads) {
  int32_t helpers = threads > 1 ? threads - 1 : 0;
  size_t size = sizeof(ct_pool) + (size_t)helpers * sizeof(pthread_t);
  ct_pool *pool = aligned_alloc(64, (size + 63) / 64 * 64);
  if (!pool) return NULL;
  *pool = (ct_pool){0};
  for (int32_t i = 0; i < helpers; i++) {
    if (pthread_create(&pool->threads[i], NULL, helper, pool) != 0) {
      ct_pool_destroy(pool);
      return NULL;
    }
    pool->helpers = i + 1;
  }
  return pool;
}

void ct_pool_destroy(ct_pool *pool) {
  atomic_store(&pool->stopping, 1);
  wake_helpers(pool, atomic_load(&pool->generation) + 1);
  for (int32_t i = 0; i < pool->helpers; i++) pthread_join(pool->threads[i], NULL);
  free(pool);
}

void ct_pool_run(ct_pool *pool, int32_t count, ct_task task, void *context) {
  if (pool->helpers == 0 || count < 2) {
    for (int32_t i = 0; i < count; i++) task(context, i);
    return;
  }
  uint32_t generation = atomic_load(&pool->generation) + 1;
  // Seals the ticket first: a helper that still looks at the last run's must not see the new count.
  atomic_store(&pool->ticket, (uint64_t)generation << 32 | INT32_MAX);
  pool->task = task;
  pool->context = context;
  atomic_store(&pool->finished, 0);
  atomic_store(&pool->count, count);
  atomic_store(&pool->ticket, (uint64_t)generation << 32);
  wake_helpers(pool, generation);
  work(pool, generation);
  for (int spin = 0;;) {
    uint32_t finished = atomic_load(&pool->finished);
    if (finished == (uint32_t)count) return;
    if (++spin < spins) {
      relax();
      continue;
    }
    atomic_store(&pool->caller_sleeps, 1);
    finished = atomic_load(&pool->finished);
    if (finished != (uint32_t)count) futex_wait(&pool->finished, finished);
    atomic_store(&pool->caller_sleeps, 0);
  }
}

uint64_t ct_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
