/* Libraries and their instances. */
#include <stdlib.h>
#include <string.h>

#include "library.h"

#define DEFAULT_STRING_LIMIT ((size_t)1 << 20)
#define DEFAULT_COPY_LIMIT ((size_t)1 << 28)
#define LIVES 0x7fff /* until their numbers come again */

/* Everything that only means something in the instance that there was. */
static void forget_instance(bh_bind *bind) {
    bh_bind_free_callbacks(bind);
    bh_bind_kill_tokens(bind);
    bh_bind_free_blocks(bind->pool);
    bind->pool = NULL;
    bind->pool_size = bind->pool_count = 0;
    bind->pin_count = 0;
    bind->scratch = 0;
    bind->pending = (bh_bind_error){.kind = BH_BIND_OK};
    bind->scratch_used = 0;
}

/* Handles of what comes now differ from all earlier ones. */
static void begin_life(bh_bind *bind) {
    static atomic_uint lives;
    bind->life = BH_BIND_HANDLE_BIT | (uint64_t)(1 + atomic_fetch_add(&lives, 1) % LIVES) << BH_BIND_HANDLE_LIFE_SHIFT;
}

static void free_bind(bh_bind *bind) {
    forget_instance(bind);
    pthread_cond_destroy(&bind->quiet);
    pthread_mutex_destroy(&bind->tables);
    for (unsigned n = 0; n < bind->library->description->count; n++)
        bh_bind_free_blocks(bind->held[n]);
    pthread_mutex_destroy(&bind->lock);
    free(bind->functions);
    free(bind->found);
    free(bind->held);
    free(bind->pins);
    bh_bind_free_tokens(bind);
    free(bind);
}

static bh_error start(bh_bind *bind) {
    memset(bind->found, 0, bind->library->description->count * sizeof(*bind->found));
    begin_life(bind);
    bh_error error = bh_instance_create(bind->library->module, bind->library->options.policy, &bind->instance);
    if (!error && bind->library->options.deadline)
        error = bh_instance_set_deadline(bind->instance, bind->library->options.deadline);
    return error;
}

static bh_bind *new_bind(bh_bind_library *library) {
    pthread_mutexattr_t attributes;
    size_t count = library->description->count ? library->description->count : 1;
    bh_bind *bind = calloc(1, sizeof(*bind));
    if (!bind)
        return NULL;
    bind->library = library;
    bind->functions = calloc(count, sizeof(*bind->functions));
    bind->found = calloc(count, sizeof(*bind->found));
    bind->held = calloc(count, sizeof(struct bh_bind_block *));
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&bind->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    pthread_mutex_init(&bind->tables, NULL);
    pthread_cond_init(&bind->quiet, NULL);
    if (bind->functions && bind->found && bind->held)
        return bind;
    pthread_cond_destroy(&bind->quiet);
    pthread_mutex_destroy(&bind->tables);
    pthread_mutex_destroy(&bind->lock);
    free(bind->functions);
    free(bind->found);
    free(bind->held);
    free(bind);
    return NULL;
}

bh_error bh_bind_create(bh_bind_library *library, bh_bind **result) {
    if (!library || !result)
        return BH_ERROR_ARGUMENT;
    bh_bind *bind = new_bind(library);
    if (!bind)
        return BH_ERROR_MEMORY;
    bh_error error = start(bind);
    if (error) {
        if (bind->instance)
            bh_instance_destroy(bind->instance);
        free_bind(bind);
        return error;
    }
    pthread_mutex_lock(&library->lock);
    bind->next = library->binds;
    library->binds = bind;
    pthread_mutex_unlock(&library->lock);
    *result = bind;
    return BH_OK;
}

bh_error bh_bind_destroy(bh_bind *bind) {
    if (!bind)
        return BH_OK;
    bh_error error = atomic_load(&bind->owner) || bh_bind_is_apart(bind) ? BH_ERROR_BUSY
                     : bind->instance                                    ? bh_instance_destroy(bind->instance)
                                                                         : BH_OK;
    if (error)
        return error;
    bind->instance = NULL;
    bh_bind_library *library = bind->library;
    pthread_mutex_lock(&library->lock);
    for (bh_bind **link = &library->binds; *link; link = &(*link)->next) {
        if (*link == bind) {
            *link = bind->next;
            break;
        }
    }
    if (library->process == bind)
        library->process = NULL;
    pthread_mutex_unlock(&library->lock);
    if (library->has_key && pthread_getspecific(library->key) == bind)
        pthread_setspecific(library->key, NULL);
    free_bind(bind);
    return BH_OK;
}

static bh_error replace(bh_bind *bind) {
    bh_error error = bind->instance ? bh_instance_destroy(bind->instance) : BH_OK;
    if (error)
        return error;
    bind->instance = NULL;
    forget_instance(bind);
    return start(bind);
}

static bh_error reset(bh_bind *bind) {
    bh_error error = bh_instance_reset(bind->instance);
    switch (error) {
    case BH_ERROR_BUSY:
    case BH_ERROR_FORKED: return error; /* nothing happened */
    case BH_ERROR_DEAD:                 /* what the kernel refused earlier left a slot that cannot be used again */
    case BH_ERROR_LIMIT:
    case BH_ERROR_MEMORY:
    case BH_ERROR_SYSTEM: return replace(bind);
    default:
        /* Where the start code failed it would do so in a new instance, without the options' deadline. */
        forget_instance(bind);
        begin_life(bind);
        return error;
    }
}

bh_error bh_bind_restart(bh_bind *bind) {
    if (!bind)
        return BH_ERROR_ARGUMENT;
    if (bh_bind_is_apart(bind))
        return BH_ERROR_BUSY;
    pthread_mutex_lock(&bind->lock);
    bh_error error = bind->depth ? BH_ERROR_BUSY : bind->instance ? reset(bind) : replace(bind);
    pthread_mutex_unlock(&bind->lock);
    return error;
}

bh_instance *bh_bind_instance(bh_bind *bind) { return bind ? bind->instance : NULL; }

/* A thread ended that had an instance of its own. */
static void thread_ended(void *bind) { bh_bind_destroy(bind); }

static bh_error open_module(bh_bind_library *library, const char *path) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = library->options.slots};
    bh_error error = BH_OK;
    if (!library->options.engine) {
        error = bh_engine_create(&options, &library->own_engine);
        library->options.engine = library->own_engine;
    }
    if (!error)
        error = bh_module_load(library->options.engine, path, NULL, &library->module);
    if (error)
        return error;
    if (!library->options.per_thread)
        return bh_bind_create(library, &library->process);
    if (pthread_key_create(&library->key, thread_ended))
        return BH_ERROR_LIMIT;
    library->has_key = true;
    return BH_OK;
}

bh_error bh_bind_library_open(const bh_bind_description *description, const char *module_path,
                              const bh_bind_options *options, bh_bind_library **result) {
    if (!description || !module_path || !result || (options && options->struct_size != sizeof(*options)))
        return BH_ERROR_ARGUMENT;
    bh_bind_library *library = calloc(1, sizeof(*library));
    if (!library)
        return BH_ERROR_MEMORY;
    library->description = description;
    if (options)
        library->options = *options;
    if (!library->options.string_limit)
        library->options.string_limit = DEFAULT_STRING_LIMIT;
    if (!library->options.copy_limit)
        library->options.copy_limit = DEFAULT_COPY_LIMIT;
    pthread_mutex_init(&library->lock, NULL);
    bh_error error = open_module(library, module_path);
    if (error)
        bh_bind_library_close(library);
    else
        *result = library;
    return error;
}

bh_error bh_bind_library_close(bh_bind_library *library) {
    bh_error error;
    if (!library)
        return BH_OK;
    bool busy = bh_bind_apart_in(library);
    pthread_mutex_lock(&library->lock);
    for (const bh_bind *bind = library->binds; bind && !busy; bind = bind->next)
        busy = atomic_load(&bind->owner);
    pthread_mutex_unlock(&library->lock);
    if (busy)
        return BH_ERROR_BUSY; /* before any is destroyed */
    while (library->binds) {
        if ((error = bh_bind_destroy(library->binds)))
            return error;
    }
    if (library->module && (error = bh_module_destroy(library->module)))
        return error;
    library->module = NULL;
    if (library->own_engine && (error = bh_engine_destroy(library->own_engine)))
        return error;
    if (library->has_key)
        pthread_key_delete(library->key);
    pthread_mutex_destroy(&library->lock);
    free(library);
    return BH_OK;
}

bh_bind *bh_bind_default(bh_bind_library *library) {
    bh_bind_call call = {.function = ""};
    bh_bind *bind;
    if (!library) {
        bh_bind_fail(&call, BH_BIND_HOST, "the library", "is not open");
    } else if ((bind = bh_bind_apart_in(library))) {
        return bind; /* which will refuse: a thread of the guest gets no instance of its own */
    } else if (!library->options.per_thread) {
        if (library->process)
            return library->process;
        bh_bind_fail(&call, BH_BIND_HOST, "the library's instance", "was destroyed");
    } else {
        bind = pthread_getspecific(library->key);
        if (bind)
            return bind;
        bh_error error = bh_bind_create(library, &bind);
        if (!error && !pthread_setspecific(library->key, bind))
            return bind;
        bh_bind_fail_with(&call, BH_BIND_CALL, "the thread's instance", error ? error : BH_ERROR_MEMORY);
        if (!error)
            bh_bind_destroy(bind);
    }
    bh_bind_end(&call);
    if (library && library->options.handler)
        library->options.handler(library->options.handler_context, NULL, bh_bind_last_error());
    return NULL;
}
