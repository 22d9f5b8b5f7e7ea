/* What a thread keeps that not every thread needs: made when it is first written to. */
#include "base/record.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

static BH_THREAD_LOCAL void *record[BH_RECORDS];
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool key_made;

static void thread_exits(void *unused) {
    for (unsigned n = 0; n < BH_RECORDS; n++) {
        free(record[n]);
        record[n] = NULL;
    }
}

static void make_key(void) { key_made = !pthread_key_create(&key, thread_exits); }

void *bh_thread_record(unsigned which) { return record[which]; }

void *bh_thread_record_make(unsigned which, size_t size) {
    if (record[which])
        return record[which];
    pthread_once(&once, make_key);
    if (key_made && !pthread_setspecific(key, record))
        record[which] = calloc(1, size);
    return record[which];
}
