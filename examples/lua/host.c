/* Runs Lua scripts, natively and isolated, and compares what they say. Lua as a library is awkward to isolate: it raises errors
 * and switches coroutines by setjmp and longjmp, calls functions of the host, which call it again, and gets all its memory from
 * an allocator of the host. examples/build lua builds it. */
#include <bulkhead/bulkhead.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MEMORY = 8 << 20, MAX_STRING = 4096, FAILED = 1 };
enum { SCRIPT_S = 20 };

/* What both worlds keep for a script: what it said, and how much memory it has. */
struct script {
    FILE *stream;
    char *text;
    size_t size, memory;
};

static void die(const char *what) {
    fprintf(stderr, "host: %s: %s\n", what, bh_last_error()->text);
    exit(1);
}

/* The allocator's decision, the same in both worlds: is there room for a block of new bytes in place of one of old bytes? */
static bool account(struct script *script, size_t old, size_t new) {
    old = old < script->memory ? old : script->memory; /* isolated, the guest claims this number */
    if (new > MEMORY - (script->memory - old))
        return false;
    script->memory += new - old;
    return true;
}

/* ---- Natively ---- */

static struct script *current;

static void *native_allocate(void *context, void *block, size_t old, size_t new) {
    if (!account(context, block ? old : 0, new))
        return NULL;
    if (new)
        return realloc(block, new);
    free(block);
    return NULL;
}
/* say(text): the script's way to the outside. */
static int native_say(lua_State *L) {
    size_t length;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &length) : NULL;
    if (!text || length >= MAX_STRING) {
        lua_pushstring(L, "say: a short string is needed");
        return lua_error(L);
    }
    fprintf(current->stream, "  %s\n", text);
    return 0;
}
/* each(n, f): calls f(1) to f(n); an error in f is the script's again. */
static int native_each(lua_State *L) {
    for (lua_Integer i = 1, n = lua_tointegerx(L, 1, NULL); i <= n; i++) {
        lua_pushvalue(L, 2);
        lua_pushinteger(L, i);
        if (lua_pcallk(L, 1, 0, 0, 0, NULL) != LUA_OK)
            return lua_error(L);
    }
    return 0;
}

static void run_natively(const char *text, struct script *script) {
    current = script;
    lua_State *L = lua_newstate(native_allocate, script);
    if (!L)
        exit(1);
    luaL_openlibs(L);
    lua_register(L, "say", native_say);
    lua_register(L, "each", native_each);
    if (luaL_loadbufferx(L, text, strlen(text), "=script", "t") != LUA_OK || lua_pcallk(L, 0, 0, 0, 0, NULL) != LUA_OK)
        fprintf(script->stream, "  error: %s\n", lua_tolstring(L, -1, NULL));
    lua_close(L);
    fprintf(script->stream, "  %zu bytes left over\n", script->memory);
}

/* ---- Isolated ---- */

static bh_module *module;
static bh_instance *instance;
static bh_function new_state, open_libraries, close_state, register_function, load, pcall, type, to_string, to_integer,
    push_value, push_integer, push_string, reallocate, release;

/* Called by Lua for every block; calls the guest's own realloc and free. */
static int isolated_allocate(void *context, bh_instance *guest, const bh_value *arguments, bh_value *result) {
    bh_address block = arguments[1].as.p;
    uint64_t old = block ? arguments[2].as.m : 0, new = arguments[3].as.m;
    result->as.p = 0;
    if (!account(context, old, new))
        return 0;
    if (new == 0)
        return bh_invoke(guest, &release, NULL, block) == BH_OK ? 0 : FAILED;
    return bh_invoke(guest, &reallocate, result, block, new) == BH_OK ? 0 : FAILED;
}
/* The state that a callback gets is the guest's word, and only ever goes back into the guest. */
static int isolated_say(void *context, bh_instance *guest, const bh_value *arguments, bh_value *result) {
    bh_address L = arguments[0].as.p;
    bh_value kind, text;
    char copy[MAX_STRING];
    if (bh_invoke(guest, &type, &kind, L, 1) != BH_OK)
        return FAILED;
    if (kind.as.i == LUA_TSTRING) {
        if (bh_invoke(guest, &to_string, &text, L, 1, (bh_address)0) != BH_OK)
            return FAILED;
        if (bh_copy_string(guest, copy, text.as.p, sizeof copy) == BH_OK) {
            fprintf(((struct script *)context)->stream, "  %s\n", copy);
            result->as.i = 0;
            return 0;
        }
    }
    bh_address message;
    if (bh_allocate_string(guest, "say: a short string is needed", &message) != BH_OK ||
        bh_invoke(guest, &push_string, NULL, L, message) != BH_OK || bh_free(guest, message) != BH_OK)
        return FAILED;
    result->as.i = -1; /* the shim raises it */
    return 0;
}
static int isolated_each(void *context, bh_instance *guest, const bh_value *arguments, bh_value *result) {
    bh_address L = arguments[0].as.p;
    bh_value count, status;
    if (bh_invoke(guest, &to_integer, &count, L, 1, (bh_address)0) != BH_OK)
        return FAILED;
    for (int64_t i = 1; i <= count.as.l; i++) {
        if (bh_invoke(guest, &push_value, NULL, L, 2) != BH_OK || bh_invoke(guest, &push_integer, NULL, L, i) != BH_OK ||
            bh_invoke(guest, &pcall, &status, L, 1, 0, 0, (int64_t)0, (bh_address)0) != BH_OK)
            return FAILED;
        if (status.as.i != LUA_OK) {
            result->as.i = -1;
            return 0;
        }
    }
    result->as.i = 0;
    return 0;
}

static void new_instance(void) {
    struct {
        const char *name, *signature;
        bh_function *function;
    } functions[] = {{"lua_newstate", "p(pp)", &new_state},       {"luaL_openlibs", "v(p)", &open_libraries},
                     {"lua_close", "v(p)", &close_state},         {"shim_register", "v(ppp)", &register_function},
                     {"luaL_loadbufferx", "i(ppmpp)", &load},     {"lua_pcallk", "i(piiilp)", &pcall},
                     {"lua_type", "i(pi)", &type},                {"lua_tolstring", "p(pip)", &to_string},
                     {"lua_tointegerx", "l(pip)", &to_integer},   {"lua_pushvalue", "v(pi)", &push_value},
                     {"lua_pushinteger", "v(pl)", &push_integer}, {"lua_pushstring", "p(pp)", &push_string},
                     {"realloc", "p(pm)", &reallocate},           {"free", "v(p)", &release}};
    if (bh_instance_create(module, NULL, &instance) != BH_OK || bh_instance_set_deadline(instance, SCRIPT_S * 1000000000ull) != BH_OK)
        die("instance");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (bh_instance_function(instance, functions[i].name, functions[i].signature, functions[i].function) != BH_OK)
            die(functions[i].name);
}

static bool give(bh_address L, const char *name, const char *signature, bh_callback_function *function, struct script *script) {
    bh_address guest_name, callback;
    return bh_allocate_string(instance, name, &guest_name) == BH_OK &&
           bh_callback_create(instance, signature, function, script, &callback) == BH_OK &&
           bh_invoke(instance, &register_function, NULL, L, guest_name, callback) == BH_OK &&
           bh_free(instance, guest_name) == BH_OK;
}

/* False when the guest failed; bh_last_error() says how. */
static bool run_isolated(const char *text, struct script *script) {
    bh_address allocate, L, code, name, mode;
    bh_value value;
    char message[MAX_STRING];
    if (bh_callback_create(instance, "p(ppmm)", isolated_allocate, script, &allocate) != BH_OK ||
        bh_invoke(instance, &new_state, &value, allocate, (bh_address)0) != BH_OK)
        return false;
    L = value.as.p;
    if (bh_invoke(instance, &open_libraries, NULL, L) != BH_OK || !give(L, "say", "i(p)", isolated_say, script) ||
        !give(L, "each", "i(p)", isolated_each, script) || bh_allocate_string(instance, text, &code) != BH_OK ||
        bh_allocate_string(instance, "=script", &name) != BH_OK || bh_allocate_string(instance, "t", &mode) != BH_OK ||
        bh_invoke(instance, &load, &value, L, code, (uint64_t)strlen(text), name, mode) != BH_OK)
        return false;
    if (value.as.i == LUA_OK && bh_invoke(instance, &pcall, &value, L, 0, 0, 0, (int64_t)0, (bh_address)0) != BH_OK)
        return false;
    if (value.as.i != LUA_OK) {
        if (bh_invoke(instance, &to_string, &value, L, -1, (bh_address)0) != BH_OK ||
            bh_copy_string(instance, message, value.as.p, sizeof message) != BH_OK)
            return false;
        fprintf(script->stream, "  error: %s\n", message);
    }
    if (bh_invoke(instance, &close_state, NULL, L) != BH_OK)
        return false;
    fprintf(script->stream, "  %zu bytes left over\n", script->memory);
    return true;
}

/* ---- Comparing ---- */

static const struct {
    const char *name, *text;
} scripts[] = {
    {"hello", "say('hello from ' .. _VERSION)"},
    {"sort", "local t = {} for i = 1, 500 do t[i] = i * 7919 % 1009 end table.sort(t) say(table.concat(t, ' ', 1, 9))"},
    {"errors", "say(tostring(select(2, pcall(error, 'caught')))) local t = nil say(t.x)"},
    {"coroutines", "local f = coroutine.wrap(function() for i = 1, 3 do coroutine.yield('step ' .. i) end end) "
                   "say(f()) say(f()) say(f())"},
    {"callbacks", "each(3, function(i) each(2, function(j) say(i .. ' ' .. j) end) end)"},
    {"error through the host", "say(tostring(select(2, pcall(each, 3, function(i) say('at ' .. i) if i == 2 then error('two') end end))))"},
    {"error of the host", "say(tostring(select(2, pcall(say, 42)))) say({})"},
    {"deep", "local function f(n) return 1 + f(n + 1) end say(tostring(pcall(f, 1)))"},
    {"memory", "local ok, message = pcall(string.rep, 'x', 100000000) say(message) local t = {} for i = 1, 1e9 do t[i] = i end"},
    {"syntax", "say('unfinished"},
};
static const char work[] = "local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end say(tostring(fib(24))) "
                           "local t = {} for i = 1, 20000 do t[#t + 1] = ('%x'):format(i * i) end say(tostring(#table.concat(t)))";

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool compare(const char *name, const char *text, long repeat) {
    double native_time = 0, isolated_time = 0;
    bool equal = true;
    for (long i = 0; equal && i < repeat; i++) {
        struct script native = {0}, isolated = {0};
        native.stream = open_memstream(&native.text, &native.size);
        isolated.stream = open_memstream(&isolated.text, &isolated.size);
        if (!native.stream || !isolated.stream)
            exit(1);
        new_instance();
        double start = seconds();
        run_natively(text, &native);
        double middle = seconds();
        if (!run_isolated(text, &isolated))
            fprintf(isolated.stream, "  contained: %s\n", bh_last_error()->text);
        native_time += middle - start;
        isolated_time += seconds() - middle;
        fclose(native.stream);
        fclose(isolated.stream);
        equal = native.size == isolated.size && memcmp(native.text, isolated.text, native.size) == 0;
        if (!equal)
            printf("%s: natively:\n%s%s: isolated:\n%s", name, native.text, name, isolated.text);
        else if (i == 0)
            printf("%s: the same natively and isolated:\n%s", name, native.text);
        free(native.text);
        free(isolated.text);
        bh_instance_destroy(instance);
    }
    if (equal && repeat > 1)
        printf("%s: %.2f ms natively, %.2f ms isolated, ratio %.3f\n", name, native_time * 1e3 / (double)repeat,
               isolated_time * 1e3 / (double)repeat, isolated_time / native_time);
    return equal;
}

/* A script that would hang the host: only isolated, of course. */
static bool endless(void) {
    struct script script = {0};
    script.stream = open_memstream(&script.text, &script.size);
    if (!script.stream)
        exit(1);
    new_instance();
    bh_instance_set_deadline(instance, 50000000);
    bool stopped = !run_isolated("while true do end", &script) && bh_last_error()->error == BH_ERROR_DEADLINE;
    printf("endless: %s\n", stopped ? "stopped by its deadline" : "not stopped");
    bh_instance_destroy(instance);
    fclose(script.stream);
    free(script.text);
    return stopped;
}

int main(int argc, char **argv) {
    bh_engine *engine;
    bool good = true;
    long repeat = 1;
    int next = 1;

    if (argc > 2 && strcmp(argv[1], "--repeat") == 0) {
        repeat = strtol(argv[2], NULL, 10);
        next = 3;
    }
    if (argc != next + 1 || argv[next][0] == '-' || repeat < 1) {
        fprintf(stderr, "usage: host [--repeat N] MODULE\n"
                        "Runs Lua scripts natively and isolated, and compares. --repeat also measures processor time, over N times.\n");
        return 2;
    }
    if (bh_engine_create(NULL, &engine) != BH_OK)
        die("engine");
    if (bh_module_load(engine, argv[next], NULL, &module) != BH_OK)
        die("module");
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        good &= compare(scripts[i].name, scripts[i].text, 1);
    good &= compare("work", work, repeat);
    good &= endless();
    good &= compare("hello again", scripts[0].text, 1);
    bh_module_destroy(module);
    bh_engine_destroy(engine);
    return good ? 0 : 1;
}
