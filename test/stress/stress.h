/* The stress test's parts; stress.c says what it does. */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "bulkhead/bulkhead.h"

#define PAGE 4096u
#define MAX_THREADS 64
#define PRIVATE 3  /* instances of a thread's own */
#define SHARED 6   /* instances that all threads use */
#define CALLBACKS 4
#define BUFFERS 3

/* Both have the same modules. The second engine is so small that its slots and mappings run out. */
enum { ENGINES = 2, SMALL = 1 };
enum { PLAIN, FLOAT, THREADS, MODULES, PROGRAM = MODULES, FILES };
/* Policies. TIGHT: few mappings, threads and bytes. BRIEF: calls have a deadline; all shared instances have it, since there
 * no thread may change it under another's feet. */
enum { LOOSE, TIGHT, BRIEF, POLICIES };

#define BRIEF_DEADLINE 100000000 /* nanoseconds */

/* What instances are made of, and how often everything happened. */
extern bh_engine *engines[ENGINES];
extern bh_module *modules[ENGINES][MODULES]; /* NULL when this CPU cannot run it */
extern const char *plain_path; /* the PLAIN module's file */
extern bool no_interrupts; /* leave out what needs a signal to stop guest code where it is */

/* An instance and what the test knows of it. In a private one that is everything; in a shared one others change it, too. */
struct entry {
    bh_instance *instance; /* NULL: none */
    int engine, module, policy;
    bool shared;
    bool dead;      /* private: it ended. In shared ones BH_ERROR_DEAD is always possible */
    bool unsettled; /* guest threads run that may end it at any time */
    uint64_t life;  /* private: what its memory may be stained with */
    bh_address callback[CALLBACKS], share[BUFFERS];
    void *buffer[BUFFERS]; /* what is shared there; NULL: nothing */
    pthread_mutex_t lock;  /* shared: guards instance and users */
    unsigned users;
};

/* A host thread, or rather one after the other: each does some operations and ends. */
struct worker {
    unsigned index;
    pthread_t thread;
    uint64_t first, end; /* its operations */
    uint64_t random;     /* of this operation */
    struct entry own[PRIVATE];
    char *trap;          /* a page of the host that faults when touched */
    struct entry *inside; /* what it is calling: where callbacks find it */
    int depth;           /* of nested callbacks */
    /* For the watchdog. */
    _Atomic uint64_t done;
    _Atomic(const char *) doing;
};

/* The sequence of operations depends on the seed only: every operation draws from a stream of its own, so that what happened
 * before does not shift what comes after. */
void seed_operation(struct worker *worker, uint64_t number);
uint64_t draw(struct worker *worker, uint64_t below);

/* ---- report.c ---- */

#define SET(error) (1ull << (error))
/* Counts the error for the operation and complains unless it is in the set. True: it is BH_OK. */
bool expect(const char *operation, const struct entry *entry, bh_error error, uint64_t allowed);
/* Complains unless condition holds. */
void require(bool condition, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern atomic_uint failures;
void print_counts(void);

/* What the process has, to be compared before and after. */
struct census {
    unsigned descriptors, threads, mappings, guests; /* guests: mappings of the runtime's memory files */
};
struct census take_census(void);

/* ---- instances.c ---- */

void open_engines(const char *const path[FILES], uint64_t seed);
void close_engines(void);
extern struct entry pool[SHARED];
/* What any call into the entry may return besides what the call itself brings about. */
uint64_t always_allowed(const struct entry *entry);
/* Makes an instance for an empty entry, checks that its memory is clean and stains it. */
void create(struct worker *worker, struct entry *entry);
void destroy(struct worker *worker, struct entry *entry);
/* An instance of the program in the entry's engine, under its policy. */
bh_error create_program(struct entry *entry);
void reset(struct worker *worker, struct entry *entry);
/* Remembers that a private instance has ended if the error says so. Returns the error. */
bh_error note_end(struct entry *entry, bh_error error);
/* Calls an export with up to three integers; *result may be NULL. */
bh_error call(const struct entry *entry, const char *name, const char *signature, bh_value *result, uint64_t a, uint64_t b, uint64_t c);
/* Whether address lies in a slot that ever held an instance: where no host stack may be. */
bool is_slot(const void *address);
/* A shared instance to work with, or NULL; release it afterwards. */
struct entry *acquire(struct entry *entry);
void release(struct entry *entry);

/* ---- callbacks.c ---- */

enum { CALLBACK_ADD, CALLBACK_NESTED, CALLBACK_BUSY, CALLBACK_HOST_FAULT, CALLBACK_STOP, CALLBACK_NESTED_FAULT, CALLBACK_OTHER,
       CALLBACK_KINDS };
/* Runs a call with a callback of this kind in it, from registration to withdrawal. */
void call_with_callback(struct worker *worker, struct entry *entry, int kind);
/* The calling thread's; NULL on threads that a guest made. */
extern _Thread_local struct worker *this_worker;
/* One that guest threads may call at any time. */
int background(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result);

/* ---- refusals.c ---- */

/* How many of this thread's requests for a secret were refused and logged. */
extern _Thread_local unsigned refusals;
/* The log of all policies; context is the policy's number. */
void log_refusal(void *context, const char *name, const char *detail, int guest_errno);
void call_refused(struct worker *worker, struct entry *entry);

/* ---- program.c ---- */

/* From creation to destruction, with several runs in between. */
void run_program(struct worker *worker, struct entry *unused);

/* ---- operations.c ---- */

void run_operation(struct worker *worker);

#endif
