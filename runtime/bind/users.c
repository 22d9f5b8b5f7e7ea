/* Pointers of the host's that the guest knows as numbers, and what each is for: the contract `user`.
 *
 * Where the guest gives one back, the host's function takes it for a pointer to one type of object. So it comes back
 * only where the contracts say that the same kind of pointer is expected, and only as long as the object may be used:
 *   - one that was given together with functions of the host comes back as an argument of these functions alone
 *   - one with a name, user(NAME), comes back wherever the contract has that name
 *   - one that goes with scoped callbacks, or is scoped itself, dies with the call
 *
 * A number is a place in the table and the place's generation, which no two pointers ever have in common, of whatever
 * life of the instance; it begins at random, so that other instances have others. Bits 0 to 3 are zero: libraries that
 * keep marks in a pointer's low bits can do so. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "library.h"

#define MAX_TOKENS (1u << 16)
#define PLACE_SHIFT 4
#define GENERATION_SHIFT 20
#ifndef GENERATIONS                                          /* a test sees the end of fewer */
#define GENERATIONS (UINT64_C(1) << (64 - GENERATION_SHIFT)) /* after them a place is not used again */
#endif

struct bh_bind_token {
    const void *host;          /* NULL: free */
    const char *name;          /* of its kind, of the wrapper's text */
    const bh_bind_call *scope; /* dies with it; NULL: stays */
    uint64_t generation;
    unsigned uses; /* of a scoped one, by callbacks that run on threads of the guest */
    unsigned next; /* of its list, + 1; 0: the last */
    unsigned count, room;
    bh_bind_host_function **functions; /* that it goes with */
};

static unsigned *list_of(bh_bind *bind, const void *host) {
    uintptr_t address = (uintptr_t)host;
    return &bind->token_lists[(address >> 4 ^ address >> 12) % BH_BIND_TOKEN_LISTS];
}

/* Whether a token is of the kind. With a NULL name the kind is that of whatever goes with the one function. */
static bool is_of(const struct bh_bind_token *token, const bh_bind_user_kind *kind) {
    if (kind->name)
        return !strcmp(token->name, kind->name) && /* and so as many */
               (!kind->count || !memcmp(token->functions, kind->functions, kind->count * sizeof(*kind->functions)));
    for (unsigned n = 0; kind->count && n < token->count; n++) {
        if (token->functions[n] == kind->functions[0])
            return true;
    }
    return false;
}

static unsigned find_same(bh_bind *bind, const void *host, const bh_bind_user_kind *kind) {
    unsigned place = *list_of(bind, host);
    while (place && !(bind->tokens[place - 1].host == host && is_of(&bind->tokens[place - 1], kind)))
        place = bind->tokens[place - 1].next;
    return place;
}

/* Where a new generation of a place begins: not at the same one in any two instances, as far as chance goes. */
static uint64_t first_generation(const bh_bind *bind) {
    uint32_t random;
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        random = (uint32_t)(bind->life >> BH_BIND_HANDLE_LIFE_SHIFT); /* a seccomp filter of the host's, perhaps */
    return (uint64_t)random + 1;
}

/* A free place, + 1; 0: there is none. */
static unsigned free_place(bh_bind *bind) {
    unsigned place = bind->free_tokens;
    if (place) {
        bind->free_tokens = bind->tokens[place - 1].next;
        return place;
    }
    if (bind->token_count == bind->token_room) {
        unsigned wanted = bind->token_room ? bind->token_room * 2 : 16;
        struct bh_bind_token *tokens = wanted > MAX_TOKENS ? NULL : realloc(bind->tokens, wanted * sizeof(*tokens));
        if (!tokens)
            return 0;
        bind->tokens = tokens;
        bind->token_room = wanted;
    }
    if (!bind->token_base)
        bind->token_base = first_generation(bind);
    bind->tokens[bind->token_count] = (struct bh_bind_token){.generation = bind->token_base};
    return ++bind->token_count;
}

static void put_back(bh_bind *bind, unsigned place) {
    struct bh_bind_token *token = &bind->tokens[place - 1];
    token->next = bind->free_tokens;
    if (token->generation < GENERATIONS)
        bind->free_tokens = place;
}

static void end_token(struct bh_bind_token *token) {
    token->host = NULL;
    token->generation++;
}

static bool set_functions(struct bh_bind_token *token, const bh_bind_user_kind *kind) {
    if (kind->count > token->room) {
        bh_bind_host_function **functions = realloc(token->functions, kind->count * sizeof(*functions));
        if (!functions)
            return false;
        token->functions = functions;
        token->room = kind->count;
    }
    if (kind->count)
        memcpy(token->functions, kind->functions, kind->count * sizeof(*token->functions));
    token->count = kind->count;
    return true;
}

/* The place, + 1, of the host's pointer, for as long as scope says or, if it has one that stays, for longer; 0: there
 * is no room. */
static unsigned place_for(bh_bind *bind, const void *host, const bh_bind_user_kind *kind, bh_bind_call *scope) {
    unsigned place = find_same(bind, host, kind);
    if (place || !(place = free_place(bind)))
        return place;
    struct bh_bind_token *token = &bind->tokens[place - 1];
    if (!set_functions(token, kind)) {
        put_back(bind, place);
        return 0;
    }
    unsigned *list = scope ? &scope->tokens : list_of(bind, host);
    token->host = host;
    token->name = kind->name;
    token->scope = scope;
    token->next = *list;
    *list = place;
    return place;
}

bh_address bh_bind_user(bh_bind_call *call, const char *what, const void *host, const bh_bind_user_kind *kind,
                        unsigned flags) {
    bh_bind *bind = call->bind;
    if (call->failed)
        return 0;
    if (!host) {
        if (!(flags & BH_BIND_NULLABLE))
            bh_bind_fail(call, BH_BIND_HOST, what, "is NULL");
        return 0;
    }
    pthread_mutex_lock(&bind->tables);
    unsigned place = place_for(bind, host, kind, flags & BH_BIND_SCOPED ? call : NULL);
    bh_address token =
        place ? bind->tokens[place - 1].generation << GENERATION_SHIFT | (bh_address)(place - 1) << PLACE_SHIFT : 0;
    pthread_mutex_unlock(&bind->tables);
    if (!place)
        bh_bind_fail(call, BH_BIND_HOST, what, "has no token left: too many host pointers are in use (bh_bind_forget)");
    return token;
}

/* ---- Back from the guest ---- */

/* index, found below count: zero where the processor only guessed so. */
static size_t bounded(size_t index, size_t count) {
    size_t mask;
    __asm__("cmpq %2, %1; sbbq %0, %0" : "=r"(mask) : "r"(index), "r"(count) : "cc");
    return index & mask;
}

/* The token that the guest's number stands for; NULL with the problem. */
static struct bh_bind_token *find(const bh_bind *bind, bh_address guest, const bh_bind_user_kind *kind,
                                  const char **problem) {
    size_t index = guest >> PLACE_SHIFT & (MAX_TOKENS - 1);
    uint64_t generation = guest >> GENERATION_SHIFT;
    *problem = "is no pointer that the host gave";
    if (index >= bind->token_count || guest & ((1 << PLACE_SHIFT) - 1))
        return NULL;
    struct bh_bind_token *token = &bind->tokens[bounded(index, bind->token_count)];
    if (generation >= bind->token_base && generation < token->generation)
        *problem = "is a pointer of the host's that is no more: its call has ended, it was forgotten, or the instance "
                   "was restarted";
    if (generation != token->generation || !token->host)
        return NULL;
    *problem = "is a pointer that the host gave for something else";
    return is_of(token, kind) ? token : NULL;
}

void *bh_bind_take_user(bh_bind_call *call, const char *what, bh_address guest, const bh_bind_user_kind *kind,
                        unsigned flags) {
    bh_bind *bind = call->bind;
    const char *problem = NULL;
    if (call->failed)
        return NULL;
    if (!guest) {
        if (!(flags & BH_BIND_NULLABLE))
            bh_bind_fail(call, BH_BIND_GUEST, what, "is NULL");
        return NULL;
    }
    /* The end of the call that a scoped one goes with waits for functions of the host on other threads that have it. */
    struct bh_bind_use *use = call->apart ? bh_bind_temp(call, what, 1, sizeof(*use)) : NULL;
    if (call->failed)
        return NULL;
    pthread_mutex_lock(&bind->tables);
    struct bh_bind_token *token = find(bind, guest, kind, &problem);
    const void *host = token ? token->host : NULL;
    if (token && token->scope && use) {
        token->uses++;
        *use = (struct bh_bind_use){call->uses, (unsigned)(token - bind->tokens)};
        call->uses = use;
    }
    pthread_mutex_unlock(&bind->tables);
    if (!token)
        bh_bind_fail(call, BH_BIND_GUEST, what, problem);
    return (void *)(uintptr_t)host;
}

void bh_bind_release_uses(bh_bind_call *call) {
    for (; call->uses; call->uses = call->uses->next)
        call->bind->tokens[call->uses->token].uses--;
}

/* ---- The end ---- */

void bh_bind_release_tokens(bh_bind_call *call) {
    bh_bind *bind = call->bind;
    if (!call->tokens)
        return;
    pthread_mutex_lock(&bind->tables);
    while (call->tokens) {
        unsigned place = call->tokens;
        call->tokens = bind->tokens[place - 1].next;
        end_token(&bind->tokens[place - 1]);
        while (bind->tokens[place - 1].uses)
            pthread_cond_wait(&bind->quiet, &bind->tables);
        put_back(bind, place);
    }
    pthread_mutex_unlock(&bind->tables);
}

/* Takes a token that stays out of its list. */
static void unlist(bh_bind *bind, unsigned place) {
    unsigned *link = list_of(bind, bind->tokens[place - 1].host);
    while (*link != place)
        link = &bind->tokens[*link - 1].next;
    *link = bind->tokens[place - 1].next;
}

void bh_bind_forget_user(bh_bind *bind, const void *host) {
    pthread_mutex_lock(&bind->tables);
    for (unsigned place = 1; place <= bind->token_count; place++) {
        struct bh_bind_token *token = &bind->tokens[place - 1];
        if (token->host != host)
            continue;
        if (!token->scope)
            unlist(bind, place);
        end_token(token);
        if (!token->scope)
            put_back(bind, place); /* else the call does */
    }
    pthread_mutex_unlock(&bind->tables);
}

void bh_bind_kill_tokens(bh_bind *bind) {
    memset(bind->token_lists, 0, sizeof(bind->token_lists));
    bind->free_tokens = 0;
    for (unsigned place = bind->token_count; place; place--) {
        struct bh_bind_token *token = &bind->tokens[place - 1];
        if (token->host)
            end_token(token);
        put_back(bind, place);
    }
}

void bh_bind_free_tokens(bh_bind *bind) {
    for (unsigned n = 0; n < bind->token_count; n++)
        free(bind->tokens[n].functions);
    free(bind->tokens);
}
