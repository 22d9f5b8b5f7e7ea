/* Runs Lua scripts, natively and isolated, and compares what they say. Lua as a library is awkward to isolate: it
 * raises errors and switches coroutines by setjmp and longjmp, calls functions of the host, which call it again, and
 * gets all its memory from an allocator of the host. examples/build lua builds it. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "../compare.h"

enum { MEMORY = 8 << 20, MAX_STRING = 4096, FAILED = 1 };

/* What both worlds keep for a script: where it says things, and how much memory it has. */
struct script {
    FILE *stream;
    size_t memory;
};

/* The allocator's decision, the same in both worlds: is there room for a block of new bytes in place of one of old
 * bytes? */
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

static void run_natively(const char *text, size_t size, struct transcript *transcript) {
    struct script script = {transcript->stream, 0};
    current = &script;
    lua_State *L = allocated(lua_newstate(native_allocate, &script));
    luaL_openlibs(L);
    lua_register(L, "say", native_say);
    lua_register(L, "each", native_each);
    if (luaL_loadbufferx(L, text, size, "=script", "t") != LUA_OK || lua_pcallk(L, 0, 0, 0, 0, NULL) != LUA_OK)
        fprintf(transcript->stream, "  error: %s\n", lua_tolstring(L, -1, NULL));
    lua_close(L);
    fprintf(transcript->stream, "  %zu bytes left over\n", script.memory);
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
        if (bh_invoke(guest, &push_value, NULL, L, 2) != BH_OK ||
            bh_invoke(guest, &push_integer, NULL, L, i) != BH_OK ||
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

static const struct import imports[] = {{"lua_newstate", "p(pp)", &new_state},
                                        {"luaL_openlibs", "v(p)", &open_libraries},
                                        {"lua_close", "v(p)", &close_state},
                                        {"shim_register", "v(ppp)", &register_function},
                                        {"luaL_loadbufferx", "i(ppmpp)", &load},
                                        {"lua_pcallk", "i(piiilp)", &pcall},
                                        {"lua_type", "i(pi)", &type},
                                        {"lua_tolstring", "p(pip)", &to_string},
                                        {"lua_tointegerx", "l(pip)", &to_integer},
                                        {"lua_pushvalue", "v(pi)", &push_value},
                                        {"lua_pushinteger", "v(pl)", &push_integer},
                                        {"lua_pushstring", "p(pp)", &push_string},
                                        {"realloc", "p(pm)", &reallocate},
                                        {"free", "v(p)", &release}};

static bool give(bh_address L, const char *name, const char *signature, bh_callback_function *function,
                 struct script *script) {
    bh_address guest_name, callback;
    return bh_allocate_string(instance, name, &guest_name) == BH_OK &&
           bh_callback_create(instance, signature, function, script, &callback) == BH_OK &&
           bh_invoke(instance, &register_function, NULL, L, guest_name, callback) == BH_OK &&
           bh_free(instance, guest_name) == BH_OK;
}

static bool run_in(const char *text, size_t size, struct script *script) {
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
        bh_invoke(instance, &load, &value, L, code, (uint64_t)size, name, mode) != BH_OK)
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

static uint64_t deadline = 20000000000;

/* A fresh instance for each script. */
static bool run_isolated(const char *text, size_t size, struct transcript *transcript) {
    struct script script = {transcript->stream, 0};
    if (bh_instance_create(module, NULL, &instance) != BH_OK || bh_instance_set_deadline(instance, deadline) != BH_OK)
        die("instance");
    find_functions(instance, imports, sizeof imports / sizeof *imports);
    bool good = run_in(text, size, &script);
    bh_instance_destroy(instance);
    return good;
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
    {"error through the host",
     "say(tostring(select(2, pcall(each, 3, function(i) say('at ' .. i) if i == 2 then error('two') end end))))"},
    {"error of the host", "say(tostring(select(2, pcall(say, 42)))) say({})"},
    {"deep", "local function f(n) return 1 + f(n + 1) end say(tostring(pcall(f, 1)))"},
    {"memory",
     "local ok, message = pcall(string.rep, 'x', 100000000) say(message) local t = {} for i = 1, 1e9 do t[i] = i end"},
    {"syntax", "say('unfinished"},
};
static const char work[] =
    "local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end say(tostring(fib(24))) "
    "local t = {} for i = 1, 20000 do t[#t + 1] = ('%x'):format(i * i) end say(tostring(#table.concat(t)))";

/* A script that would hang the host: only isolated, of course. */
static bool endless(void) {
    struct transcript transcript;
    uint64_t usual = deadline;
    deadline = 50000000;
    open_transcript(&transcript);
    bool stopped = !run_isolated("while true do end", 17, &transcript) && bh_last_error()->error == BH_ERROR_DEADLINE;
    close_transcript(&transcript);
    free(transcript.text);
    deadline = usual;
    printf("endless: %s\n", stopped ? "stopped by its deadline" : "not stopped");
    return stopped;
}

int main(int argc, char **argv) {
    const struct comparison show = {run_natively, run_isolated, true};
    bh_engine *engine;
    bool good = true;
    long repeat;
    int name = parse_options(argc, argv, 0, "\nRuns Lua scripts natively and isolated, and compares.", &repeat);

    if (bh_engine_create(NULL, &engine) != BH_OK)
        die("engine");
    if (bh_module_load(engine, argv[name], NULL, &module) != BH_OK)
        die("module");
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        good &= compare(&show, scripts[i].name, scripts[i].text, strlen(scripts[i].text), 1);
    good &= compare(&show, "work", work, sizeof work - 1, repeat);
    good &= endless();
    good &= compare(&show, "hello again", scripts[0].text, strlen(scripts[0].text), 1);
    bh_module_destroy(module);
    bh_engine_destroy(engine);
    return good ? 0 : 1;
}
