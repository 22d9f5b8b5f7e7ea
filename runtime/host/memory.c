/* The host's access to guest memory: checked against the slot, and guarded against what is not mapped there. */
#include "internal.h"
#include "linux/linux.h"

#include <stdlib.h>
#include <sys/mman.h>

static bh_error check(bh_instance *instance, bh_address guest, const void *host, size_t size) {
    if (!instance || (!host && size))
        return bh_fail(BH_ERROR_ARGUMENT, "a copy needs an instance and host memory");
    if (!bh_in_slot(instance, guest, size))
        return bh_fail(BH_ERROR_RANGE, "%zu bytes at 0x%llx do not lie in the instance's slot", size,
                       (unsigned long long)guest);
    return BH_OK;
}

static bh_error inaccessible(bh_address guest, size_t size) {
    return bh_fail(BH_ERROR_RANGE, "%zu bytes at 0x%llx are not accessible in the instance", size,
                   (unsigned long long)guest);
}

bh_error bh_copy_in(bh_instance *instance, bh_address guest, const void *host, size_t size) {
    bh_error error = check(instance, guest, host, size);
    if (!error && bh_guarded_copy((void *)(uintptr_t)guest, host, size))
        error = inaccessible(guest, size);
    return error;
}

bh_error bh_copy_out(bh_instance *instance, void *host, bh_address guest, size_t size) {
    bh_error error = check(instance, guest, host, size);
    if (!error && bh_guarded_copy(host, (const void *)(uintptr_t)guest, size))
        error = inaccessible(guest, size);
    return error;
}

bh_error bh_copy_string(bh_instance *instance, char *host, bh_address guest, size_t capacity) {
    bh_error error = check(instance, guest, host, 1);
    if (error)
        return error;
    if (!capacity)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_copy_string: no room");
    uint64_t left = BH_SLOT_SIZE - (guest - instance->slot.base);
    uint64_t most = capacity < left ? capacity : left;
    int64_t length = bh_guarded_string(host, (const char *)(uintptr_t)guest, most);
    if (length < 0)
        return inaccessible(guest, capacity);
    if ((uint64_t)length > most)
        return bh_fail(BH_ERROR_RANGE, "the string at 0x%llx is longer than %zu bytes", (unsigned long long)guest,
                       capacity - 1);
    return BH_OK;
}

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
    error = check(instance, result.as.p, &result, size);
    if (!error)
        *block = result.as.p;
    return error;
}

bh_error bh_guest_free(bh_instance *instance, bh_address block) {
    bh_function function;
    bh_error error = bh_instance_function(instance, "free", "v(p)", &function);
    return error ? error : bh_invoke(instance, &function, NULL, block);
}

/* ---- Memory for the host's use in the guest ---- */

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
    int64_t result = bh_linux_map(instance, size);
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
        return bh_instance_depart_killing(instance, taken);
    bh_instance_depart(instance, taken);
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
        refused = bh_linux_unmap(instance, found->address, found->size) == BH_LEAVE;
        free(found);
    }
    if (refused)
        return bh_instance_depart_killing(instance, taken);
    bh_instance_depart(instance, taken);
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

/* ---- More copies ---- */

bh_error bh_fill(bh_instance *instance, bh_address guest, int byte, size_t size) {
    bh_error error = check(instance, guest, &size, size);
    if (!error && bh_guarded_fill((void *)(uintptr_t)guest, byte, size))
        error = inaccessible(guest, size);
    return error;
}

bh_error bh_string_length(bh_instance *instance, bh_address guest, size_t limit, size_t *length) {
    bh_error error = check(instance, guest, length, 1);
    if (error)
        return error;
    uint64_t left = BH_SLOT_SIZE - (guest - instance->slot.base);
    uint64_t most = limit < left ? limit : left;
    int64_t found = bh_guarded_length((const char *)(uintptr_t)guest, most);
    if (found < 0)
        return inaccessible(guest, limit);
    if ((uint64_t)found == most)
        return bh_fail(BH_ERROR_RANGE, "the string at 0x%llx is not shorter than %zu bytes", (unsigned long long)guest,
                       limit);
    *length = (size_t)found;
    return BH_OK;
}

bh_error bh_check_range(bh_instance *instance, bh_address guest, size_t size) {
    return check(instance, guest, &size, size);
}

bh_error bh_view_open(bh_instance *instance, bh_address guest, size_t count, size_t size, size_t limit,
                      const void **view) {
    size_t total;
    if (!view)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_view_open: no place for the view");
    if (__builtin_mul_overflow(count, size, &total) || total > limit)
        return bh_fail(BH_ERROR_RANGE, "%zu elements of %zu bytes are more than the %zu bytes that were allowed", count,
                       size, limit);
    bh_error error = check(instance, guest, view, total);
    if (error)
        return error;
    void *copy = malloc(total ? total : 1);
    if (!copy)
        return bh_fail(BH_ERROR_MEMORY, "no memory for a copy of %zu bytes", total);
    if (bh_guarded_copy(copy, (const void *)(uintptr_t)guest, total)) {
        free(copy);
        return inaccessible(guest, total);
    }
    *view = copy;
    return BH_OK;
}

void bh_view_close(const void *view) { free((void *)(uintptr_t)view); }
