/* Bulkhead: run untrusted code in this process, unable to touch it.
 *
 * Three objects, created in this order and destroyed in the reverse one:
 *   engine    reserves address space for slots of 4 GiB and installs the signal handlers that contain guest faults
 *   module    a guest image: read once, verified once, its code shared by all its instances
 *   instance  one running copy of a module in a slot of its own
 * and a policy that says what an instance may ask of the outside world. The default policy grants nothing.
 *
 * Conventions of every function here:
 *   - A function that can fail returns a bh_error, BH_OK (0) on success, and fills the calling thread's error detail
 *     (bh_last_error). Nothing a guest does and no bad argument makes the library abort.
 *   - Sizes are bytes, times are nanoseconds, paths are NUL-terminated.
 *   - Handles are opaque; a destroy function accepts NULL. Using a handle after its destruction is undefined.
 *   - Guest addresses (bh_address) are ordinary addresses of this process inside the instance's slot. Never dereference
 *     one: the guest chose it. Use bh_copy_in and bh_copy_out, which check and cannot fault.
 *   - Nesting: a host function that a guest calls back may call any instance, this one too (bh_callback_create).
 *     Control must come back the way it went: a longjmp or a thread's end that carries the host over a guest's frames
 *     leaves the instance locked and the thread unable to contain faults. It is forbidden, and not detected. A C++
 *     exception that leaves a callback ends the process (std::terminate): there is no way through the guest's frames to
 *     a handler.
 *   - Thread safety: engines and modules may be used by several threads at once; an instance runs one call at a time
 *     (a second one gets BH_ERROR_BUSY), from any thread, unless its module is a library built with -pthread: that one
 *     several threads may call at once. A policy must not be changed once an instance uses it.
 *   - Guest threads (modules built with -pthread): each host thread that calls in is a thread of the guest's own, with
 *     its thread-local variables and a stack of the size of the first; it stays the same for the host thread's life,
 *     and is used by another one afterwards. Threads that the guest makes run on host threads of their own, in the
 *     background of its calls and between them, until they end or the instance does: a fault, an exit or a passed
 *     deadline on any thread ends them all, and every call under way returns that error; resetting or destroying the
 *     instance ends them, too.
 *   - A host may be a shared object, also one that is loaded later (dlopen): it takes 256 bytes of static thread-local
 *     data at most, exports nothing of this library, and stays loaded when it is closed, for signal handlers lead into
 *     it.
 *   - No guest runs in a signal handler (BH_ERROR_HOST), and nothing else here may be called in one. After fork() the
 *     child gets BH_ERROR_FORKED and may only exec or exit.
 *
 * Needs: x86-64 Linux 5.6 or later (openat2), XSAVE, /proc mounted (guests' files are reopened through it).
 *
 * What the host must not do, because the guest's safety net hangs on it: change the alternate signal stack of a thread
 * that runs guests, block SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGTRAP on it, or install handlers without SA_ONSTACK
 * after the engine was created without calling bh_engine_check_signals. While guest code runs, rsp belongs to the
 * guest.
 */
#ifndef BULKHEAD_BULKHEAD_H
#define BULKHEAD_BULKHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/* The version of this header and of the library that goes with it, by the rules of semver.org: what CHANGELOG.md calls
 * stable breaks only when the first number grows (while that is 0: the second). */
#define BH_VERSION_MAJOR 0
#define BH_VERSION_MINOR 1
#define BH_VERSION_PATCH 0

/* For #if: BH_VERSION >= BH_VERSION_NUMBER(0, 1, 0) */
#define BH_VERSION_NUMBER(major, minor, patch) ((major) * 1000000 + (minor) * 1000 + (patch))
#define BH_VERSION BH_VERSION_NUMBER(BH_VERSION_MAJOR, BH_VERSION_MINOR, BH_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bh_engine bh_engine;
typedef struct bh_module bh_module;
typedef struct bh_instance bh_instance;
typedef struct bh_policy bh_policy;

/* An address in an instance's slot; 0 is the guest's NULL. */
typedef uint64_t bh_address;

/* ---- Errors ---- */

typedef enum bh_error {
    BH_OK = 0,
    BH_ERROR_ARGUMENT,    /* the caller's mistake: NULL, out of range, an option that does not exist */
    BH_ERROR_MEMORY,      /* the host is out of memory */
    BH_ERROR_SYSTEM,      /* a system call of the host failed: system_errno tells how */
    BH_ERROR_HOST,        /* this process or CPU cannot host guests safely; the text says why */
    BH_ERROR_UNREADABLE,  /* the module's file cannot be read */
    BH_ERROR_NOT_ELF,     /* not an ELF file at all */
    BH_ERROR_MALFORMED,   /* an ELF file, but not a module: rule and reason in the text */
    BH_ERROR_CONTRACT,    /* a module of another contract version, scheme or bundle size */
    BH_ERROR_STORES_ONLY, /* loads are not isolated in this module and the host did not opt in */
    BH_ERROR_REFUSED,     /* the verifier refused the code */
    BH_ERROR_CPU,         /* the module needs instructions that this CPU does not have */
    BH_ERROR_FORBIDDEN,   /* the code holds instructions that the host's options forbid */
    BH_ERROR_NO_SLOT,     /* all slots of the engine are taken */
    BH_ERROR_LIMIT,       /* a limit was hit; the text names it */
    BH_ERROR_NOT_FOUND,   /* no such export */
    BH_ERROR_SIGNATURE,   /* the signature cannot be parsed or does not fit the arguments */
    BH_ERROR_KIND,        /* a program where a library is needed, or the reverse */
    BH_ERROR_BUSY,        /* the object is in use: an instance that is running, a module with instances */
    BH_ERROR_DEAD,        /* the instance exited, faulted or was ended earlier; it can only be reset or destroyed */
    BH_ERROR_RANGE,       /* address and length do not lie in the slot, or nothing accessible is there */
    BH_ERROR_FAULT,       /* the guest faulted; see bh_error_detail */
    BH_ERROR_EXITED,      /* the guest ended itself with exit() during the call */
    BH_ERROR_DEADLINE,    /* the call took longer than its deadline */
    BH_ERROR_SIGNALS,     /* a signal handler without SA_ONSTACK is installed and may not be changed */
    BH_ERROR_FORKED,      /* this process is the child of the one that created the engine */
    BH_ERROR_CALLBACK,    /* a callback ended the guest's call; callback_status is what it returned */
    BH_ERROR_POLICY,      /* a policy file holds something that is no policy */
    BH_ERROR_COUNT
} bh_error;

typedef enum bh_fault_kind {
    BH_FAULT_NONE = 0,
    BH_FAULT_ACCESS,         /* SIGSEGV: an address that is not mapped or not accessible that way */
    BH_FAULT_PROTECTION,     /* SIGSEGV without an address: hlt, or a misaligned vector operand */
    BH_FAULT_STACK_OVERFLOW, /* SIGSEGV in the guard below the guest's stack */
    BH_FAULT_BUS,            /* SIGBUS */
    BH_FAULT_ILLEGAL,        /* SIGILL: ud2 and instructions this CPU does not know */
    BH_FAULT_ARITHMETIC,     /* SIGFPE: division, or an unmasked floating-point exception */
    BH_FAULT_TRAP,           /* SIGTRAP: int3 */
    BH_FAULT_HOSTCALL,       /* a host call that does not exist (address: its number) */
    BH_FAULT_SIGNAL,         /* the guest sent itself a signal that ends it: abort() */
    BH_FAULT_DEADLOCK,       /* a wait that nothing can end */
    BH_FAULT_HOST_LIMIT,     /* the kernel refused memory in a way that leaves the slot unusable */
    BH_FAULT_CALLBACK        /* a callback that is not registered (address: its number) */
} bh_fault_kind;

#define BH_BACKTRACE_MAX 24
#define BH_SAID_MAX 160

/* How an entry of a backtrace was found. The guest's stack is the guest's: whatever it says may be a lie, or the wreck
 * that a fault left. Nothing here is better than a hint. */
typedef enum bh_backtrace_kind {
    BH_TRACE_PC,     /* the instruction that was running */
    BH_TRACE_FRAME,  /* a return address that a chain of frame pointers leads to */
    BH_TRACE_CALLEE, /* a word on the stack that is the return address of a direct call of the function before it */
    BH_TRACE_SCANNED /* a word on the stack that is the return address of some call; it may be an old one */
} bh_backtrace_kind;

typedef struct bh_backtrace_entry {
    bh_backtrace_kind kind;
    uint64_t image_address; /* as nm and objdump print it; of a return address, the instruction behind the call */
    uint64_t symbol_offset;
    char symbol[64]; /* "" when unknown */
} bh_backtrace_entry;

/* What happened, for the error that this thread got last. */
typedef struct bh_error_detail {
    bh_error error;
    int system_errno;       /* BH_ERROR_SYSTEM, BH_ERROR_UNREADABLE: errno; else 0 */
    char text[320];         /* one line: what, where, what to do */
    bh_fault_kind fault;    /* BH_ERROR_FAULT; else BH_FAULT_NONE */
    int signal;             /* the signal that names the fault (SIGSEGV, SIGABRT, ...) */
    bh_address address;     /* the address that was accessed, where the CPU reports one */
    bh_address pc;          /* the guest instruction; 0 when unknown */
    uint64_t image_address; /* pc relative to the image, as nm and objdump print it */
    char symbol[128];       /* the function of pc, "" when unknown; the guest's file chose the name: print with care */
    uint64_t symbol_offset;
    int exit_status;          /* BH_ERROR_EXITED */
    int callback_status;      /* BH_ERROR_CALLBACK */
    unsigned backtrace_count; /* BH_ERROR_FAULT, BH_ERROR_DEADLINE: the guest's functions, innermost first; may be 0 */
    bh_backtrace_entry backtrace[BH_BACKTRACE_MAX];
    /* BH_ERROR_FAULT: the last line that the guest wrote to descriptor 2, wherever that led; "" if none. The guest's
     * words, their middle left out (" ... ") where they are too long, '?' for what is not printable ASCII */
    char said[BH_SAID_MAX];
} bh_error_detail;

/* A fixed English text for an error value ("unknown error" for values that are none). Any thread. */
const char *bh_error_text(bh_error error);
/* The same for a kind of fault. */
const char *bh_fault_text(bh_fault_kind kind);
/* The calling thread's last error. Never NULL; error is BH_OK when nothing failed yet. Successful calls leave it alone.
 * Where the host has no memory for a thread's record, error and a general text are all that it says. */
const bh_error_detail *bh_last_error(void);

/* ---- Engine ---- */

typedef struct bh_engine_options {
    size_t struct_size;     /* sizeof(bh_engine_options): lets the struct grow */
    unsigned slots;         /* how many instances can live at once; 0 means 16, at most 32700. Address space only */
    unsigned mapping_limit; /* memory mappings that all guests together may use; 0: what vm.max_map_count leaves
                               after 8192 for the host, also when that is raised later, the guests of all engines
                               counted. Beyond it the host itself could no longer map memory. A small instance takes 9
                               to 12 (docs/instances.md). */
    bool refuse_handlers;   /* a handler without SA_ONSTACK: fail (true) or re-install it with the flag (false) */
    bool trust_handlers; /* bh_instance_create does not look at the signal handlers, which takes some 60 system calls:
                            the host calls bh_engine_check_signals after installing one */
    bool refill_return_stack; /* overwrite the CPU's return predictor when a call into a guest ends: a mispredicted host
                                 return may otherwise run guest code transiently. Costs about 20 ns a call. */
    bool unmap_slots; /* bh_instance_destroy gives all memory and mappings back at once. Otherwise a process keeps the
                         scrubbed slots of the last 32 destroyed instances for the next ones of the same modules, which
                         then take a tenth of the time to create. Each has some 20 KiB of memory, and its stack counts
                         against RLIMIT_DATA. The engine gives them up when it lacks slots, mappings or memory */
    bool no_fsgsbase; /* set GS by system call although the CPU could do it directly: for tests */
    int deadline_signal; /* the real-time signal deadlines use; 0: SIGRTMAX - 2, or the next below without a handler */
} bh_engine_options;

/* Reserves address space (4 GiB for each slot, plus guards; no memory) and takes over the five fault signals, keeping
 * the handlers that were there for faults which are not a guest's. options may be NULL. Refuses, with BH_ERROR_HOST,
 * the READ_IMPLIES_EXEC personality, processes with user shadow stacks, and those where GS, which guests address their
 * memory by, can be set by the system call arch_prctl only and a filter refuses that. (Refused later, calls on that
 * thread get that error.) *engine is set only on success. */
bh_error bh_engine_create(const bh_engine_options *options, bh_engine **engine);

/* Releases the address space. BH_ERROR_BUSY while modules or instances exist; nothing is released then. The signal
 * handlers stay installed, since others may have saved them; they pass everything on. */
bh_error bh_engine_destroy(bh_engine *engine);

/* Looks at every signal handler of the process as the kernel knows it, those that libc hides included, and adds
 * SA_ONSTACK where it is missing (or fails with BH_ERROR_SIGNALS, see refuse_handlers); takes the fault signals back
 * when someone replaced the engine's handlers and passes faults of the host on to the new ones. Called by
 * bh_engine_create and, unless trust_handlers is set, by bh_instance_create: by each one while fewer than 16 were made
 * in the last milliseconds, by one in each millisecond when they come faster than that. Call it again after installing
 * handlers, or a signal that arrives while a guest runs puts its frame, with register contents of the host, on the
 * guest's stack. About 15 us. */
bh_error bh_engine_check_signals(bh_engine *engine);

/* Memory mappings that the engine's instances use now, of the mapping limit. Slots kept for later instances (see
 * unmap_slots) do not count: they are given up when mappings are missing. */
size_t bh_engine_mappings(const bh_engine *engine);

/* ---- Module ---- */

/* One broken rule, as the verifier reports it. Pointers are valid during the callback only. */
typedef struct bh_refusal {
    const char *rule;   /* the rule's name in docs/contract.md */
    const char *reason; /* one sentence */
    uint64_t address;   /* image-relative address of the instruction */
    const char *symbol; /* NULL when unknown */
    uint64_t symbol_offset;
    const uint8_t *bytes;
    size_t size;
} bh_refusal;
typedef void bh_refusal_callback(void *context, const bh_refusal *refusal);

enum {                       /* bh_module_options.forbid */
       BH_FORBID_TIMER = 1,  /* rdtsc, rdtscp */
       BH_FORBID_CPUID = 2,  /* cpuid, rdpid, xgetbv */
       BH_FORBID_RANDOM = 4, /* rdrand, rdseed */
       BH_FORBID_FLUSH = 8   /* cache line flushes */
};

typedef struct bh_module_options {
    size_t struct_size;     /* sizeof(bh_module_options) */
    bool allow_stores_only; /* accept modules whose loads are not isolated: such a guest can READ all of the host */
    unsigned forbid;        /* BH_FORBID_* */
    bh_refusal_callback *refusal; /* called for each broken rule; may be NULL */
    void *refusal_context;
    size_t refusal_limit; /* 0 means 20 */
} bh_module_options;

typedef struct bh_module_info {
    bool library; /* calls to exports, rather than a program with main */
    bool stores_only;
    bool uses_avx;       /* needs a CPU with AVX2 */
    bool uses_x87;       /* x87 or MMX: transitions must clean their registers */
    bool changes_mxcsr;  /* or reads it: transitions must switch it */
    bool threads;        /* built with -pthread: it may make threads where the policy lets it */
    uint64_t code_size;  /* executable bytes, whole pages */
    uint64_t image_size; /* bytes of address space that an instance's image takes */
    uint64_t verify_ns;  /* time that verification took */
} bh_module_info;

/* Reads a module, verifies it and seals its code: later changes of the file or the memory have no effect. options may
 * be NULL. The fd variant reads from the current position to the end and leaves the descriptor open; memory is copied.
 * On BH_ERROR_REFUSED the broken rules were passed to options->refusal. The module keeps a copy of the file. */
bh_error bh_module_load(bh_engine *engine, const char *path, const bh_module_options *options, bh_module **module);
bh_error bh_module_load_fd(bh_engine *engine, int fd, const char *name, const bh_module_options *options,
                           bh_module **module);
bh_error bh_module_load_memory(bh_engine *engine, const void *bytes, size_t size, const char *name,
                               const bh_module_options *options, bh_module **module);
/* BH_ERROR_BUSY while instances of it exist. */
bh_error bh_module_destroy(bh_module *module);
void bh_module_get_info(const bh_module *module, bh_module_info *info);

/* ---- Policy ---- */

enum { BH_READ_ONLY = 0, BH_READ_WRITE = 1 };
enum {                     /* bh_policy_grant */
       BH_GRANT_CLOCK = 1, /* the time, and sleeping */
       BH_GRANT_RANDOM =
           2 /* getrandom(); the 16 random bytes that every Linux program finds at its start come anyway */
};

/* A call that the personality refused. call is its Linux name; detail (may be "") is a path or a number. */
typedef void bh_refused_call(void *context, const char *call, const char *detail, int guest_errno);

/* A policy that grants nothing. The creator owns it; instances keep what they need, so it may be destroyed early. */
bh_error bh_policy_create(bh_policy **policy);
void bh_policy_destroy(bh_policy *policy);
/* Lets the guest see the host directory as guest_path (absolute after "/" is put before it; no ".."). The directory is
 * opened now and is what the guest gets even if it is renamed later. What is above it looks like empty read-only
 * directories. Files on other mounts beneath it, what symbolic links name outside, devices, sockets and pipes stay out
 * of reach. procfs and sysfs directories are refused. A directory granted read-only stays read-only where another grant
 * shows it, too, and guests neither move nor remove granted directories. Granting a directory read-write lets the guest
 * fill its file system; there is no quota. */
bh_error bh_policy_grant_directory(bh_policy *policy, const char *host_path, const char *guest_path, int mode);
/* Where guests begin: a directory of theirs, granted or beneath one (absolute after "/" is put before it; no "..");
 * default: "/". When there is none of that name bh_instance_create and bh_instance_reset fail with BH_ERROR_POLICY. */
bh_error bh_policy_set_working_directory(bh_policy *policy, const char *guest_path);
/* Gives the guest an open descriptor of the host as its descriptor guest_fd (0 to 2). It is used, not owned: keep it
 * open as long as instances run. The guest can read, write and seek it, as it was opened, and look at it (fstat); the
 * position is the host's own. Nothing else: not truncate or allocate, nor change its flags, mode or times. */
bh_error bh_policy_grant_stream(bh_policy *policy, int guest_fd, int host_fd);
bh_error bh_policy_grant(bh_policy *policy, unsigned grants);
/* NAME=VALUE for the guest's environment; copied. */
bh_error bh_policy_add_environment(bh_policy *policy, const char *assignment);
/* Memory that an instance may map, its image and stack not counted, with the files that it makes in memory and page
 * tables for pages that it scatters (docs/policy.md); 0 (default): what fits into the slot. */
bh_error bh_policy_set_memory_limit(bh_policy *policy, uint64_t bytes);
/* Threads that an instance of a module built with -pthread may make besides those of the host that call in; 0
 * (default): none, pthread_create fails. Each runs on a thread of the host's process, in the background of its calls.
 * At most 4096. */
bh_error bh_policy_set_thread_limit(bh_policy *policy, unsigned threads);
/* The guest's stack: 0 means 8 MiB (or what the module asks for); at most 1 GiB. */
bh_error bh_policy_set_stack_size(bh_policy *policy, uint64_t bytes);
/* Mappings that one instance may use; 0 means 8192. */
bh_error bh_policy_set_mapping_limit(bh_policy *policy, unsigned mappings);
/* Descriptors that one instance may have open, its streams included: from 3 to 1024, 0 means 256. All guests of the
 * process together never hold more than half of RLIMIT_NOFILE. */
bh_error bh_policy_set_descriptor_limit(bh_policy *policy, unsigned descriptors);
/* How long each call may take, in nanoseconds of wall-clock time; 0 (default): for ever. It counts for the start code
 * and the constructors that bh_instance_create and bh_instance_reset run as well, which otherwise a hostile module can
 * make last for ever. bh_instance_set_deadline, which see, changes it for the calls that follow. */
bh_error bh_policy_set_deadline(bh_policy *policy, uint64_t nanoseconds);
/* Makes a policy from a text file; docs/policy.md describes its lines:
 *     bulkhead-policy 1
 *     directory read-only /usr/share/fonts as /fonts
 *     directory read-write scratch
 *     clock
 *     random
 *     stream stdout
 *     environment LANG=C
 *     memory 64M
 *     threads 4
 *     descriptors 64
 * A relative host directory is one beneath the file's own. On an error (BH_ERROR_UNREADABLE; BH_ERROR_POLICY, whose
 * text names file, line and cure; what the setter of a line returns) there is no policy, rather than half of one. The
 * caller owns the policy and may add to it. */
bh_error bh_policy_load(const char *path, bh_policy **policy);
/* Called, on the thread that runs the guest, for every refused call. It must not call into the instance. With guest
 * threads that is any of the instance's host threads, and there may be several such calls at once. */
bh_error bh_policy_set_log(bh_policy *policy, bh_refused_call *log, void *context);

/* ---- Instance ---- */

/* Maps a copy of the module into a free slot. policy may be NULL: nothing is granted. For a library this also runs its
 * start code and constructors, and fails as bh_call does if they fail. */
bh_error bh_instance_create(bh_module *module, const bh_policy *policy, bh_instance **instance);
/* Ends the guest's threads and waits for them, for callbacks that they run, too; scrubs or unmaps everything (see
 * unmap_slots in bh_engine_options) and closes the guest's files. BH_ERROR_BUSY while a call into the instance is under
 * way, and in its callbacks; BH_ERROR_FORKED in the child of a fork, which shares context pages with its parent. */
bh_error bh_instance_destroy(bh_instance *instance);
/* Back to the state right after creation, whatever happened: after a fault, a deadline or an exit the instance is ready
 * again. Its memory is as the sealed module says (nothing of the guest's earlier life is readable), what it mapped is
 * gone, its files are closed, its signal handlers forgotten, callbacks and shared buffers withdrawn, and a library's
 * start code and constructors run again (under the deadline, if there is one), with fresh random numbers. Functions and
 * symbols found earlier stay valid; addresses from the guest's heap do not. Deadline and policy stay, the counters of
 * bh_usage start anew. Fails as bh_call does when the start code fails, and with BH_ERROR_LIMIT or _SYSTEM when the
 * kernel refuses memory: the instance is dead then and may be reset again or destroyed. The guest's threads end first,
 * as by bh_instance_destroy. BH_ERROR_BUSY while a call into the instance is under way, and in its callbacks. */
bh_error bh_instance_reset(bh_instance *instance);
/* Each later call may take so long (wall-clock time); 0 means for ever. At the deadline the call ends with
 * BH_ERROR_DEADLINE and the instance is dead. A callback is not interrupted, nor is what it waits for: the call ends
 * when it returns. In nested calls the earliest deadline counts, whichever instance's it is, and first ends the
 * innermost call. A tenth of a millisecond late while the thread has a processor, else when it gets one again; a call
 * with a deadline costs two system calls more, and so does each of its callbacks. It is a call's: threads that the
 * guest leaves running between calls have none. */
bh_error bh_instance_set_deadline(bh_instance *instance, uint64_t nanoseconds);
/* For finding mistakes of the host: later calls by bh_call and bh_invoke fail with BH_ERROR_RANGE, before the guest
 * runs, when an argument of type p is neither NULL nor an address in the instance's slot, as pointers of the host are.
 * Members of structures and the registers of bh_call_registers are not looked at. Off by default: such calls take the
 * longer way. It stays over resets. */
bh_error bh_instance_check_pointers(bh_instance *instance, bool check);
/* Runs a program from its entry point to its exit, once. argv[argc] need not be NULL. BH_OK when it exited: *status is
 * its exit status (0 to 255). */
bh_error bh_instance_run(bh_instance *instance, int argc, const char *const argv[], int *status);
/* The slot: guest addresses lie in [base, base + BH_SLOT_SIZE). */
bh_address bh_instance_base(const bh_instance *instance);

typedef struct bh_usage {
    uint64_t mapped; /* bytes that the guest maps now */
    uint64_t mapped_peak;
    unsigned mappings;   /* of the mapping limit */
    uint64_t host_calls; /* system calls that the guest made */
    uint64_t refused;    /* of these, refused */
} bh_usage;
/* Any thread, also while others run calls of the instance. For a module built for threads the numbers belong together;
 * otherwise each is true for itself, and those of a call that is under way on another thread may be a moment old. */
void bh_instance_get_usage(const bh_instance *instance, bh_usage *usage);

/* ---- Calling exports of a library ---- */

/* A signature is "result(arguments)", one letter a type:
 *     v  void (a result, or the whole list)      b  bool
 *     a  int8    h  uint8                        s  int16   t  uint16
 *     i  int32   u  uint32                       l  int64   m  uint64
 *     p  pointer (a bh_address)                  f  float   d  double   e  long double
 *     {...}  a structure of these in their order, by value; <...>  a union. A number repeats what follows: an array.
 * Thus "d(id)" is double f(int, double) and "{2d}(pl{i{ff}8h})" passes and returns structures. Members lie where the
 * System V ABI puts them; bit fields, packed and over-aligned structures, vectors and __int128 cannot be said, and
 * functions with variable arguments are refused: pass a pointer, or write a small function in the guest. */

/* A value. type is the signature's letter, '{' for structures and unions. */
typedef struct bh_value {
    char type;
    union {
        int32_t i;  /* also 'a' and 's' */
        uint32_t u; /* also 'b', 'h' and 't' */
        int64_t l;
        uint64_t m;
        bh_address p;
        float f;
        double d;
        long double e;
        void *s; /* '{': the structure in host memory; the bytes of an argument are only read */
    } as;
} bh_value;

#define BH_MAX_ARGUMENTS 32
/* Of calls nested in callbacks, on one thread, all instances together. A guest can go that deep whenever it has a
 * callback that calls back into it: each level takes about 8 KiB of the host's stack besides what the callback itself
 * uses. */
#define BH_MAX_DEPTH 32

/* One type of a signature and where it travels; internal. */
typedef struct bh_parameter {
    char type;
    uint8_t alignment;
    uint8_t piece[2];
    uint32_t size;
    uint32_t stack;
} bh_parameter;

/* A function of the guest with its signature, prepared for calls. Plain data: copy it freely, it stays valid as long as
 * the instance. The fields are the library's. */
typedef struct bh_function {
    bh_address address;
    unsigned count;
    uint32_t stack_size;
    uint8_t integers, vectors;
    bool memory_result;
    bh_parameter result;
    bh_parameter argument[BH_MAX_ARGUMENTS];
} bh_function;

/* Finds an exported function. BH_ERROR_SIGNATURE names the position in the signature that is wrong. A signature that
 * does not fit the function harms only the guest. */
bh_error bh_instance_function(bh_instance *instance, const char *name, const char *signature, bh_function *function);
/* The same for a function pointer that the guest handed out. Any address is safe to call: execution starts at a bundle
 * of the slot or faults. BH_ERROR_RANGE when it is outside the slot or not aligned as functions are. */
bh_error bh_instance_pointer(bh_instance *instance, bh_address address, const char *signature, bh_function *function);
/* The address of an exported object or function. BH_ERROR_RANGE when its value is no address in the module's image. */
bh_error bh_instance_symbol(bh_instance *instance, const char *name, bh_address *address);
/* Calls the guest. arguments[i].type must be as in the signature. result may be NULL; where the result is a structure,
 * result->as.s must say where its bytes go (NULL: nowhere). Pointers that come back are whatever the guest says: check
 * with bh_copy_out before use. On BH_ERROR_FAULT, _DEADLINE, _EXITED and _CALLBACK the instance is dead and the detail
 * tells why; calls of it that were still running on this thread, outside the callback that made this call, end with the
 * same error when control comes back to them.
 *
 * Floating point: a module that reads or writes MXCSR (bh_module_info) starts every call with the default one and the
 * host gets its own back. Any other runs with the host's rounding and exception masks, as a library in C would, and may
 * set sticky flags. The x87 control word is always the default one for modules that use x87, and the host's
 * afterwards. */
bh_error bh_call(bh_instance *instance, const bh_function *function, const bh_value *arguments, bh_value *result);
/* The same with C arguments as the signature says: int32_t for all integers up to that size, int64_t, bh_address,
 * double (for 'f' too), long double, and for structures a pointer to it. */
bh_error bh_invoke(bh_instance *instance, const bh_function *function, bh_value *result, ...);

/* The registers of a call, for glue that knows the ABI: generated wrappers, foreign-function interfaces. */
typedef struct bh_registers {
    uint64_t integer[6]; /* rdi, rsi, rdx, rcx, r8, r9: all six reach the callee, so clear those that mean nothing */
    uint64_t vector[8];  /* the low halves of xmm0 to xmm7 */
    uint64_t rax, rdx;   /* results */
    uint64_t xmm0, xmm1; /* results, low halves */
    bh_address stack;    /* in a callback: where its stack arguments are, for bh_copy_out. Not used by calls */
    uint32_t
        vectors; /* in a call: how many of vector count (0 to 8; al gets it). 0: none is loaded. In a callback: 8 */
    uint32_t reserved;
} bh_registers;

/* Calls address with these registers and stores rax, rdx, xmm0 and xmm1: the fastest way in. No arguments on the stack.
 * The address is confined to a bundle of the slot, whatever it is. Errors as of bh_call. */
bh_error bh_call_registers(bh_instance *instance, bh_address address, bh_registers *registers);

/* ---- Callbacks: functions of the host that the guest calls ---- */

/* Runs on the thread that runs the guest, on its ordinary stack. (A thread that the guest made runs on a host thread of
 * the runtime's, with 1 MiB of stack and the host's signals blocked, and several callbacks can run at once.) arguments
 * hold copies: structures lie in host memory until the callback returns, pointers are addresses that the guest chose.
 * Set result->as (structures: fill the zeroed bytes at result->as.s). Return 0, or anything else to end the guest's
 * call: bh_call then returns BH_ERROR_CALLBACK with that value as callback_status, and the instance is dead, since its
 * functions were left half-way.
 *
 * The guest calls any registered callback whenever it likes, with any arguments, also while another one runs (calls
 * nest up to BH_MAX_DEPTH). May call into this and other instances and register and destroy callbacks; instance itself
 * cannot be reset or destroyed meanwhile. A fault in it is the host's own. */
typedef int bh_callback_function(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result);
/* The same with plain registers: arguments in, results out (set to zero before). */
typedef int bh_raw_callback_function(void *context, bh_instance *instance, bh_registers *registers);

/* Makes a host function callable by the guest: *address is an ordinary function pointer for it, in this instance only.
 * The signature is that of the function as the guest sees it; structures by value add up to 4096 bytes at most. context
 * is passed through and stays the caller's. BH_ERROR_LIMIT when BH_CALLBACK_COUNT are registered. Any thread, also in a
 * callback; BH_ERROR_BUSY while another thread runs the instance, unless its module is built for threads. */
bh_error bh_callback_create(bh_instance *instance, const char *signature, bh_callback_function *function, void *context,
                            bh_address *address);
bh_error bh_callback_create_raw(bh_instance *instance, bh_raw_callback_function *function, void *context,
                                bh_address *address);
/* A guest that calls it afterwards faults (BH_FAULT_CALLBACK), until the number is used again: then it calls the new
 * one. A call that another thread is in at the moment may still finish; make sure that none is before context goes
 * away. BH_ERROR_NOT_FOUND when address is no registered callback. All of them go with a reset and with the instance.
 * Any thread, any time. */
bh_error bh_callback_destroy(bh_instance *instance, bh_address address);

/* ---- Guest memory ---- */

/* Copy between host memory and the slot. BH_ERROR_RANGE when [guest, guest+size) leaves the slot or is not accessible
 * that way; part may have been copied then. Other guest threads can change the memory at any time: check what was
 * copied, not what lies in the slot. */
bh_error bh_copy_in(bh_instance *instance, bh_address guest, const void *host, size_t size);
bh_error bh_copy_out(bh_instance *instance, void *host, bh_address guest, size_t size);
/* Copies a string of the guest, at most capacity bytes with its NUL; BH_ERROR_RANGE when it is longer. */
bh_error bh_copy_string(bh_instance *instance, char *host, bh_address guest, size_t capacity);
/* The length of a string without its NUL; BH_ERROR_RANGE unless it is less than limit. It may have another length a
 * moment later: bh_copy_string is the one to trust. */
bh_error bh_string_length(bh_instance *instance, bh_address guest, size_t limit, size_t *length);
/* memset. */
bh_error bh_fill(bh_instance *instance, bh_address guest, int byte, size_t size);
/* Whether [guest, guest+size) lies in the slot; says nothing about what is mapped there. */
bh_error bh_check_range(bh_instance *instance, bh_address guest, size_t size);
/* A copy in host memory, suitably aligned for anything, of count elements of size bytes: for structures and arrays that
 * a guest hands out, to be checked and used without the guest changing them meanwhile. BH_ERROR_RANGE when the product
 * overflows or exceeds limit: count usually comes from the guest, too. Give it back with bh_view_close (NULL is
 * accepted). */
bh_error bh_view_open(bh_instance *instance, bh_address guest, size_t count, size_t size, size_t limit,
                      const void **view);
void bh_view_close(const void *view);

/* Memory in the guest for the host's use: from the library's malloc and free when it exports both (link it with
 * -Wl,-u,malloc -Wl,-u,free), so that the library can own and free it, else fresh pages, which only bh_free gives back.
 * Works in callbacks. A lying malloc is caught: BH_ERROR_RANGE unless the block lies in the slot. BH_ERROR_MEMORY when
 * there is none. */
bh_error bh_allocate(bh_instance *instance, size_t size, bh_address *block);
bh_error bh_free(bh_instance *instance, bh_address block);
/* The same with contents: size bytes, or a string with its NUL. */
bh_error bh_allocate_copy(bh_instance *instance, const void *host, size_t size, bh_address *block);
bh_error bh_allocate_string(bh_instance *instance, const char *string, bh_address *block);
/* Strictly the library's own malloc and free: BH_ERROR_NOT_FOUND when it does not export them. */
bh_error bh_guest_malloc(bh_instance *instance, size_t size, bh_address *block);
bh_error bh_guest_free(bh_instance *instance, bh_address block);

/* ---- Sharing memory without copying ---- */

/* Memory that can be shared: size bytes, rounded up to whole pages, zeroed, readable and writable for the host at
 * *memory, for use like any other. Not bound to an engine. Takes two descriptors. Any thread. */
bh_error bh_shared_create(size_t size, void **memory);
/* Gives it back; memory may be NULL. BH_ERROR_BUSY while an instance shares it. */
bh_error bh_shared_destroy(void *memory);
/* Makes part of such a buffer appear in the instance's slot: the guest sees the same memory at *guest, at once and
 * without a copy, until bh_unshare, a reset or the instance's destruction. mode is BH_READ_ONLY, which the kernel
 * enforces, or BH_READ_WRITE: the guest may change the memory at any time then, also while the host looks at it. memory
 * and size are multiples of the page size, so that nothing beside the buffer is shown. Never executable; the guest
 * cannot unmap, protect, move or drop it. One buffer may be shared with many instances. Other memory of the host cannot
 * be shared (BH_ERROR_ARGUMENT): only shared mappings can appear twice. BH_ERROR_BUSY while the instance runs, unless
 * its module is built for threads: then memory may come and go under running threads, which fault when they use what is
 * gone. */
bh_error bh_share(bh_instance *instance, const void *memory, size_t size, int mode, bh_address *guest);
/* The same for [offset, offset + size) of a regular file or memfd that the caller has open (for reading, and for
 * writing with BH_READ_WRITE). The descriptor may be closed afterwards. When somebody makes the file shorter, what the
 * guest does there ends as BH_FAULT_BUS. */
bh_error bh_share_fd(bh_instance *instance, int fd, uint64_t offset, size_t size, int mode, bh_address *guest);
/* Takes the memory that was shared at this guest address away from the guest. */
bh_error bh_unshare(bh_instance *instance, bh_address guest);

#ifdef __cplusplus
}
#endif
#endif
