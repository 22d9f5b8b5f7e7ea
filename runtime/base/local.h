/* What each thread keeps. */
#ifndef BULKHEAD_RUNTIME_LOCAL_H
#define BULKHEAD_RUNTIME_LOCAL_H

/* Every thread-local variable here: read without a call, by stubs that have no stack yet and by signal handlers. For a
 * shared object that holds the runtime the C library takes the room from what it keeps for all objects that a program
 * loads later, a kilobyte or two: so a few words, and the rest in memory of its own. */
#define BH_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

#endif
