#ifndef SLUICE_SQLITE_SETTINGS_H
#define SLUICE_SQLITE_SETTINGS_H

#include <sqlite3.h>

/// Switches off SQLite's statistics of its memory, which take a lock around each allocation. To be called before
/// anything else of SQLite is; returns SQLite's result code. (Swift cannot call a C function with variable arguments.)
static inline int sluice_sqlite_without_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

#endif
