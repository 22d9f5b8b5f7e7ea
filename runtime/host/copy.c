/* The host's access to guest memory: checked against the slot, and guarded against what is not mapped there. */
#include <stdlib.h>

#include "base/fail.h"
#include "base/guarded.h"
#include "guest/instance.h"

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
