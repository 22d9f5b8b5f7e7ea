/* Instances: a slot with a context page, a gate page, an image and a stack. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define DEFAULT_STACK ((uint64_t)8 << 20)
#define MAX_STACK ((uint64_t)1 << 30)
#define DEFAULT_MAPPINGS 8192
#define BRK_GAP 0x10000
#define BRK_ROOM ((uint64_t)512 << 20) /* between the image and the stack */

bool bh_instance_room(bh_instance *instance, unsigned more) {
    if (!bh_space_room(&instance->space, more))
        return false;
    /* A piece and the hole behind it are two mappings for the kernel. */
    unsigned need = bh_space_mappings(&instance->space) + 2 * more;
    if (need <= instance->promised)
        return true;
    unsigned wanted = need - instance->promised, ahead = instance->space.count / 4;
    if (!bh_mappings_take(instance->engine, wanted + ahead)) {
        ahead = 0;
        if (!bh_mappings_take(instance->engine, wanted))
            return false;
    }
    instance->promised += wanted + ahead;
    return true;
}

void bh_instance_settle(bh_instance *instance) {
    unsigned need = bh_space_mappings(&instance->space);
    if (need < instance->promised) {
        bh_mappings_return(instance->engine, instance->promised - need);
        instance->promised = need;
    }
}

bool bh_instance_unmap(bh_instance *instance, uint64_t start, uint64_t end) {
    struct bh_space *space = &instance->space;
    uint64_t from = start, to = end;
    bh_space_widen(space, &from, &to);
    if (!bh_slot_unmap(instance->base + from, to - from)) {
        instance->poisoned = true;
        return false;
    }
    bh_space_remove(space, start, end);
    return true;
}

static void fill_context(bh_instance *instance) {
    instance->context = (uint64_t *)(void *)(instance->engine->context_alias + (size_t)instance->slot * BH_PAGE_SIZE);
    uint64_t *table = instance->context + (BH_HOSTCALL_TABLE - BH_CONTEXT_BASE) / 8;
    memset(instance->context, 0, BH_PAGE_SIZE);
    instance->context[0] = instance->base;
    for (unsigned n = 0; n < BH_HOSTCALL_COUNT; n++)
        table[n] = (uint64_t)(uintptr_t)bh_stub_bad + n * BH_STUB_BAD_SIZE;
    table[BH_HOSTCALL_SYSCALL] = (uint64_t)(uintptr_t)bh_stub_syscall;
    table[BH_HOSTCALL_RETURN] = (uint64_t)(uintptr_t)bh_stub_return;
    table[BH_HOSTCALL_CALLBACK] = (uint64_t)(uintptr_t)bh_stub_callback;
}

/* Offsets in whatever slot it will be. From low to high: context, gate, image, room for brk, a guard, the stack, and everything that the guest maps. Stack and
 * mappings lie together: the kernel makes one mapping of them, and a small instance needs three pages of page tables. */
static bh_error lay_out(bh_instance *instance) {
    struct bh_space *space = &instance->space;
    const struct bh_elf *elf = &instance->module->elf;
    uint64_t stack = instance->policy->stack_size ? instance->policy->stack_size : elf->stack_size;
    if (stack < DEFAULT_STACK && !instance->policy->stack_size)
        stack = DEFAULT_STACK;
    stack = BH_PAGE_ROUND(stack > MAX_STACK ? MAX_STACK : stack);

    space->limit = instance->policy->mapping_limit ? instance->policy->mapping_limit : DEFAULT_MAPPINGS;
    space->low = BH_IMAGE_OFFSET;
    space->high = BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE;
    space->code_start = BH_IMAGE_OFFSET + elf->code_addr;
    space->code_end = space->code_start + elf->code_size;
    space->brk_start = space->brk = BH_IMAGE_OFFSET + elf->image_hi + BRK_GAP;
    if (space->brk_start + stack + BH_STACK_GUARD_SIZE > space->high)
        return bh_fail(BH_ERROR_LIMIT, "the image of '%s' and a stack of %llu MiB do not fit into a slot",
                       instance->module->name, (unsigned long long)(stack >> 20));
    uint64_t left = space->high - space->brk_start - stack - BH_STACK_GUARD_SIZE;
    uint64_t bottom = space->brk_start + BH_PAGE_ROUND(left / 4 < BRK_ROOM ? left / 4 : BRK_ROOM) + BH_STACK_GUARD_SIZE;
    space->map_start = bottom + stack;
    instance->stack_bottom = bottom;
    instance->stack_top = space->map_start;
    uint64_t room = space->high - space->brk_start - stack;
    uint64_t allowed = instance->policy->memory_limit;
    space->byte_limit = allowed && allowed < room ? allowed : room;
    return BH_OK;
}

bh_error bh_instance_map_stack(bh_instance *instance) {
    if (!bh_instance_room(instance, 2))
        return bh_fail_mappings(instance, "a stack");
    uint64_t size = instance->stack_top - instance->stack_bottom, bottom = instance->stack_bottom - instance->base;
    if (!bh_slot_map(instance->stack_bottom, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
        instance->poisoned = true;
        return bh_fail_limit("cannot map a guest's stack");
    }
    bh_space_add(&instance->space, bottom, bottom + size, PROT_READ | PROT_WRITE, BH_PIECE_STACK, false);
    bh_space_add(&instance->space, bottom - BH_STACK_GUARD_SIZE, bottom, PROT_NONE, BH_PIECE_GUARD, false);
    return BH_OK;
}

static bh_error map_slot(bh_instance *instance) {
    bh_engine *engine = instance->engine;
    bh_error error = lay_out(instance);
    if (error)
        return error;
    if (bh_instance_unpark(instance)) {
        fill_context(instance);
        return BH_OK;
    }
    error = bh_slot_take(engine, &instance->slot);
    if (error)
        return error;
    instance->base = bh_slot_base(engine, instance->slot);
    atomic_fetch_add(&instance->module->instances, 1);
    instance->stack_bottom += instance->base;
    instance->stack_top += instance->base;
    if (!bh_instance_room(instance, 0))
        return bh_fail_mappings(instance, "an instance");
    if (!bh_kept_same(&engine->context))
        return bh_fail_kept(&engine->context, "the context pages");
    if (!bh_kept_same(&engine->gate))
        return bh_fail_kept(&engine->gate, "the gate pages");
    fill_context(instance);
    if (!bh_slot_map(instance->base + BH_CONTEXT_OFFSET, BH_PAGE_SIZE, PROT_READ, MAP_SHARED, engine->context.fd,
                     (uint64_t)instance->slot * BH_PAGE_SIZE) ||
        !bh_slot_map(instance->base + BH_GATE_OFFSET, BH_GATE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, engine->gate.fd, 0)) {
        instance->poisoned = true;
        return bh_fail_limit("cannot map the context of an instance");
    }
    error = bh_module_map(instance->module, instance);
    return error ? error : bh_instance_map_stack(instance);
}

static void discard(bh_instance *instance) {
    bh_threads_destroy(instance);
    bh_callbacks_discard(instance);
    bh_blocks_discard(instance);
    bh_linux_destroy(instance);
    bh_shares_forget(instance);
    /* Either way nothing of this instance is left for the next one. */
    if (instance->base && !bh_instance_park(instance)) {
        if (!bh_slot_unmap(instance->base, BH_SLOT_SIZE))
            instance->poisoned = true;
        if (instance->context)
            memset(instance->context, 0, BH_PAGE_SIZE);
        bh_slot_release(instance->engine, instance->slot, instance->poisoned);
        atomic_fetch_sub(&instance->module->instances, 1);
    }
    bh_mappings_return(instance->engine, instance->promised);
    bh_policy_destroy(instance->policy);
    free(instance->space.piece);
    free(instance);
}

/* A library's e_entry initialises libc, runs constructors and comes back. */
bh_error bh_instance_start(bh_instance *instance) {
    const char *argv[] = {instance->module->name, NULL};
    uint64_t sp;
    if (!bh_is_library(instance))
        return BH_OK;
    bh_error error = bh_start_stack(instance, 1, argv, &sp);
    if (error)
        return error;
    instance->stack_pointer = (sp - 2 * BH_STACK_SCRATCH_SIZE) & ~(uint64_t)63;
    if (instance->threads)
        bh_this_task(instance)->stack_pointer = instance->stack_pointer;
    return bh_call_start(instance, sp);
}

static bh_error start(bh_instance *instance) {
    bh_error error;
    if (!bh_instance_lock(instance, &error))
        return error;
    error = bh_instance_start(instance);
    bh_instance_unlock(instance);
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
        error = bh_thread_prepare(module->engine, true);
    if (error)
        return error;

    bh_instance *instance = calloc(1, sizeof(*instance));
    if (!instance)
        return bh_fail(BH_ERROR_MEMORY, "no memory for an instance");
    instance->engine = module->engine;
    instance->module = module;
    bh_ownership_init(&instance->ownership);
    instance->policy = bh_policy_share(policy ? policy : module->engine->no_policy);
    set_deadline(instance, instance->policy->deadline);
    uint32_t facts = module->facts.facts;
    instance->frame_flags = (facts & BH_FACT_X87 ? FRAME_FLAG_X87 : 0) | (facts & BH_FACT_MXCSR ? FRAME_FLAG_MXCSR : 0) |
                            (module->engine->avx ? FRAME_FLAG_AVX : 0) |
                            (module->engine->refill_return_stack ? FRAME_FLAG_REFILL : 0) |
                            (facts & BH_FACT_UPPER && module->engine->avx ? FRAME_FLAG_UPPER : 0) |
                            (module->engine->fnstenv_keeps ? FRAME_FLAG_FNINIT : 0) |
                            (module->engine->fsgsbase ? 0 : FRAME_FLAG_NO_FSGSBASE) |
                            (module->elf.note_flags & BH_NOTE_FLAG_THREADS ? FRAME_FLAG_THREADS : 0);
    bh_instance_detour(instance, BH_DETOUR_MODULE, instance->frame_flags & (FRAME_FLAG_NO_FSGSBASE | FRAME_FLAG_THREADS));
    error = map_slot(instance);
    instance->mapped = !error;
    if (!error)
        error = bh_linux_create(instance);
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
    bh_instance_settle(instance);
    if (!atomic_load_explicit(&module->warm, memory_order_acquire))
        bh_warm_learn(instance);
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
        bh_instance_lock(instance, &error);
    if (error)
        return error;
    discard(instance);
    return BH_OK;
}

bh_error bh_instance_depart_killing(bh_instance *instance, bool taken) {
    const struct bh_fault fault = {.kind = BH_FAULT_HOST_LIMIT, .signal = SIGKILL};
    if (instance->threads)
        return bh_threads_depart_killing(instance, &fault);
    bh_error error = bh_instance_kill(instance, &fault);
    bh_instance_depart(instance, taken);
    return error;
}

bh_error bh_instance_set_deadline(bh_instance *instance, uint64_t nanoseconds) {
    if (!instance)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_set_deadline: no instance");
    set_deadline(instance, nanoseconds);
    return BH_OK;
}

bh_address bh_instance_base(const bh_instance *instance) {
    return instance ? instance->base : 0;
}

void bh_instance_get_usage(const bh_instance *instance, bh_usage *usage) {
    /* The log of refusals asks from within a system call, which holds the lock. */
    const struct bh_task *task = instance->threads ? bh_this_task(instance) : NULL;
    bool locked = !task || !task->frame;
    if (locked)
        bh_state_lock((bh_instance *)instance);
    /* Host calls are counted before they take the lock; without threads nobody takes it. */
    *usage = (bh_usage){.mapped = __atomic_load_n(&instance->space.bytes, __ATOMIC_RELAXED),
                        .mapped_peak = __atomic_load_n(&instance->space.peak, __ATOMIC_RELAXED),
                        .mappings = __atomic_load_n(&instance->space.count, __ATOMIC_RELAXED),
                        .refused = __atomic_load_n(&instance->refused, __ATOMIC_RELAXED),
                        .host_calls = __atomic_load_n(&instance->host_calls, __ATOMIC_RELAXED)};
    if (locked)
        bh_state_unlock((bh_instance *)instance);
}
