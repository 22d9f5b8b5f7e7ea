/* What wrappers written by bulkhead-bind are made of: instances behind ordinary function names, and one function for
 * each contract that a pointer can have. docs/binding.md is the guide. Hosts use the types and the functions of the
 * first half, mostly through the names that their wrapper gives them; the second half is for generated code.
 *
 * A contract is checked where data crosses the boundary, on a copy that the guest can no longer change. The first check
 * that fails decides how the call ends: it is recorded, everything after it does nothing, and nothing is delivered to
 * the host's variables but the contents of plain out buffers. No bad argument and no guest makes anything here abort.
 */
#ifndef BULKHEAD_BIND_H
#define BULKHEAD_BIND_H

#include "bulkhead.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bh_bind_library bh_bind_library; /* a module and how its wrapper uses it */
typedef struct bh_bind bh_bind;                 /* one instance of it, and what its wrapper remembers */

/* ---- Errors ---- */

typedef enum bh_bind_kind {
    BH_BIND_OK = 0,
    BH_BIND_HOST,  /* the host's call breaks a contract: NULL, a negative size, a pointer that is no handle. Nothing ran
                    */
    BH_BIND_GUEST, /* what the library returned, or gave a callback, breaks a contract. It may be under attack */
    BH_BIND_CALL   /* the call itself failed; error tells how: a fault, a deadline, no such export, no memory */
} bh_bind_kind;

typedef struct bh_bind_error {
    bh_bind_kind kind;
    bh_error error;       /* BH_BIND_CALL, and where a copy failed; else BH_OK. bh_last_error has details */
    const char *function; /* the library's function, or the callback's type; "" when there is none */
    char text[384];       /* one line */
} bh_bind_error;

/* The calling thread's last failed call through any wrapper. Never NULL; calls that succeed leave it alone. */
const bh_bind_error *bh_bind_last_error(void);
void bh_bind_clear_error(void);

/* Called on the calling thread when a wrapped call ends with an error, before it returns its default value. It may
 * restart bind unless a call of it still runs. bind is NULL when there was no instance. */
typedef void bh_bind_handler(void *context, bh_bind *bind, const bh_bind_error *error);

/* ---- Libraries and instances ---- */

typedef struct bh_bind_options {
    size_t struct_size;      /* sizeof(bh_bind_options) */
    bh_engine *engine;       /* NULL: the library makes one of its own */
    const bh_policy *policy; /* used whenever an instance is made; must outlive the library. NULL grants nothing */
    bool per_thread; /* an instance for each thread, made at its first call and gone with the thread; else one for
                        the process, whose calls wait for each other */
    unsigned slots;  /* of an engine of its own; 0 means 16 */
    uint64_t
        deadline; /* of every call, in nanoseconds; 0: none. The policy's counts for the start code of an instance */
    size_t string_limit; /* longest string taken from the guest where the contract names none; 0 means 1 MiB */
    size_t copy_limit;   /* most bytes that one pointer may stand for, that one call may make the wrapper allocate, and
                            that what is kept may take in all (in at most 4096 pieces); 0 means 256 MiB */
    bool thread_callbacks; /* a module built with -pthread may call the host's functions on threads of its own, several
                              at once; they cannot call the library (docs/binding.md). Else such a call is a breach */
    bh_bind_handler *handler; /* may be NULL */
    void *handler_context;
} bh_bind_options;

/* The functions of a wrapper; generated. */
typedef struct bh_bind_entry {
    const char *name, *signature;
    const char *symbol; /* that the module exports */
} bh_bind_entry;
typedef struct bh_bind_description {
    const char *library;
    const bh_bind_entry *entries;
    unsigned count;
} bh_bind_description;

/* Loads and verifies a module; unless per_thread, makes its first instance. options may be NULL. *library only on
 * success. */
bh_error bh_bind_library_open(const bh_bind_description *description, const char *module_path,
                              const bh_bind_options *options, bh_bind_library **library);
/* Destroys all instances, of other threads too, and frees everything that was borrowed from them. No call may be
 * running: BH_ERROR_BUSY when one of this thread is. NULL is accepted. */
bh_error bh_bind_library_close(bh_bind_library *library);
/* The instance that the library's own function names use, on this thread; NULL with the error recorded. */
bh_bind *bh_bind_default(bh_bind_library *library);
/* One more instance, for the functions that take one. Destroy it before the library closes, or let that do it. */
bh_error bh_bind_create(bh_bind_library *library, bh_bind **bind);
bh_error bh_bind_destroy(bh_bind *bind);
/* Puts a fresh instance in the place of one that died or is not trusted any more: by a reset, or where the kernel
 * refuses that by a new one. Handles, tokens, pinned structures and registered callbacks of the old one are gone, and
 * handles of it are refused (BH_BIND_HOST). What `keep` made is freed: the host must not use it any more, on any
 * thread; get it again. What was lent until the next call stays. Shares and callbacks that the host made through
 * bh_bind_instance are to be made anew, and that may be another instance now. On an error, the start code's for
 * example, calls fail until a restart succeeds. BH_ERROR_BUSY while a call of it runs, and in its callbacks. */
bh_error bh_bind_restart(bh_bind *bind);
/* The instance itself, for bulkhead.h. */
bh_instance *bh_bind_instance(bh_bind *bind);
/* Lets go of what is remembered for a host pointer: its tokens (`user`) and its place in the guest (`pinned`). To be
 * called before the object behind a `user` pointer is freed, unless that was scoped. A guest that still uses the token
 * breaks its contract. Does not wait for functions of the host that have the pointer already, on threads of the guest.
 */
void bh_bind_forget(bh_bind *bind, const void *host);

/* Handles are guest addresses with the top bit set: no host can use one by accident, for the CPU refuses such
 * addresses. Below that bit is a number of the instance's life, by which handles from before a restart are known. It
 * comes again after 32,767 lives in the process, so what it finds are mistakes of hosts; a guest is confined whatever
 * it gets. */
#define BH_BIND_HANDLE_BIT (UINT64_C(1) << 63)
#define BH_BIND_HANDLE_LIFE_SHIFT 48
#define BH_BIND_HANDLE_ADDRESS ((UINT64_C(1) << BH_BIND_HANDLE_LIFE_SHIFT) - 1)

/* ---- For generated code ---- */

enum {
    BH_BIND_NULLABLE = 1,
    BH_BIND_KEEP = 2,   /* to the guest: the copy stays; from the guest: it stays until a restart, equal ones shared */
    BH_BIND_TAKE = 4,   /* from the guest: the host gets malloc'ed memory, the guest's is freed */
    BH_BIND_PINNED = 8, /* the same place in the guest for the same host pointer */
    BH_BIND_SCOPED = 16 /* a callback or a pointer of the host's that goes when the call ends */
};

struct bh_bind_block;
struct bh_bind_commit;
struct bh_bind_taken;
struct bh_bind_guest_block;
struct bh_bind_callback;
struct bh_bind_use;

/* What a pointer of the host's is for. Those that were given together with functions of the host, in one list of
 * arguments or one structure, come back to these functions alone; their name is the list's, which has "()" or a blank
 * in it. Others have the name of their contract, user(NAME), or that of their type. A NULL name, with one function, is
 * any that goes with it; with none, nothing. */
typedef void bh_bind_host_function(void);
typedef struct bh_bind_user_kind {
    const char *name;
    unsigned count;
    bh_bind_host_function *const *functions;
} bh_bind_user_kind;

/* Where a type of size bytes has bools: in runs of bytes from offset on, each nothing but bools (of is NULL), or
 * elements of another such type. */
typedef struct bh_bind_bools {
    uint64_t size;
    unsigned count;
    const struct bh_bind_bool_run *runs;
} bh_bind_bools;
typedef struct bh_bind_bool_run {
    uint64_t offset, bytes;
    const bh_bind_bools *of;
} bh_bind_bool_run;

/* One call, in either direction. The fields are the library's. */
typedef struct bh_bind_call {
    bh_bind *bind;
    const char *function;
    unsigned index;
    bool failed, callback;
    bool apart; /* on a thread of the guest, without the bind's lock */
    struct bh_bind_call *outer;
    struct bh_bind_callback *running;
    bh_bind_kind source; /* whose sizes are looked at: the host's before the call, the guest's after it */
    size_t scratch_mark;
    unsigned tokens; /* that end with the call */
    struct bh_bind_use *uses;
    uint64_t copied; /* bytes of host memory, so that many pointers to the same large object do not exhaust it */
    struct bh_bind_block *temps, *held;
    struct bh_bind_commit *commits;
    struct bh_bind_taken *taken;
    struct bh_bind_guest_block *blocks;
    bh_bind_error error;
} bh_bind_call;

/* Brackets around one call; begin waits for other threads' calls. bind may be NULL (the error is recorded already). The
 * last one is true if all went well; only then are results good and commits done. */
void bh_bind_begin(bh_bind_call *call, bh_bind *bind, unsigned index);
bool bh_bind_run(bh_bind_call *call, const bh_value *arguments, bh_value *result);
bool bh_bind_end(bh_bind_call *call);
/* Records the first failure. */
void bh_bind_fail(bh_bind_call *call, bh_bind_kind kind, const char *what, const char *problem);

/* Sizes. A negative one breaks the contract of whose it is. */
uint64_t bh_bind_size(bh_bind_call *call, const char *what, int64_t value);
uint64_t bh_bind_multiply(bh_bind_call *call, const char *what, uint64_t a, uint64_t b);
uint64_t bh_bind_add(bh_bind_call *call, const char *what, uint64_t a, uint64_t b);
/* used of at most room; more is the guest's breach. */
uint64_t bh_bind_used(bh_bind_call *call, const char *what, uint64_t used, uint64_t room);

/* From the host to the guest. Each returns what the guest gets, 0 for NULL and after a failure. */
bh_address bh_bind_in(bh_bind_call *call, const char *what, const void *host, uint64_t size, unsigned flags);
/* As bh_bind_in, with contents that differ from the host's: bytes (NULL: zeros), which host stands for. */
bh_address bh_bind_image(bh_bind_call *call, const char *what, const void *host, const void *bytes, uint64_t size,
                         unsigned flags);
bh_address bh_bind_string(bh_bind_call *call, const char *what, const char *host, uint64_t limit, unsigned flags);
bh_address bh_bind_handle(bh_bind_call *call, const char *what, const void *host);
/* With BH_BIND_SCOPED, until the call ends; else until bh_bind_forget, or the end of the instance's life. */
bh_address bh_bind_user(bh_bind_call *call, const char *what, const void *host, const bh_bind_user_kind *kind,
                        unsigned flags);
/* A host function; a handle of a function of the guest is passed back as such. */
bh_address bh_bind_function(bh_bind_call *call, const char *what, void (*host)(void), const char *signature,
                            bh_callback_function *trampoline, unsigned flags);
/* The host's pointer that a pinned structure lies at is no more. */
void bh_bind_unpin(bh_bind_call *call, const void *host);

/* From the guest to the host. */
void bh_bind_out(bh_bind_call *call, const char *what, void *host, bh_address guest, uint64_t size);
void bh_bind_out_string(bh_bind_call *call, const char *what, char *host, bh_address guest, uint64_t capacity);
/* The same for memory that holds bools: bools tells where; NULL: it is nothing else. The host gets 0 or 1 for what the
 * guest wrote. */
void bh_bind_out_bools(bh_bind_call *call, const char *what, void *host, bh_address guest, uint64_t size,
                       const bh_bind_bools *bools);
/* Makes such bytes in a copy of the guest's memory 0 or 1. */
void bh_bind_normalize(void *host, uint64_t size, const bh_bind_bools *bools);
/* Pointers. limit of a string: 0 means the library's. free_function: the guest's, for BH_BIND_TAKE; NULL means "free".
 */
char *bh_bind_take_string(bh_bind_call *call, const char *what, bh_address guest, uint64_t limit, unsigned flags,
                          const char *free_function);
void *bh_bind_take(bh_bind_call *call, const char *what, bh_address guest, uint64_t size, unsigned flags,
                   const char *free_function);
void *bh_bind_take_bools(bh_bind_call *call, const char *what, bh_address guest, uint64_t size, unsigned flags,
                         const char *free_function, const bh_bind_bools *bools);
void *bh_bind_take_handle(bh_bind_call *call, const char *what, bh_address guest);
/* Only a pointer of that kind; anything else is the guest's breach. */
void *bh_bind_take_user(bh_bind_call *call, const char *what, bh_address guest, const bh_bind_user_kind *kind,
                        unsigned flags);
/* A pointer into [host, host+size] from one into [guest, guest+size]; left is what the guest says is left there of
 * size. */
void *bh_bind_take_cursor(bh_bind_call *call, const char *what, bh_address at, const void *host, bh_address guest,
                          uint64_t size, uint64_t left);

/* Host memory, zeroed, until the call ends. Never NULL unless the call failed. */
void *bh_bind_temp(bh_bind_call *call, const char *what, uint64_t count, uint64_t size);
/* Copies size bytes to host when the call has succeeded; bytes must live until then. */
void bh_bind_commit(bh_bind_call *call, void *host, const void *bytes, uint64_t size);

/* A callback's bracket: context is what the trampoline got. end returns what the trampoline returns. */
void (*bh_bind_callback_begin(bh_bind_call *call, void *context, const char *name))(void);
void bh_bind_callback_returned(bh_bind_call *call); /* from here on sizes are the host's */
int bh_bind_callback_end(bh_bind_call *call);
/* In a callback: writes to the guest where it said. */
void bh_bind_put(bh_bind_call *call, const char *what, bh_address guest, const void *host, uint64_t size);

#ifdef __cplusplus
}
#endif
#endif
