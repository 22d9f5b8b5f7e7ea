/* What each thread keeps. */
#ifndef BULKHEAD_RUNTIME_RECORD_H
#define BULKHEAD_RUNTIME_RECORD_H

#include <stddef.h>

/* Every thread-local variable here: read without a call, by stubs that have no stack yet and by signal handlers. For a
 * shared object that holds the runtime the C library takes the room from what it keeps for all objects that a program
 * loads later, a kilobyte or two: so a few words, and the rest in records. */
#define BH_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

enum { BH_RECORD_ERROR, BH_RECORD_BIND, BH_RECORDS };
/* The calling thread's record of that kind; NULL while there is none. */
void *bh_thread_record(unsigned which);
/* The same, made, of zeros, where there is none; it goes with the thread. NULL: no memory. */
void *bh_thread_record_make(unsigned which, size_t size);

#endif
