// What a vtable holds in the place of a pure or deleted virtual function.
#include "fail.h"

extern "C" {
[[noreturn]] void __cxa_pure_virtual() { fail("pure virtual function called\n"); }
[[noreturn]] void __cxa_deleted_virtual() { fail("deleted virtual function called\n"); }
}
