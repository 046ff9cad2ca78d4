// Stands in front of the allocator of the whole process. glibc's own names are called, so that nothing has to be
// looked up, and nothing can be asked for before it was found.
#define _GNU_SOURCE
#include "counters.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

static _Atomic uint64_t allocations;
static _Atomic uint64_t task_hops;

static void count(_Atomic uint64_t *counter) { atomic_fetch_add_explicit(counter, 1, memory_order_relaxed); }

uint64_t sluice_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }
uint64_t sluice_task_hops(void) { return atomic_load_explicit(&task_hops, memory_order_relaxed); }

uint64_t sluice_cpu_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

#if defined(__linux__) && defined(__GLIBC__)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
    count(&allocations);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(&allocations);
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
    count(&allocations);
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count(&allocations);
    return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
    count(&allocations);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) { return EINVAL; }
    count(&allocations);
    void *result = __libc_memalign(alignment, size);
    if (result == NULL) { return ENOMEM; }
    *block = result;
    return 0;
}

#endif

// Swift's concurrency runtime lets a process see what it hands to its pool.
#define SWIFT_CC __attribute__((swiftcall))
typedef SWIFT_CC void (*enqueue_original)(void *job);
extern SWIFT_CC void (*swift_task_enqueueGlobal_hook)(void *job, enqueue_original original);

static SWIFT_CC void enqueue(void *job, enqueue_original original) {
    count(&task_hops);
    original(job);
}

void sluice_count_task_hops(void) { swift_task_enqueueGlobal_hook = enqueue; }
