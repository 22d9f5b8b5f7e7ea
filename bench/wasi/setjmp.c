/* What clang calls for setjmp and longjmp on WebAssembly. The interface is LLVM's: a function that calls setjmp gets an
 * invocation number (an address in its frame) and numbers its calls; longjmp throws the exception __c_longjmp with the
 * address of {buffer, value}; the function catches it, and __wasm_setjmp_test says which of its calls was meant: 0 for
 * none of them. */
#include <setjmp.h>

/* The tag has to be defined somewhere; C has no way to say that. */
__asm__(".globl __c_longjmp\n.tagtype __c_longjmp i32\n__c_longjmp:\n");

void __wasm_setjmp(jmp_buf buffer, unsigned label, void *invocation) {
    buffer->invocation = invocation;
    buffer->label = label;
}

unsigned __wasm_setjmp_test(jmp_buf buffer, void *invocation) {
    return buffer->invocation == invocation ? buffer->label : 0;
}

void __wasm_longjmp(jmp_buf buffer, int value) {
    buffer->thrown.buffer = buffer;
    buffer->thrown.value = value ? value : 1;
    __builtin_wasm_throw(1 /* LLVM's number of the C longjmp tag */, &buffer->thrown);
}
