/* The host's access to guest memory: checked against the slot, and guarded against what is not mapped there. */
#include "internal.h"

static bh_error check(bh_instance *instance, bh_address guest, const void *host, size_t size) {
    if (!instance || (!host && size))
        return bh_fail(BH_ERROR_ARGUMENT, "a copy needs an instance and host memory");
    if (!bh_in_slot(instance, guest, size))
        return bh_fail(BH_ERROR_RANGE, "%zu bytes at 0x%llx do not lie in the instance's slot", size, (unsigned long long)guest);
    return BH_OK;
}

static bh_error inaccessible(bh_address guest, size_t size) {
    return bh_fail(BH_ERROR_RANGE, "%zu bytes at 0x%llx are not accessible in the instance", size, (unsigned long long)guest);
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
    uint64_t left = BH_SLOT_SIZE - (guest - instance->base);
    uint64_t most = capacity < left ? capacity : left;
    int64_t length = bh_guarded_string(host, (const char *)(uintptr_t)guest, most);
    if (length < 0)
        return inaccessible(guest, capacity);
    if ((uint64_t)length > most)
        return bh_fail(BH_ERROR_RANGE, "the string at 0x%llx is longer than %zu bytes", (unsigned long long)guest, capacity - 1);
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
