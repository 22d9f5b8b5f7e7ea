/* What the files of runtime/bind share. They use nothing of the runtime but include/bulkhead/bulkhead.h. */
#ifndef BULKHEAD_RUNTIME_BIND_H
#define BULKHEAD_RUNTIME_BIND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/bind.h>

#define BH_BIND_SCRATCH_SIZE 0x40000 /* guest memory for arguments, taken and given back like a stack */
#define BH_BIND_VIOLATION 1          /* what a callback returns that ends the guest's call */
#define BH_BIND_TOKEN_LISTS 256      /* of host pointers that stay, by their addresses */

struct bh_bind_block {
    struct bh_bind_block *next;
    size_t size;
    _Alignas(16) unsigned char bytes[];
};

struct bh_bind_commit {
    struct bh_bind_commit *next;
    void *host;
    const void *bytes;
    size_t size;
};

/* What the host got to own, until the call has succeeded. */
struct bh_bind_taken {
    struct bh_bind_taken *next;
    void *memory;
};

struct bh_bind_guest_block {
    struct bh_bind_guest_block *next;
    bh_address address;
};

struct bh_bind_callback {
    struct bh_bind_callback *next;
    bh_bind *bind;
    _Atomic(bh_bind_host_function *) host; /* NULL: it has gone; see registered.c */
    bh_callback_function *trampoline;
    bh_address address;
    const bh_bind_call *scope; /* the call it goes with; NULL: it stays */
    unsigned running;          /* on threads of the guest */
};

/* A scoped pointer of the host's that a callback on a thread of the guest has. */
struct bh_bind_use {
    struct bh_bind_use *next;
    unsigned token;
};

struct bh_bind_pin {
    const void *host;
    bh_address guest;
    uint64_t size;
};

struct bh_bind_library {
    const bh_bind_description *description;
    bh_bind_options options;
    bh_engine *own_engine;
    bh_module *module;
    pthread_mutex_t lock; /* of the list */
    pthread_key_t key;    /* per_thread: this thread's instance */
    bool has_key;
    bh_bind *binds;
    bh_bind *process; /* the default instance unless per_thread */
};

struct bh_bind {
    bh_bind *next;
    bh_bind_library *library;
    bh_instance *instance;
    pthread_mutex_t lock;        /* recursive: a callback may call the library */
    _Atomic(const void *) owner; /* the thread that holds the lock, as bh_bind_this_thread; NULL while depth is 0 */
    unsigned depth;
    bh_function *functions;
    bool *found;
    bh_address scratch;
    size_t scratch_used;
    uint64_t life; /* what handles have in their upper bits */
    /* Of pins, tokens, callbacks, pool and pending, which callbacks on threads of the guest use as well. Held while
     * nothing of the guest and no function of the host runs. */
    pthread_mutex_t tables;
    pthread_cond_t quiet; /* a callback on a thread of the guest has returned */
    struct bh_bind_pin *pins;
    size_t pin_count, pin_room;
    struct bh_bind_token *tokens; /* users.c */
    unsigned token_count, token_room, free_tokens, token_lists[BH_BIND_TOKEN_LISTS];
    uint64_t token_base;
    struct bh_bind_callback *callbacks, *retired;
    struct bh_bind_block **held; /* by function: what its last call lent to the host */
    struct bh_bind_block *pool;  /* kept strings and buffers */
    size_t pool_size, pool_count;
    bh_bind_error pending; /* why a callback ended the call */
};

/* Read without a call, as the runtime's own: of the little room that a shared object is sure to find. */
#define BH_BIND_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

/* The calling thread's last error. */
void bh_bind_set_error(const bh_bind_error *error);
/* Records a failure of call with the runtime's text about it. */
void bh_bind_fail_with(bh_bind_call *call, bh_bind_kind kind, const char *what, bh_error error);
/* Ends with the same failure as the runtime's call that returned error; true when there is none. */
bool bh_bind_check(bh_bind_call *call, const char *what, bh_error error);
/* Whether the call may allocate size bytes more; if not, it has failed. */
bool bh_bind_allow(bh_bind_call *call, const char *what, uint64_t size);
void bh_bind_free_blocks(struct bh_bind_block *blocks);
/* Guest memory until the call ends, or for ever. */
bh_address bh_bind_room(bh_bind_call *call, const char *what, uint64_t size, bool keep);
void bh_bind_release_rooms(bh_bind_call *call);
/* Withdraws those that end with the call and waits until none of them runs. */
void bh_bind_release_callbacks(bh_bind_call *call);
/* Of an instance that is no more. */
void bh_bind_free_callbacks(bh_bind *bind);
/* With the tables locked: what a callback on a thread of the guest has is not in use any more. */
void bh_bind_release_uses(bh_bind_call *call);
/* The pointers that end with the call, once no callback has them. */
void bh_bind_release_tokens(bh_bind_call *call);
void bh_bind_forget_user(bh_bind *bind, const void *host);
/* Of an instance that is no more. */
void bh_bind_kill_tokens(bh_bind *bind);
void bh_bind_free_tokens(bh_bind *bind);
/* Everything but the text of an error, which is most of it. */
void bh_bind_clear_call(bh_bind_call *call);
void bh_bind_deliver(bh_bind_call *call);
/* What the call took from the guest and from the host goes back. The lists' entries lie among the temporary blocks. */
void bh_bind_release(bh_bind_call *call);
/* Ends the call with why a callback ended the guest's, if that is what error comes from. */
bool bh_bind_take_pending(bh_bind_call *call, bh_error error);
/* Differs from thread to thread. */
const void *bh_bind_this_thread(void);
/* Whether this thread is one of the guest's, in a function of the host that bind's instance called. */
bool bh_bind_is_apart(const bh_bind *bind);
/* The calling thread is one, as long as call runs. */
void bh_bind_enter_apart(bh_bind_call *call);
void bh_bind_leave_apart(const bh_bind_call *call);
/* The bind of which that is so, of those of a library; NULL: none. */
bh_bind *bh_bind_apart_in(const bh_bind_library *library);

#endif
