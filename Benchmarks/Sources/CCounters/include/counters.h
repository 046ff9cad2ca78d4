#ifndef SLUICE_COUNTERS_H
#define SLUICE_COUNTERS_H

#include <stdint.h>

/// Blocks that all threads together have asked the allocator for since the process began.
uint64_t sluice_allocations(void);

/// Jobs handed to Swift's cooperative pool since sluice_count_task_hops() was called.
uint64_t sluice_task_hops(void);

/// Begins to count what is handed to Swift's cooperative pool.
void sluice_count_task_hops(void);

/// Nanoseconds of processor time that all threads together have used.
uint64_t sluice_cpu_nanoseconds(void);

#endif
