/* WASI's calls about the process: arguments, environment (empty), clocks, random bytes, exit. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "host.h"

/* Strings of the host as WASI hands them over: an array of offsets at `table`, the bytes at `buffer`. */
uint32_t WASI(args_sizes_get)(host_t *host, uint32_t count, uint32_t size) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < host->argument_count; i++) {
        bytes += strlen(host->arguments[i]) + 1;
    }
    return put_u32(host, count, host->argument_count) && put_u32(host, size, (uint32_t)bytes) ? WASI_SUCCESS
                                                                                              : WASI_FAULT;
}

uint32_t WASI(args_get)(host_t *host, uint32_t table, uint32_t buffer) {
    for (uint32_t i = 0; i < host->argument_count; i++) {
        uint32_t size = (uint32_t)strlen(host->arguments[i]) + 1;
        void *place = guest_bytes(host, buffer, size);
        if (!place || !put_u32(host, table + 4 * i, buffer)) {
            return WASI_FAULT;
        }
        memcpy(place, host->arguments[i], size);
        buffer += size;
    }
    return WASI_SUCCESS;
}

uint32_t WASI(environ_sizes_get)(host_t *host, uint32_t count, uint32_t size) {
    return put_u32(host, count, 0) && put_u32(host, size, 0) ? WASI_SUCCESS : WASI_FAULT;
}

uint32_t WASI(environ_get)(host_t *host, uint32_t table, uint32_t buffer) { return WASI_SUCCESS; }

static int clock_of(uint32_t id, clockid_t *clock) {
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                       CLOCK_THREAD_CPUTIME_ID};
    if (id >= sizeof clocks / sizeof clocks[0]) {
        return WASI_INVAL;
    }
    *clock = clocks[id];
    return WASI_SUCCESS;
}

static uint64_t nanoseconds(struct timespec t) { return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec; }

uint32_t WASI(clock_res_get)(host_t *host, uint32_t id, uint32_t result) {
    clockid_t clock;
    struct timespec t;
    if (clock_of(id, &clock) != WASI_SUCCESS || clock_getres(clock, &t) != 0) {
        return WASI_INVAL;
    }
    return put_u64(host, result, nanoseconds(t)) ? WASI_SUCCESS : WASI_FAULT;
}

uint32_t WASI(clock_time_get)(host_t *host, uint32_t id, uint64_t precision, uint32_t result) {
    clockid_t clock;
    struct timespec t;
    if (clock_of(id, &clock) != WASI_SUCCESS || clock_gettime(clock, &t) != 0) {
        return WASI_INVAL;
    }
    return put_u64(host, result, nanoseconds(t)) ? WASI_SUCCESS : WASI_FAULT;
}

uint32_t WASI(random_get)(host_t *host, uint32_t buffer, uint32_t size) {
    uint8_t *place = guest_bytes(host, buffer, size);
    if (!place) {
        return WASI_FAULT;
    }
    for (size_t done = 0; done < size;) {
        ssize_t got = getrandom(place + done, size - done, 0);
        if (got < 0 && errno != EINTR) {
            return WASI_IO;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return WASI_SUCCESS;
}

void WASI(proc_exit)(host_t *host, uint32_t status) { exit((int)status); }
