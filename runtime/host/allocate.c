/* Guest memory for the host: by the guest's malloc, or where it exports none by the personality. */
#include "host/allocate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/fork.h"
#include "guest/hold.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/personality.h"
#include "verifier/elf.h"

bh_error bh_guest_malloc(bh_instance *instance, size_t size, bh_address *block) {
    bh_function function;
    bh_value result;
    if (!block)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_guest_malloc: no place for the address");
    bh_error error = bh_instance_function(instance, "malloc", "p(m)", &function);
    if (!error)
        error = bh_invoke(instance, &function, &result, (uint64_t)size);
    if (error)
        return error;
    if (!result.as.p)
        return bh_fail(BH_ERROR_MEMORY, "the guest's malloc has no %zu bytes", size);
    error = bh_check_range(instance, result.as.p, size);
    if (!error)
        *block = result.as.p;
    return error;
}

bh_error bh_guest_free(bh_instance *instance, bh_address block) {
    bh_function function;
    bh_error error = bh_instance_function(instance, "free", "v(p)", &function);
    return error ? error : bh_invoke(instance, &function, NULL, block);
}

/* A block that came from the personality, since the module exports no malloc. */
struct bh_block {
    struct bh_block *next;
    uint64_t address, size;
};

static bool exports(bh_instance *instance, const char *name) {
    uint64_t address;
    bool is_function;
    return bh_elf_export(&instance->module->image.elf, name, &address, &is_function) && is_function;
}

static bh_error map_block(bh_instance *instance, size_t size, bh_address *block) {
    bh_error error;
    bool taken;
    struct bh_block *record = malloc(sizeof(*record));
    if (!record)
        return bh_fail(BH_ERROR_MEMORY, "no memory for the record of a block");
    if (!bh_instance_visit(instance, &taken, &error)) {
        free(record);
        return error;
    }
    int64_t result = instance->operations->map(instance, size);
    bool refused = result == BH_LEAVE;
    if (result > 0) {
        *record = (struct bh_block){instance->blocks, (uint64_t)result, size};
        instance->blocks = record;
        *block = (uint64_t)result;
        error = BH_OK;
    } else {
        free(record);
        error = bh_fail(BH_ERROR_MEMORY,
                        "no %zu bytes are left in the instance (its slot, its policy's memory or mapping limit)", size);
    }
    if (refused)
        return bh_instance_leave_killing(instance, taken);
    bh_instance_leave(instance, taken);
    return error;
}

static bh_error unmap_block(bh_instance *instance, bh_address block) {
    bh_error error;
    bool taken;
    if (!bh_instance_visit(instance, &taken, &error))
        return error;
    struct bh_block **link = &instance->blocks, *found;
    while ((found = *link) && found->address != block)
        link = &found->next;
    bool refused = false;
    error = BH_OK;
    if (!found) {
        error = bh_fail(BH_ERROR_ARGUMENT, "0x%llx is no block of bh_allocate", (unsigned long long)block);
    } else {
        *link = found->next;
        refused = instance->operations->unmap(instance, found->address, found->size) == BH_LEAVE;
        free(found);
    }
    if (refused)
        return bh_instance_leave_killing(instance, taken);
    bh_instance_leave(instance, taken);
    return error;
}

bh_error bh_allocate(bh_instance *instance, size_t size, bh_address *block) {
    if (!instance || !block || !size)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_allocate: an instance, a size and a place for the address are needed");
    if (atomic_load_explicit(&bh_forked, memory_order_relaxed))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    if (instance->state != BH_INSTANCE_READY)
        return bh_fail(BH_ERROR_DEAD, "the instance has ended");
    if (size >= BH_SLOT_SIZE)
        return bh_fail(BH_ERROR_MEMORY, "%zu bytes are more than a slot", size);
    return exports(instance, "malloc") && exports(instance, "free") ? bh_guest_malloc(instance, size, block)
                                                                    : map_block(instance, size, block);
}

bh_error bh_free(bh_instance *instance, bh_address block) {
    if (!instance)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_free: no instance");
    if (!block)
        return BH_OK;
    return exports(instance, "malloc") && exports(instance, "free") ? bh_guest_free(instance, block)
                                                                    : unmap_block(instance, block);
}

void bh_blocks_discard(bh_instance *instance) {
    struct bh_block *next;
    for (struct bh_block *block = instance->blocks; block; block = next) {
        next = block->next;
        free(block);
    }
    instance->blocks = NULL;
}

bh_error bh_allocate_copy(bh_instance *instance, const void *host, size_t size, bh_address *block) {
    bh_address made;
    if (!block || !host)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_allocate_copy: bytes and a place for the address are needed");
    bh_error error = bh_allocate(instance, size, &made);
    if (error)
        return error;
    error = bh_copy_in(instance, made, host, size);
    if (!error)
        *block = made;
    return error;
}

bh_error bh_allocate_string(bh_instance *instance, const char *string, bh_address *block) {
    if (!string)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_allocate_string: no string");
    return bh_allocate_copy(instance, string, strlen(string) + 1, block);
}
