/* Part of the module: what must happen on the guest's side. Lua raises errors by longjmp. A host function must not be
 * left that way (control would not come back as it went), so it says by a negative result that an error lies on Lua's
 * stack, and the error is raised here. */
#include "lauxlib.h"
#include "lua.h"

typedef int host_function(lua_State *);

static int enter(lua_State *L) {
    int results = ((host_function *)lua_touserdata(L, lua_upvalueindex(1)))(L);
    return results < 0 ? lua_error(L) : results;
}

void shim_register(lua_State *L, const char *name, host_function *function) {
    lua_pushlightuserdata(L, (void *)function);
    lua_pushcclosure(L, enter, 1);
    lua_setglobal(L, name);
}
