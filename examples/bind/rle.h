/* A small compression library, with the contracts of its pointers. */
#ifndef RLE_H
#define RLE_H

#include <bulkhead/contracts.h>
#include <stddef.h>

typedef struct rle rle; /* owned by the library */
typedef void rle_progress(void *user BH_USER BH_NULLABLE, size_t done, size_t all);

/* NULL when there is no memory. */
rle *rle_new(const char *name BH_STRING);
void rle_free(rle *r);
const char *rle_name(const rle *r) BH_RESULT("string nullable");

/* Compresses size bytes into at most *room, and sets *room to what it took. 0, or -1 when it does not fit. */
int rle_pack(rle *r, const void *from BH_IN_BYTES(size), size_t size, void *to BH_OUT_BYTES(*room) BH_USED(*room),
             size_t *room BH_INOUT1) BH_ON_ERROR(-2);
/* Called now and then by rle_pack, from now on; NULL: no more. */
void rle_watch(rle *r, rle_progress *progress BH_CALLBACK BH_NULLABLE, void *user BH_USER BH_NULLABLE);

#endif
