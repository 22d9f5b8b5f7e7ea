/* A small WASI host for the benchmarks: what it takes to run the workloads that wasm2c translated, and nothing else.
 *
 * It is linked with one translated program (main.c says how) and never installed. The program gets standard input,
 * output and error, the current directory as its root, its arguments, clocks and random bytes. Everything else of WASI
 * is refused (refused.c). Not thread safe: the programs have one thread.
 */
#ifndef BENCH_WASI_HOST_H
#define BENCH_WASI_HOST_H

#include <stdint.h>

#include "wasm-rt.h"

/* wasm2c passes this to every import; it declares the type, the host defines it. */
struct Z_wasi_snapshot_preview1_instance_t {
    wasm_rt_memory_t *memory; /* the program's */
    char **arguments;
    uint32_t argument_count;
};
typedef struct Z_wasi_snapshot_preview1_instance_t host_t;

/* The C name that wasm2c 1.0.32 gives to an import of the module wasi_snapshot_preview1. */
#define WASI(name) Z_wasi_snapshot_preview1Z_##name

/* WASI's error numbers, as far as the host tells errors apart. */
enum wasi_error {
    WASI_SUCCESS = 0,
    WASI_ACCES = 2,
    WASI_BADF = 8,
    WASI_EXIST = 20,
    WASI_FAULT = 21,
    WASI_INVAL = 28,
    WASI_IO = 29,
    WASI_ISDIR = 31,
    WASI_LOOP = 32,
    WASI_MFILE = 33,
    WASI_NAMETOOLONG = 37,
    WASI_NOENT = 44,
    WASI_NOSPC = 51,
    WASI_NOTDIR = 54,
    WASI_SPIPE = 70,
    WASI_XDEV = 75,
    WASI_NOTCAPABLE = 76,
};

/* The host address of `size` bytes at `offset` of the program's memory, or NULL where that range is not all inside: an
 * import that took it unchecked would let the program read and write the host. Valid until the memory grows. */
static inline void *guest_bytes(const host_t *host, uint32_t offset, uint64_t size) {
    uint64_t limit = (uint64_t)host->memory->pages * 65536;
    return size <= limit && offset <= limit - size ? host->memory->data + offset : NULL;
}

/* Store a little-endian value; false where the place is not inside the program's memory. */
static inline bool put_u32(const host_t *host, uint32_t offset, uint32_t value) {
    void *place = guest_bytes(host, offset, sizeof value);
    return place && memcpy(place, &value, sizeof value);
}
static inline bool put_u64(const host_t *host, uint32_t offset, uint64_t value) {
    void *place = guest_bytes(host, offset, sizeof value);
    return place && memcpy(place, &value, sizeof value);
}

/* Opens the current directory as descriptor 3, the program's root. Ends the process where that fails. */
void files_init(void);

#endif
