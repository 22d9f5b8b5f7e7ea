/* The operations, each drawn by its weight. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

static uint64_t call_errors(const struct entry *entry) {
    return SET(BH_OK) | always_allowed(entry);
}

/* ---- Calls ---- */

static void call_add(struct worker *worker, struct entry *entry) {
    for (uint64_t n = 1 + draw(worker, 20); n; n--) {
        int64_t a = (int64_t)draw(worker, 1u << 30), b = (int64_t)draw(worker, 1u << 30);
        bh_value value = {0};
        if (!expect("call", entry, note_end(entry, call(entry, "add", "l(ll)", &value, (uint64_t)a, (uint64_t)b, 0)), call_errors(entry)))
            return;
        require(value.as.l == a + b, "add returned %lld", (long long)value.as.l);
    }
}

static void call_floats(struct worker *worker, struct entry *entry) {
    bh_function function;
    bh_value value = {0};
    struct {
        double first;
        int64_t second;
    } pair = {5, 6}, swapped = {0, 0};
    require(!bh_instance_function(entry->instance, "mix", "d(idf)", &function), "mix is not found");
    if (expect("call with floats", entry, note_end(entry, bh_invoke(entry->instance, &function, &value, 3, 0.5, 0.25)), call_errors(entry)))
        require(value.as.d == 3.75, "mix returned %f", value.as.d);
    else
        return;
    require(!bh_instance_function(entry->instance, "swap", "{dl}({dl})", &function), "swap is not found");
    value.as.s = &swapped;
    if (expect("call with structures", entry, note_end(entry, bh_invoke(entry->instance, &function, &value, &pair)), call_errors(entry)))
        require(swapped.first == 6 && swapped.second == 5, "swap returned %f and %lld", swapped.first, (long long)swapped.second);
}

/* Wherever in a bundle and in which slot the address lies: execution starts at that bundle of this slot. */
static void call_registers(struct worker *worker, struct entry *entry) {
    bh_address address;
    uint64_t a = draw(worker, 1u << 30), b = draw(worker, 1u << 30);
    const double half = 0.5;
    const float quarter = 0.25f;
    if (bh_instance_symbol(entry->instance, "add", &address))
        return require(false, "add is not found");
    bh_registers registers = {.integer = {a, b}, .vectors = (uint32_t)draw(worker, 9)};
    uint64_t inside = draw(worker, 32), slot = draw(worker, 2) << 40;
    if (expect("call with registers", entry, note_end(entry, bh_call_registers(entry->instance, (address + inside) ^ slot, &registers)),
               call_errors(entry)))
        require(registers.rax == a + b, "add left %llu in rax", (unsigned long long)registers.rax);
    else
        return;
    if (bh_instance_symbol(entry->instance, "mix", &address))
        return require(false, "mix is not found");
    registers = (bh_registers){.integer = {3}, .vectors = 2};
    memcpy(&registers.vector[0], &half, sizeof(half));
    memcpy(&registers.vector[1], &quarter, sizeof(quarter));
    if (expect("call with registers", entry, note_end(entry, bh_call_registers(entry->instance, address, &registers)), call_errors(entry))) {
        double result;
        memcpy(&result, &registers.xmm0, sizeof(result));
        require(result == 3.75, "mix left %f in xmm0", result);
    } else {
        return;
    }
    if (draw(worker, 8) == 0)
        expect("call nowhere", entry, note_end(entry, bh_call_registers(entry->instance, bh_instance_base(entry->instance) + 32, &registers)),
               SET(BH_ERROR_FAULT) | (always_allowed(entry) & ~SET(BH_OK)));
}

static void callback_that_returns(struct worker *worker, struct entry *entry) {
    static const int kinds[] = {CALLBACK_ADD, CALLBACK_NESTED, CALLBACK_BUSY, CALLBACK_HOST_FAULT, CALLBACK_OTHER};
    call_with_callback(worker, entry, kinds[draw(worker, 5)]);
}

static void callback_that_ends(struct worker *worker, struct entry *entry) {
    call_with_callback(worker, entry, draw(worker, 2) ? CALLBACK_STOP : CALLBACK_NESTED_FAULT);
}

/* ---- Ends ---- */

static const struct {
    bh_fault_kind kind;
    const char *name;
} fault[] = {{BH_FAULT_ACCESS, "fault: access"},     {BH_FAULT_PROTECTION, "fault: protection"}, {BH_FAULT_STACK_OVERFLOW, "fault: overflow"},
             {BH_FAULT_BUS, "fault: bus"},           {BH_FAULT_ILLEGAL, "fault: illegal"},       {BH_FAULT_ARITHMETIC, "fault: arithmetic"},
             {BH_FAULT_TRAP, "fault: trap"},         {BH_FAULT_SIGNAL, "fault: signal"},         {BH_FAULT_CALLBACK, "fault: callback"},
             {BH_FAULT_DEADLOCK, "fault: deadlock"}, {BH_FAULT_NONE, "exit"},                    {BH_FAULT_HOSTCALL, "fault: host call"}};

/* Memory of a file that ended since it was shared; 0 when it cannot be. */
static bh_address share_truncated(struct entry *entry) {
    bh_address address = 0;
    int fd = memfd_create("stress", MFD_CLOEXEC);
    require(fd >= 0 && !ftruncate(fd, 2 * PAGE), "no memfd: %s", strerror(errno));
    if (!expect("share a file", entry, note_end(entry, bh_share_fd(entry->instance, fd, 0, 2 * PAGE, BH_READ_WRITE, &address)),
                SET(BH_OK) | SET(BH_ERROR_LIMIT) | always_allowed(entry)))
        address = 0;
    require(!ftruncate(fd, 0), "cannot truncate: %s", strerror(errno));
    close(fd);
    return address;
}

static void call_fault(struct worker *worker, struct entry *entry) {
    unsigned kind = (unsigned)draw(worker, sizeof(fault) / sizeof(*fault));
    bh_address where = 0;
    if (kind == 9 && entry->module == THREADS)
        kind = 0; /* others could wake it */
    if (kind == 3 && !(where = share_truncated(entry)))
        return;
    if (kind == 8)
        where = bh_instance_base(entry->instance) + BH_GATE_OFFSET + 64 + 32 * (BH_CALLBACK_COUNT - 1);
    uint64_t allowed = always_allowed(entry) | SET(kind == 10 ? BH_ERROR_EXITED : BH_ERROR_FAULT);
    if (entry->shared && kind == 3)
        allowed |= SET(BH_ERROR_FAULT); /* access: a reset took the memory away */
    bool exact = !entry->shared && !entry->unsettled;
    bh_error error = note_end(entry, call(entry, "fail", "l(ip)", NULL, kind, where, 0));
    expect(fault[kind].name, entry, error, allowed);
    if (exact && error == BH_ERROR_FAULT)
        require(bh_last_error()->fault == fault[kind].kind, "%s came back as: %s", fault[kind].name, bh_last_error()->text);
    if (exact && error == BH_ERROR_EXITED)
        require(bh_last_error()->exit_status == 42, "exit came back with %d", bh_last_error()->exit_status);
    if (exact)
        expect("call of the dead", entry, call(entry, "add", "l(ll)", NULL, 1, 2, 0), SET(BH_ERROR_DEAD));
}

static void call_for_ever(struct worker *worker, struct entry *entry) {
    if (no_interrupts)
        return;
    if (!entry->shared)
        bh_instance_set_deadline(entry->instance, 1000000 + draw(worker, 8000000));
    expect("endless call", entry, note_end(entry, call(entry, "loop", "l()", NULL, 0, 0, 0)),
           SET(BH_ERROR_DEADLINE) | (always_allowed(entry) & ~SET(BH_OK)));
    if (!entry->shared)
        bh_instance_set_deadline(entry->instance, 0);
}

/* ---- Memory ---- */

static void allocate(struct worker *worker, struct entry *entry) {
    static const char text[] = "between host and guest";
    uint64_t allowed = SET(BH_OK) | SET(BH_ERROR_MEMORY) | always_allowed(entry);
    bh_address block;
    char back[sizeof(text)];
    size_t size = draw(worker, 4) ? draw(worker, 5000) + sizeof(text) : draw(worker, 1u << 26) + sizeof(text);
    if (!expect("allocate", entry, note_end(entry, bh_allocate(entry->instance, size, &block)), allowed))
        return;
    /* In a shared instance the block may be gone: a reset. */
    uint64_t gone = entry->shared ? SET(BH_ERROR_RANGE) : 0;
    if (expect("copy in", entry, bh_copy_in(entry->instance, block, text, sizeof(text)), SET(BH_OK) | gone) &&
        expect("copy string", entry, bh_copy_string(entry->instance, back, block, sizeof(back)), SET(BH_OK) | gone) && !entry->shared)
        require(!memcmp(back, text, sizeof(text)), "what was copied in came out as '%s'", back);
    if (entry->shared)
        allowed |= SET(BH_ERROR_FAULT); /* free() of what a reset forgot; what that does to the heap */
    expect("free", entry, note_end(entry, bh_free(entry->instance, block)), allowed);
}

static void copy_badly(struct worker *worker, struct entry *entry) {
    char byte[64] = {0};
    bh_address base = bh_instance_base(entry->instance);
    expect("copy to nowhere", entry, bh_copy_in(entry->instance, base + 16, byte, sizeof(byte)), SET(BH_ERROR_RANGE));
    expect("copy to a neighbour", entry, bh_copy_in(entry->instance, base + BH_SLOT_SIZE - 8, byte, sizeof(byte)), SET(BH_ERROR_RANGE));
    expect("copy to code", entry, bh_copy_in(entry->instance, base + BH_GATE_OFFSET, byte, sizeof(byte)), SET(BH_ERROR_RANGE));
    expect("copy from the host", entry, bh_copy_out(entry->instance, byte, (bh_address)(uintptr_t)byte, sizeof(byte)), SET(BH_ERROR_RANGE));
}

static void exhaust(struct worker *worker, struct entry *entry) {
    bool split = draw(worker, 2);
    bh_value value = {0};
    bh_error error = split ? call(entry, "split", "l(l)", &value, 40 + draw(worker, 60), 0, 0) : call(entry, "grab", "l(l)", &value, 40, 0, 0);
    uint64_t allowed = call_errors(entry) | (entry->shared ? SET(BH_ERROR_FAULT) : 0); /* its heap: see allocate */
    if (expect(split ? "exhaust mappings" : "exhaust memory", entry, note_end(entry, error), allowed) && !split && !entry->shared)
        require(value.as.l < 33, "%lld MiB were allowed", (long long)value.as.l);
}

/* Sharing, for as long as the operation takes in a shared instance and for longer in a private one. */
static void share(struct worker *worker, struct entry *entry) {
    unsigned index = (unsigned)draw(worker, BUFFERS);
    bool keep = draw(worker, 2), write = draw(worker, 4) != 0;
    if (!entry->shared && entry->buffer[index]) {
        uint64_t allowed = SET(BH_OK) | (entry->unsettled ? SET(BH_ERROR_DEAD) : 0);
        expect("destroy shared buffer", entry, bh_shared_destroy(entry->buffer[index]), SET(BH_ERROR_BUSY));
        if (expect("unshare", entry, bh_unshare(entry->instance, entry->share[index]), allowed)) {
            expect("destroy buffer", entry, bh_shared_destroy(entry->buffer[index]), SET(BH_OK));
            entry->buffer[index] = NULL;
        }
        return;
    }
    void *memory;
    bh_address address;
    size_t size = (1 + draw(worker, 4)) * PAGE;
    if (!expect("create buffer", entry, bh_shared_create(size, &memory), SET(BH_OK)))
        return;
    uint64_t allowed = SET(BH_OK) | SET(BH_ERROR_LIMIT) | always_allowed(entry);
    if (!expect("share", entry, note_end(entry, bh_share(entry->instance, memory, size, write ? BH_READ_WRITE : BH_READ_ONLY, &address)), allowed)) {
        expect("destroy buffer", entry, bh_shared_destroy(memory), SET(BH_OK));
        return;
    }
    *(volatile int64_t *)memory = 4711;
    bh_value value = {0};
    allowed = call_errors(entry) | (entry->shared ? SET(BH_ERROR_FAULT) : 0);
    if (expect("read shared memory", entry, note_end(entry, call(entry, "peek", "l(p)", &value, address, 0, 0)), allowed) && !entry->shared)
        require(value.as.l == 4711, "the guest read %lld in shared memory", (long long)value.as.l);
    if (!entry->dead) {
        if (!write && !entry->shared) /* in a shared one there may be other memory now */
            allowed = SET(BH_ERROR_FAULT) | (always_allowed(entry) & ~SET(BH_OK));
        if (write || draw(worker, 2)) {
            bh_error error = note_end(entry, call(entry, "poke", "l(pl)", &value, address, 4712, 0));
            if (expect(write ? "write shared memory" : "write read-only memory", entry, error, allowed) && !entry->shared)
                require(*(volatile int64_t *)memory == 4712, "the guest's word did not arrive");
        }
    }
    if (!entry->shared && keep) {
        entry->buffer[index] = memory;
        entry->share[index] = address;
        return;
    }
    /* A dead instance keeps its memory until it is reset. */
    bh_error error;
    allowed = SET(BH_OK) | (entry->shared ? SET(BH_ERROR_ARGUMENT) | SET(BH_ERROR_BUSY) : 0);
    while (!expect("unshare", entry, error = bh_unshare(entry->instance, address), allowed) && error == BH_ERROR_BUSY)
        usleep(500);
    /* A reset forgets its shares one after the other before it lets anyone in. */
    while (!expect("destroy buffer", entry, error = bh_shared_destroy(memory), SET(BH_OK)) && error == BH_ERROR_BUSY)
        usleep(500);
}

/* ---- Threads of the guest ---- */

static void work_together(struct worker *worker, struct entry *entry) {
    bh_value value = {0};
    if (entry->module != THREADS)
        return;
    bh_error error = note_end(entry, call(entry, "together", "l(ll)", &value, 1 + draw(worker, 5), draw(worker, 200), 0));
    if (expect("guest threads together", entry, error, call_errors(entry)))
        require(value.as.l == 0, "a guest thread lost its own variable");
}

static void start_threads(struct worker *worker, struct entry *entry) {
    static const char *const names[] = {"threads end", "threads sleep", "threads wait", "threads call back", "threads loop", "threads fault",
                                        "threads exit", "threads are refused"};
    bh_address address = 0;
    bh_value value = {0};
    uint64_t count = 1 + draw(worker, 4), kind = draw(worker, 8), after = draw(worker, 4);
    if (entry->module != THREADS || (no_interrupts && kind == 4))
        return;
    if (kind == 4)
        count = 1;
    if (kind == 3 && !expect("register callback", entry, bh_callback_create(entry->instance, "l(l)", background, NULL, &address),
                             SET(BH_OK) | (entry->shared ? SET(BH_ERROR_BUSY) : 0)))
        return;
    if (!entry->shared && (kind == 5 || kind == 6))
        entry->unsettled = true;
    expect(names[kind], entry, note_end(entry, call(entry, "start", "l(lip)", &value, count, kind, address)), call_errors(entry));
    if (entry->shared)
        return;
    /* Who loops is ended at once, for everybody else's sake. */
    if (kind == 4 || after == 0)
        reset(worker, entry);
    else if (after == 1)
        destroy(worker, entry);
    else if (after == 2)
        usleep((useconds_t)draw(worker, 1000));
}

/* ---- Lives ---- */

/* More instances than the small engine has room for. */
static void churn(struct worker *worker, struct entry *entry) {
    struct entry many[6];
    memset(many, 0, sizeof(many));
    for (unsigned n = 0; n < 6; n++)
        create(worker, &many[n]);
    for (unsigned n = 0; n < 6; n++)
        if (many[n].instance)
            destroy(worker, &many[n]);
}

/* Nobody uses it, or it stays. */
static void replace(struct worker *worker, struct entry *entry) {
    struct entry mine;
    pthread_mutex_lock(&entry->lock);
    mine = *entry;
    bool taken = !entry->users && entry->instance;
    if (taken)
        entry->instance = NULL;
    pthread_mutex_unlock(&entry->lock);
    if (taken) {
        destroy(worker, &mine);
        return;
    }
    if (mine.instance)
        return;
    mine = (struct entry){.shared = true};
    create(worker, &mine);
    if (!mine.instance)
        return;
    pthread_mutex_lock(&entry->lock);
    bool empty = !entry->instance;
    if (empty) {
        entry->engine = mine.engine;
        entry->module = mine.module;
        entry->policy = mine.policy;
        entry->instance = mine.instance;
    }
    pthread_mutex_unlock(&entry->lock);
    if (!empty)
        destroy(worker, &mine);
}

/* An engine that comes and goes beside the others, from its own copy of the module. */
static void visit_engine(struct worker *worker, struct entry *entry) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = 2};
    struct entry other = {.engine = 0, .module = PLAIN};
    bh_engine *engine;
    bh_module *module;
    bh_value value = {0};
    if (!expect("create engine", NULL, bh_engine_create(&options, &engine), SET(BH_OK)))
        return;
    expect("check signals", NULL, bh_engine_check_signals(engine), SET(BH_OK));
    if (expect("load module", NULL, bh_module_load(engine, plain_path, NULL, &module), SET(BH_OK))) {
        if (expect("create in own engine", &other, bh_instance_create(module, NULL, &other.instance), SET(BH_OK) | SET(BH_ERROR_LIMIT))) {
            if (expect("call", &other, call(&other, "add", "l(ll)", &value, 1, 2, 0), SET(BH_OK)))
                require(value.as.l == 3, "add returned %lld", (long long)value.as.l);
            expect("destroy module in use", NULL, bh_module_destroy(module), SET(BH_ERROR_BUSY));
            expect("destroy", &other, bh_instance_destroy(other.instance), SET(BH_OK));
        }
        expect("destroy module", NULL, bh_module_destroy(module), SET(BH_OK));
    }
    require(bh_engine_mappings(engine) == 0, "an engine counts %zu mappings with no instance left", bh_engine_mappings(engine));
    expect("destroy engine", NULL, bh_engine_destroy(engine), SET(BH_OK));
}

/* The child of a fork is refused everything, without waiting for locks that threads which it does not have held. */
static void fork_child(struct worker *worker, struct entry *entry) {
    pid_t child = fork();
    int status = 0;
    if (!child) {
        alarm(30); /* ends it should it hang */
        bh_instance *instance;
        bh_address address;
        int wrong = call(entry, "add", "l(ll)", NULL, 1, 2, 0) != BH_ERROR_FORKED;
        wrong |= (bh_instance_reset(entry->instance) != BH_ERROR_FORKED) << 1;
        wrong |= (bh_instance_create(modules[entry->engine][entry->module], NULL, &instance) != BH_ERROR_FORKED) << 2;
        bh_error error = bh_allocate(entry->instance, 100, &address);
        wrong |= (error != BH_ERROR_FORKED && !(entry->unsettled && error == BH_ERROR_DEAD)) << 3;
        _exit(wrong);
    }
    require(child > 0, "cannot fork: %s", strerror(errno));
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    require(child < 0 || (WIFEXITED(status) && !WEXITSTATUS(status)), "the child of a fork, module %d, ended with status 0x%x", entry->module,
            status);
}

static void look(struct worker *worker, struct entry *entry) {
    bh_usage usage;
    bh_instance_get_usage(entry->instance, &usage);
    require(usage.mapped <= usage.mapped_peak && usage.refused <= usage.host_calls, "usage: %llu bytes of %llu, %llu calls of %llu",
            (unsigned long long)usage.mapped, (unsigned long long)usage.mapped_peak, (unsigned long long)usage.refused,
            (unsigned long long)usage.host_calls);
    require(bh_engine_mappings(engines[entry->engine]) < 100000, "an engine counts %zu mappings", bh_engine_mappings(engines[entry->engine]));
}

struct operation {
    const char *name;
    unsigned own, shared; /* weights */
    void (*run)(struct worker *worker, struct entry *entry);
};

static const struct operation operations[] = {{"call", 10, 10, call_add},
                                              {"call with floats", 5, 4, call_floats},
                                              {"call with registers", 4, 3, call_registers},
                                              {"refused calls", 4, 3, call_refused},
                                              {"program", 2, 0, run_program},
                                              {"callback", 10, 8, callback_that_returns},
                                              {"callback that ends the call", 2, 1, callback_that_ends},
                                              {"fault", 5, 2, call_fault},
                                              {"endless call", 1, 0, call_for_ever},
                                              {"allocate", 4, 3, allocate},
                                              {"copy badly", 1, 1, copy_badly},
                                              {"exhaust", 2, 1, exhaust},
                                              {"share", 4, 3, share},
                                              {"guest threads together", 3, 2, work_together},
                                              {"guest threads", 5, 1, start_threads},
                                              {"reset", 4, 2, reset},
                                              {"destroy", 3, 0, destroy},
                                              {"look", 1, 0, look}, /* usage is not counted for several threads at once */
                                              {"churn", 1, 0, churn},
                                              {"visit an engine", 1, 0, visit_engine},
                                              {"fork", 1, 0, fork_child}};

static const struct operation *choose(struct worker *worker, bool shared) {
    unsigned total = 0;
    const unsigned count = sizeof(operations) / sizeof(*operations);
    for (unsigned n = 0; n < count; n++)
        total += shared ? operations[n].shared : operations[n].own;
    uint64_t at = draw(worker, total);
    for (unsigned n = 0; n < count; n++) {
        unsigned weight = shared ? operations[n].shared : operations[n].own;
        if (at < weight)
            return &operations[n];
        at -= weight;
    }
    return operations;
}

static void run_private(struct worker *worker) {
    struct entry *entry = &worker->own[draw(worker, PRIVATE)];
    const struct operation *operation = choose(worker, false);
    uint64_t cure = draw(worker, 8);
    if (!entry->instance) {
        worker->doing = "create";
        create(worker, entry);
    } else if (entry->dead && cure < 6) {
        worker->doing = "reset after the end";
        reset(worker, entry);
    } else if (entry->dead && cure < 7) {
        worker->doing = "destroy after the end";
        destroy(worker, entry);
    } else if (entry->dead) {
        expect("call of the dead", entry, call(entry, "add", "l(ll)", NULL, 1, 2, 0), SET(BH_ERROR_DEAD));
    }
    if (!entry->instance || entry->dead)
        return;
    worker->doing = operation->name;
    operation->run(worker, entry);
}

static void run_shared(struct worker *worker) {
    struct entry *entry = &pool[draw(worker, SHARED)];
    const struct operation *operation = choose(worker, true);
    uint64_t which = draw(worker, 40);
    if (which < 4 || !acquire(entry)) {
        worker->doing = "replace a shared instance";
        replace(worker, entry);
        return;
    }
    worker->doing = which == 4 ? "endless call, shared" : operation->name;
    if (which == 4)
        call_for_ever(worker, entry);
    else
        operation->run(worker, entry);
    release(entry);
}

void run_operation(struct worker *worker) {
    if (draw(worker, 3))
        run_private(worker);
    else
        run_shared(worker);
}
