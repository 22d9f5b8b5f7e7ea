/* Instances: a slot with a context page, a gate page, an image and a stack. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fail.h"
#include "base/fork.h"
#include "base/ownership.h"
#include "cross/frame.h"
#include "cross/thread.h"
#include "guest/engine.h"
#include "guest/handlers.h"
#include "guest/hold.h"
#include "guest/hostcall.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/personality.h"
#include "guest/policy.h"
#include "guest/start.h"
#include "guest/state.h"
#include "guest/tasks.h"
#include "host/allocate.h"
#include "host/callback.h"
#include "host/policy.h"
#include "host/share.h"
#include "linux/personality.h"
#include "slot/layout.h"
#include "slot/park.h"
#include "slot/parked.h"
#include "slot/pool.h"
#include "slot/restore.h"
#include "slot/slot.h"
#include "verifier/verify.h"

static void fill_context(bh_instance *instance) {
    instance->slot.context =
        (uint64_t *)(void *)(instance->engine->pool.context_alias + (size_t)instance->slot.number * BH_PAGE_SIZE);
    uint64_t *table = instance->slot.context + (BH_HOSTCALL_TABLE - BH_CONTEXT_BASE) / 8;
    memset(instance->slot.context, 0, BH_PAGE_SIZE);
    instance->slot.context[0] = instance->slot.base;
    for (unsigned n = 0; n < BH_HOSTCALL_COUNT; n++)
        table[n] = (uint64_t)(uintptr_t)bh_stub_bad + n * BH_STUB_BAD_SIZE;
    table[BH_HOSTCALL_SYSCALL] = (uint64_t)(uintptr_t)bh_stub_syscall;
    table[BH_HOSTCALL_RETURN] = (uint64_t)(uintptr_t)bh_stub_return;
    table[BH_HOSTCALL_CALLBACK] = (uint64_t)(uintptr_t)bh_stub_callback;
}

static bh_error map_slot(bh_instance *instance) {
    struct bh_slot *slot = &instance->slot;
    const struct bh_slot_limits limits = {.stack_size = instance->policy->stack_size,
                                          .memory = instance->policy->memory_limit,
                                          .mappings = instance->policy->mapping_limit};
    bh_error error = bh_slot_lay_out(slot, &limits);
    if (error)
        return error;
    if (bh_slot_unpark(slot)) {
        fill_context(instance);
        return BH_OK;
    }
    error = bh_slot_take(slot);
    if (error)
        return error;
    fill_context(instance);
    return bh_slot_map_all(slot);
}

static void discard(bh_instance *instance) {
    bh_threads_destroy(instance);
    bh_callbacks_discard(instance);
    bh_blocks_discard(instance);
    instance->operations->destroy(instance);
    bh_shares_forget(instance);
    /* Either way nothing of this instance is left for the next one. */
    if (instance->slot.base && !bh_slot_park(&instance->slot))
        bh_slot_give(&instance->slot);
    bh_mappings_return(&instance->engine->pool, instance->slot.promised);
    bh_policy_destroy(instance->policy);
    free(instance->slot.space.piece);
    free(instance);
}

static bh_error start(bh_instance *instance) {
    bh_error error;
    if (!bh_instance_take(instance, &error))
        return error;
    error = bh_instance_start(instance);
    bh_instance_give(instance);
    return error;
}

/* Any thread may, at any time: whoever comes last leaves both in accord. */
static void set_deadline(bh_instance *instance, uint64_t nanoseconds) {
    instance->deadline = nanoseconds;
    bh_instance_detour(instance, BH_DETOUR_DEADLINE, nanoseconds);
    if (!nanoseconds && instance->deadline)
        bh_instance_detour(instance, BH_DETOUR_DEADLINE, true);
}

static bh_error create(bh_module *module, const bh_policy *policy, bh_instance **result) {
    bh_error error = bh_signals_check_sometimes(module->engine);
    if (!error)
        error = bh_thread_prepare(module->engine->deadline_signal, true);
    if (error)
        return error;

    bh_instance *instance = calloc(1, sizeof(*instance));
    if (!instance)
        return bh_fail(BH_ERROR_MEMORY, "no memory for an instance");
    instance->engine = module->engine;
    instance->module = module;
    instance->operations = &bh_linux_personality;
    instance->slot.pool = &module->engine->pool;
    instance->slot.image = &module->image;
    bh_ownership_init(&instance->ownership);
    instance->policy = bh_policy_share(policy ? policy : module->engine->no_policy);
    set_deadline(instance, instance->policy->deadline);
    uint32_t facts = module->facts.facts;
    instance->frame_flags =
        (facts & BH_FACT_X87 ? FRAME_FLAG_X87 : 0) | (facts & BH_FACT_MXCSR ? FRAME_FLAG_MXCSR : 0) |
        (module->engine->avx ? FRAME_FLAG_AVX : 0) | (module->engine->refill_return_stack ? FRAME_FLAG_REFILL : 0) |
        (facts & BH_FACT_UPPER && module->engine->avx ? FRAME_FLAG_UPPER : 0) |
        (module->engine->fnstenv_keeps ? FRAME_FLAG_FNINIT : 0) |
        (module->engine->fsgsbase ? 0 : FRAME_FLAG_NO_FSGSBASE) |
        (module->image.elf.note_flags & BH_NOTE_FLAG_THREADS ? FRAME_FLAG_THREADS : 0);
    bh_instance_detour(instance, BH_DETOUR_MODULE,
                       instance->frame_flags & (FRAME_FLAG_NO_FSGSBASE | FRAME_FLAG_THREADS));
    error = map_slot(instance);
    instance->slot.mapped = !error;
    if (!error)
        error = instance->operations->create(instance);
    if (!error)
        error = bh_threads_create(instance);
    if (!error)
        error = start(instance);
    if (error) {
        if (instance->threads)
            bh_threads_close(instance);
        discard(instance);
        return error;
    }
    /* Its constructors may have started threads, which change the map. */
    bh_state_lock(instance);
    bh_slot_settle(&instance->slot);
    if (!atomic_load_explicit(&module->image.warm, memory_order_acquire))
        bh_warm_learn(&instance->slot);
    bh_state_unlock(instance);
    /* Not earlier: who creates an instance need not be who calls it. */
    if (!instance->threads)
        bh_ownership_offer(&instance->ownership);
    *result = instance;
    return BH_OK;
}

bh_error bh_instance_create(bh_module *module, const bh_policy *policy, bh_instance **result) {
    if (!module || !result)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_create: a module and a place for the result are needed");
    if (atomic_load(&bh_forked))
        return bh_fail(BH_ERROR_FORKED, "instances cannot be created in the child of a fork");
    bh_error error = create(module, policy, result);
    /* The kernel refused something that parked slots may have. */
    if (error == BH_ERROR_LIMIT && bh_parked_give_up(NULL, NULL)) {
        while (bh_parked_give_up(NULL, NULL))
            ;
        error = create(module, policy, result);
    }
    return error;
}

bh_error bh_instance_destroy(bh_instance *instance) {
    bh_error error = BH_OK;
    if (!instance)
        return BH_OK;
    if (atomic_load(&bh_forked))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    if (instance->threads)
        error = bh_threads_close(instance);
    else
        bh_instance_take(instance, &error);
    if (error)
        return error;
    discard(instance);
    return BH_OK;
}

bh_error bh_instance_set_deadline(bh_instance *instance, uint64_t nanoseconds) {
    if (!instance)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_set_deadline: no instance");
    set_deadline(instance, nanoseconds);
    return BH_OK;
}

bh_address bh_instance_base(const bh_instance *instance) { return instance ? instance->slot.base : 0; }

void bh_instance_get_usage(const bh_instance *instance, bh_usage *usage) {
    /* The log of refusals asks from within a system call, which holds the lock. */
    const struct bh_task *task = instance->threads ? bh_this_task(instance) : NULL;
    bool locked = !task || !task->frame;
    if (locked)
        bh_state_lock((bh_instance *)instance);
    /* Host calls are counted before they take the lock; without threads nobody takes it. */
    *usage = (bh_usage){.mapped = __atomic_load_n(&instance->slot.space.bytes, __ATOMIC_RELAXED),
                        .mapped_peak = __atomic_load_n(&instance->slot.space.peak, __ATOMIC_RELAXED),
                        .mappings = __atomic_load_n(&instance->slot.space.count, __ATOMIC_RELAXED),
                        .refused = __atomic_load_n(&instance->refused, __ATOMIC_RELAXED),
                        .host_calls = __atomic_load_n(&instance->host_calls, __ATOMIC_RELAXED)};
    if (locked)
        bh_state_unlock((bh_instance *)instance);
}
