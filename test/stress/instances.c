/* Engines, modules, policies, and the lives of instances. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stress.h"

#define MAGIC ((uint64_t)0x5ca1ab1e << 32)
#define IMAGE_PAGES 64 /* where images of this test lie, with room for brk */
#define STACK_PAGES 32
#define STACK_SIZE (256u << 10)

bh_engine *engines[ENGINES];
bh_module *modules[ENGINES][MODULES];
struct entry pool[SHARED];
const char *plain_path;
static bh_policy *policies[POLICIES];
static bh_module *programs[ENGINES];
static _Atomic uint64_t lives = 1;
static _Atomic uint64_t slots[32768 / 64];

static void fail_start(const char *what) {
    printf("cannot start: %s: %s\n", what, bh_last_error()->text);
    exit(2);
}

static void make_policies(void) {
    static int numbers[POLICIES];
    for (int n = 0; n < POLICIES; n++) {
        bh_policy *policy;
        numbers[n] = n;
        if (bh_policy_create(&policy) || bh_policy_set_log(policy, log_refusal, &numbers[n]) || bh_policy_set_stack_size(policy, STACK_SIZE) ||
            bh_policy_set_thread_limit(policy, n == TIGHT ? 2 : 6) || bh_policy_grant(policy, BH_GRANT_CLOCK) ||
            bh_policy_set_memory_limit(policy, n == TIGHT ? 4 << 20 : 32 << 20) ||
            bh_policy_set_mapping_limit(policy, n == TIGHT ? 40 : 0) || bh_policy_set_deadline(policy, n == BRIEF && !no_interrupts ? BRIEF_DEADLINE : 0))
            fail_start("policy");
        policies[n] = policy;
    }
}

void open_engines(const char *const path[FILES], uint64_t seed) {
    plain_path = path[PLAIN];
    for (int n = 0; n < ENGINES; n++) {
        bh_engine_options options = {.struct_size = sizeof(options)};
        options.slots = n == SMALL ? 10 : 200;
        options.mapping_limit = n == SMALL ? 130 : 0;
        options.no_fsgsbase = n == SMALL && seed % 2;
        options.refill_return_stack = n == SMALL && seed % 3 == 0;
        options.trust_handlers = n == SMALL;
        if (bh_engine_create(&options, &engines[n]))
            fail_start("engine");
        for (int m = 0; m < MODULES; m++) {
            bh_error error = bh_module_load(engines[n], path[m], NULL, &modules[n][m]);
            if (error == BH_ERROR_CPU && m == FLOAT)
                printf("left out: %s\n", bh_last_error()->text);
            else if (error)
                fail_start(path[m]);
        }
        if (bh_module_load(engines[n], path[PROGRAM], NULL, &programs[n]))
            fail_start(path[PROGRAM]);
    }
    make_policies();
    for (int n = 0; n < SHARED; n++) {
        pool[n].shared = true;
        pthread_mutex_init(&pool[n].lock, NULL);
    }
}

void close_engines(void) {
    for (int n = 0; n < SHARED; n++) {
        expect("destroy at the end", &pool[n], bh_instance_destroy(pool[n].instance), SET(BH_OK));
        for (int b = 0; b < BUFFERS; b++)
            expect("destroy buffer", &pool[n], bh_shared_destroy(pool[n].buffer[b]), SET(BH_OK));
        pthread_mutex_destroy(&pool[n].lock);
    }
    for (int n = 0; n < ENGINES; n++) {
        require(bh_engine_mappings(engines[n]) == 0, "engine %d counts %zu mappings with no instance left", n,
                bh_engine_mappings(engines[n]));
        expect("destroy engine in use", NULL, bh_engine_destroy(engines[n]), SET(BH_ERROR_BUSY));
        for (int m = 0; m < MODULES; m++)
            expect("destroy module", NULL, bh_module_destroy(modules[n][m]), SET(BH_OK));
        expect("destroy module", NULL, bh_module_destroy(programs[n]), SET(BH_OK));
        expect("destroy engine", NULL, bh_engine_destroy(engines[n]), SET(BH_OK));
    }
    for (int n = 0; n < POLICIES; n++)
        bh_policy_destroy(policies[n]);
}

bool is_slot(const void *address) {
    uint64_t slot = (uint64_t)(uintptr_t)address >> BH_SLOT_SHIFT;
    return slot < 32768 && (atomic_load(&slots[slot / 64]) >> slot % 64 & 1);
}

static void note_slot(bh_instance *instance) {
    uint64_t slot = bh_instance_base(instance) >> BH_SLOT_SHIFT;
    atomic_fetch_or(&slots[slot / 64], (uint64_t)1 << slot % 64);
}

uint64_t always_allowed(const struct entry *entry) {
    uint64_t set = 0;
    /* Where threads may be made, other threads' calls need a stack and mappings, which run out. */
    if (entry->module == THREADS && (entry->shared || entry->engine == SMALL || entry->policy == TIGHT))
        set |= SET(BH_ERROR_LIMIT) | SET(BH_ERROR_MEMORY);
    if (entry->policy == BRIEF)
        set |= SET(BH_ERROR_DEADLINE);
    if (entry->shared)
        set |= SET(BH_ERROR_BUSY) | SET(BH_ERROR_DEAD);
    /* Another thread's end is the call's. */
    if ((entry->shared && entry->module == THREADS) || entry->unsettled)
        set |= SET(BH_ERROR_DEAD) | SET(BH_ERROR_FAULT) | SET(BH_ERROR_EXITED) | SET(BH_ERROR_CALLBACK);
    return set;
}

bh_error call(const struct entry *entry, const char *name, const char *signature, bh_value *result, uint64_t a, uint64_t b, uint64_t c) {
    bh_function function;
    bh_error error = bh_instance_function(entry->instance, name, signature, &function);
    return error ? error : bh_invoke(entry->instance, &function, result, a, b, c);
}

/* ---- Nothing of one life is seen by the next ---- */

static unsigned find_stains(bh_instance *instance, uint64_t at, unsigned pages) {
    uint64_t page[PAGE / 8];
    unsigned found = 0;
    for (unsigned n = 0; n < pages; n++) {
        if (bh_copy_out(instance, page, at + n * PAGE, PAGE))
            continue;
        for (unsigned w = 0; w < PAGE / 8; w++)
            found += page[w] >> 32 == MAGIC >> 32;
    }
    return found;
}

/* A life begins. Only the calling thread has the instance. */
static void begin_life(struct worker *worker, struct entry *entry) {
    bh_value value = {0};
    bh_address zeros;
    entry->dead = entry->unsettled = false;
    memset(entry->callback, 0, sizeof(entry->callback));
    entry->life = (uint32_t)atomic_fetch_add(&lives, 1);
    uint64_t allowed = SET(BH_OK) | (always_allowed(entry) & (SET(BH_ERROR_DEADLINE)));
    if (draw(worker, 4) == 0) {
        unsigned found = find_stains(entry->instance, bh_instance_base(entry->instance) + BH_IMAGE_OFFSET, IMAGE_PAGES);
        require(!found, "%u words of an earlier life in a new one's image", found);
    }
    if (!expect("scan", entry, call(entry, "scan", "m(m)", &value, entry->life, 0, 0), allowed)) {
        entry->dead = true;
        return;
    }
    require(!value.as.m, "life %llu sees the stain 0x%llx of another one", (unsigned long long)entry->life,
            (unsigned long long)value.as.m);
    require(bh_instance_symbol(entry->instance, "zeros", &zeros) == BH_ERROR_NOT_FOUND, "a static variable is exported");
    entry->dead = !expect("stain", entry, call(entry, "stain", "l(m)", &value, entry->life, 0, 0), allowed);
}

/* The stain must still be there and no other: checked before a private instance goes. */
static void end_life(const struct entry *entry) {
    bh_value value = {0};
    if (entry->shared || entry->dead || entry->unsettled)
        return;
    if (expect("scan", entry, call(entry, "scan", "m(m)", &value, entry->life, 0, 0), SET(BH_OK) | always_allowed(entry)))
        require(!value.as.m, "life %llu ends with the stain 0x%llx of another one", (unsigned long long)entry->life,
                (unsigned long long)value.as.m);
}

/* ---- Creation, reset, destruction ---- */

static uint64_t creation_errors(const struct entry *entry) {
    return SET(BH_OK) | (entry->policy == BRIEF ? SET(BH_ERROR_DEADLINE) : 0) |
           (entry->engine == SMALL ? SET(BH_ERROR_LIMIT) | SET(BH_ERROR_NO_SLOT) : 0);
}

void create(struct worker *worker, struct entry *entry) {
    entry->engine = draw(worker, 3) ? 0 : SMALL;
    entry->module = (int)draw(worker, MODULES);
    entry->policy = entry->shared ? BRIEF : (int)draw(worker, 2);
    entry->life = 0;
    bh_module *module = modules[entry->engine][entry->module];
    if (!module)
        return;
    bh_instance *instance;
    if (!expect("create", entry, bh_instance_create(module, policies[entry->policy], &instance), creation_errors(entry)))
        return;
    note_slot(instance);
    entry->instance = instance;
    begin_life(worker, entry);
}

bh_error create_program(struct entry *entry) {
    bh_error error = bh_instance_create(programs[entry->engine], policies[entry->policy], &entry->instance);
    if (!error)
        note_slot(entry->instance);
    return error;
}

static void withdraw_buffers(struct entry *entry) {
    for (int n = 0; n < BUFFERS; n++) {
        expect("destroy buffer", entry, bh_shared_destroy(entry->buffer[n]), SET(BH_OK));
        entry->buffer[n] = NULL;
        entry->share[n] = 0;
    }
}

void destroy(struct worker *worker, struct entry *entry) {
    end_life(entry);
    if (expect("destroy", entry, bh_instance_destroy(entry->instance), SET(BH_OK)))
        entry->instance = NULL;
    withdraw_buffers(entry);
}

void reset(struct worker *worker, struct entry *entry) {
    if (entry->shared) {
        expect("reset", entry, bh_instance_reset(entry->instance),
               SET(BH_OK) | SET(BH_ERROR_BUSY) | SET(BH_ERROR_DEADLINE) | (entry->engine == SMALL ? SET(BH_ERROR_LIMIT) | SET(BH_ERROR_DEAD) : 0));
        return;
    }
    end_life(entry);
    bh_error error = bh_instance_reset(entry->instance);
    withdraw_buffers(entry);
    entry->dead = true;
    entry->unsettled = false;
    if (expect("reset", entry, error, creation_errors(entry)))
        begin_life(worker, entry);
}

struct entry *acquire(struct entry *entry) {
    pthread_mutex_lock(&entry->lock);
    bool there = entry->instance != NULL;
    entry->users += there;
    pthread_mutex_unlock(&entry->lock);
    return there ? entry : NULL;
}

void release(struct entry *entry) {
    pthread_mutex_lock(&entry->lock);
    entry->users--;
    pthread_mutex_unlock(&entry->lock);
}

bh_error note_end(struct entry *entry, bh_error error) {
    const uint64_t ends = SET(BH_ERROR_DEAD) | SET(BH_ERROR_FAULT) | SET(BH_ERROR_EXITED) | SET(BH_ERROR_DEADLINE) | SET(BH_ERROR_CALLBACK);
    if (!entry->shared && (ends >> error & 1))
        entry->dead = true;
    return error;
}
