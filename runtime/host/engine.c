/* The engine: checks that this process can host guests, reserves their address space, makes what all instances
 * share. */
#include <cpuid.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/fork.h"
#include "base/ownership.h"
#include "cross/frame.h"
#include "cross/gs.h"
#include "cross/thread.h"
#include "guest/engine.h"
#include "guest/handlers.h"
#include "slot/pool.h"
#include "slot/stubs.h"

#define DEFAULT_SLOTS 16
#define MAX_SLOTS 32700 /* 47 bits hold 32,768 */
#define HWCAP2_FSGSBASE 2
#define ARCH_SHSTK_STATUS 0x5005

/* In the child, on the one thread that it has. */
static void after_fork(void) {
    atomic_store(&bh_forked, true);
    bh_this_thread.prepared = false;
    /* A callback that forked comes back: bh_call_resumable is asked then. */
    bh_this_thread.expired = 1;
    /* The short way in looks at this only; so the next call takes the long one. */
    struct bh_frame **link = &bh_current_frame;
    while (*link && *link != &bh_idle_frame)
        link = &(*link)->prev;
    *link = NULL;
}

#pragma weak dladdr
#pragma weak dlopen
/* Signal handlers, the fork handler and destructors of threads' data lead here for the rest of the process's life: if
 * this is part of a shared object, that one is not to be unloaded. Weak, because there is nothing to do, and perhaps no
 * such function, in a static program. */
static void stay_loaded(void) {
    Dl_info here;
    if (dladdr && dlopen && dladdr((const void *)&bh_idle_frame, &here) && here.dli_fname)
        dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

static void install_process_hooks(void) {
    pthread_atfork(NULL, NULL, after_fork);
    stay_loaded();
}

static bool cpu_has_avx(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
        return false;
    unsigned lo, hi;
    __asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (lo & 6) == 6;
}

/* Whether x87 loads leave the data address of an older exception in place (CPUID's FDP_EXCPTN_ONLY). */
static bool cpu_keeps_data_pointer(void) {
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 6);
}

/* The kernel is asked whether it knows of them at all; where it does, or a filter answers in its place, the processor
 * tells the pointer. (Some emulators do not know the instruction, which is a nop on processors without.) */
static bool has_shadow_stack(void) {
    unsigned long status = 0, pointer = 0;
    if (syscall(SYS_arch_prctl, ARCH_SHSTK_STATUS, &status) && errno == EINVAL)
        return false;
    __asm__ volatile("rdsspq %0" : "+r"(pointer));
    return status || pointer;
}

/* A filter may refuse the call (systemd's LockPersonality refuses even to ask): the kernel tells it in a file, too. -1:
 * nobody does. */
static int64_t persona_of_process(void) {
    int persona = personality(0xffffffff);
    if (persona != -1)
        return (uint32_t)persona;
    int fd = bh_fd_open("/proc/self/personality", O_RDONLY);
    if (fd < 0)
        return -1;
    char text[16], *end = text;
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    unsigned long value = strtoul(text, &end, 16);
    return end == text || (*end && *end != '\n') ? -1 : (int64_t)value;
}

static bh_error check_host(bh_engine *engine) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return bh_fail(BH_ERROR_HOST,
                       "the CPU or the kernel lacks XSAVE, which keeps a guest's registers over a host call");
    /* Every readable mapping would become executable: unverified guest data would be code. */
    int64_t persona = persona_of_process();
    if (persona == -1)
        return bh_fail_errno(
            BH_ERROR_HOST,
            "cannot ask whether guest data would be executable (READ_IMPLIES_EXEC): a seccomp filter of this "
            "process refuses personality(0xffffffff), and /proc/self/personality cannot be read; allow either");
    if (persona & READ_IMPLIES_EXEC)
        return bh_fail(BH_ERROR_HOST,
                       "the process runs under the READ_IMPLIES_EXEC personality, which would make guest "
                       "data executable; start it without (setarch -X, an executable-stack binary)");
    if (has_shadow_stack())
        return bh_fail(BH_ERROR_HOST,
                       "user shadow stacks are enabled, and leaving a guest after a fault would break them; "
                       "start the process with GLIBC_TUNABLES=glibc.cpu.x86_shstk=off");
    if (sysconf(_SC_PAGESIZE) != BH_PAGE_SIZE)
        return bh_fail(BH_ERROR_HOST, "the page size is not %d", BH_PAGE_SIZE);
    engine->avx = cpu_has_avx();
    engine->fnstenv_keeps = cpu_keeps_data_pointer();
    return BH_OK;
}

static void release(bh_engine *engine) {
    bh_pool_discard(&engine->pool);
    bh_policy_destroy(engine->no_policy);
    free(engine);
}

bh_error bh_engine_create(const bh_engine_options *options, bh_engine **result) {
    bh_engine_options chosen = {0};
    if (options) {
        if (options->struct_size != sizeof(chosen))
            return bh_fail(BH_ERROR_ARGUMENT, "bh_engine_options.struct_size is not sizeof(bh_engine_options)");
        chosen = *options;
    }
    if (!result || chosen.slots > MAX_SLOTS)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_engine_create: at most %d slots", MAX_SLOTS);
    int deadline_signal = chosen.deadline_signal ? chosen.deadline_signal : bh_signals_free();
    if (deadline_signal < SIGRTMIN || deadline_signal > SIGRTMAX)
        return bh_fail(BH_ERROR_ARGUMENT, "deadline_signal %d is not a real-time signal", deadline_signal);

    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install_process_hooks);
    bh_ownership_probe();
    bh_error_prepare();

    bh_engine *engine = calloc(1, sizeof(*engine));
    if (!engine)
        return bh_fail(BH_ERROR_MEMORY, "no memory for an engine");
    bh_error error = bh_pool_begin(&engine->pool, chosen.slots ? chosen.slots : DEFAULT_SLOTS, chosen.mapping_limit);
    engine->refuse_handlers = chosen.refuse_handlers;
    engine->refill_return_stack = chosen.refill_return_stack;
    engine->trust_handlers = chosen.trust_handlers;
    engine->pool.unmap_slots = chosen.unmap_slots;
    engine->fsgsbase = !chosen.no_fsgsbase && (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE);
    engine->deadline_signal = deadline_signal;
    if (!error)
        error = check_host(engine);
    if (!error)
        error = bh_policy_create(&engine->no_policy);
    if (!error)
        error = bh_stubs_make(&engine->pool);
    if (!error)
        error = bh_pool_reserve(&engine->pool);
    if (!error)
        error = bh_gs_check(engine->fsgsbase, bh_pool_base(&engine->pool, 0));
    if (!error)
        error = bh_signals_check(engine);
    if (error) {
        release(engine);
        return error;
    }
    *result = engine;
    return BH_OK;
}

bh_error bh_engine_destroy(bh_engine *engine) {
    if (!engine)
        return BH_OK;
    pthread_mutex_lock(&engine->pool.lock);
    unsigned used = engine->modules + engine->pool.slot_count - engine->pool.free_count - engine->pool.poisoned_count;
    pthread_mutex_unlock(&engine->pool.lock);
    if (used)
        return bh_fail(BH_ERROR_BUSY, "the engine still has modules or instances; destroy them first");
    release(engine);
    return BH_OK;
}

bh_error bh_engine_check_signals(bh_engine *engine) {
    return engine ? bh_signals_check(engine) : bh_fail(BH_ERROR_ARGUMENT, "bh_engine_check_signals: no engine");
}

size_t bh_engine_mappings(const bh_engine *engine) {
    return engine ? atomic_load_explicit(&engine->pool.mappings, memory_order_relaxed) -
                        atomic_load_explicit(&engine->pool.parked_mappings, memory_order_relaxed)
                  : 0;
}
