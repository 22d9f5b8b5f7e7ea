/* The image of a module as slots map it. */
#ifndef BULKHEAD_RUNTIME_IMAGE_H
#define BULKHEAD_RUNTIME_IMAGE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/descriptor.h"
#include "verifier/elf.h"

struct bh_slot;
struct bh_warm;

struct bh_image {
    char *name; /* the module's */
    struct bh_elf elf;
    struct bh_kept file;            /* sealed: from image_lo to image_hi, code included */
    const uint8_t *bytes;           /* the host's view of it, from image_lo, read-only */
    _Atomic(struct bh_warm *) warm; /* restore.c */
    atomic_uint slots;              /* that instances have */
};

/* Maps the image into the slot, relocates it and records its pieces. */
bh_error bh_image_map(struct bh_slot *slot);
/* The same for all but the code, which stays as it is; what was there before is replaced. */
bh_error bh_image_map_data(struct bh_slot *slot);
/* The bytes that a page of the image (offset in the slot) has before relocation. */
const uint8_t *bh_image_page(const struct bh_image *image, uint64_t offset);

#endif
