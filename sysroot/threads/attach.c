/* Guest threads for the host's threads: linked into every module without main that is built for threads.
 *
 * The host may call into such a module from several of its threads at once. Each of them needs what pthread_create
 * would have made: a stack, which the runtime provides, and a thread structure with thread-local storage, which the C
 * library keeps in a list and which only it can make. It knows its own structures; this file is compiled against musl's
 * internal headers.
 */
#include "pthread_impl.h"
#include "stdio_impl.h"

/* The thread that initialised the library: always in the list of threads. */
static pthread_t first;

/* pthread_create.c's: a stream that is never used has none. */
extern FILE *volatile __stdin_used, *volatile __stdout_used, *volatile __stderr_used;

static void init_file_lock(FILE *file) {
    if (file && file->lock < 0)
        file->lock = 0;
}

/* Before constructors run, while nobody else is here: from now on every lock of the C library is taken for real. musl
 * does this on the first pthread_create, but another host thread may come in the middle of anything. */
__attribute__((visibility("hidden"))) void bulkhead_threads_start(void) {
    first = __pthread_self();
    for (FILE *file = *__ofl_lock(); file; file = file->next)
        init_file_lock(file);
    __ofl_unlock();
    init_file_lock(__stdin_used);
    init_file_lock(__stdout_used);
    init_file_lock(__stderr_used);
    __syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, SIGPT_SET, 0, _NSIG / 8);
    first->tsd = (void **)__pthread_tsd_main;
    libc.threaded = 1;
    /* One more than there are, so that it never looks as if one thread were left. */
    libc.threads_minus_1 = 1;
    libc.need_locks = 1;
}

/* Called by the runtime on the stack [stack, stack + size) and without a thread pointer. Makes the calling thread one
 * of the C library's; the thread pointer, or null without memory. */
__attribute__((visibility("default"))) void *bulkhead_thread_attach(void *stack, size_t size) {
    size_t need = libc.tls_size + __pthread_tsd_size;
    need = (need + PAGE_SIZE - 1) & -PAGE_SIZE;
    /* No function that might set errno: there is none yet. */
    long map = __syscall(SYS_mmap, 0, need, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (map < 0 && map > -4096)
        return 0;
    unsigned char *tsd = (unsigned char *)map + need - __pthread_tsd_size;
    pthread_t self = __copy_tls(tsd - libc.tls_size);
    self->self = self;
    self->stack = (char *)stack + size;
    self->stack_size = size;
    self->tsd = (void *)tsd;
    self->locale = &libc.global_locale;
    self->detach_state = DT_DETACHED;
    self->robust_list.head = &self->robust_list.head;
    self->canary = first->canary;
    self->sysinfo = first->sysinfo;
    self->tid = __syscall(SYS_gettid);
    if (__set_thread_area(TP_ADJ(self)) < 0)
        return 0;

    sigset_t signals;
    __block_app_sigs(&signals);
    __tl_lock();
    libc.threads_minus_1++;
    self->next = first->next;
    self->prev = first;
    self->next->prev = self;
    self->prev->next = self;
    __tl_unlock();
    __restore_sigs(&signals);
    return TP_ADJ(self);
}
