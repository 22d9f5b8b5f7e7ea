/* setjmp for WebAssembly: clang lowers it to exception handling (-wasm-enable-sjlj); ../setjmp.c has its helpers. The C
 * library of Debian 12 has none. */
#ifndef BENCH_WASI_SETJMP_H
#define BENCH_WASI_SETJMP_H

typedef struct {
    void *invocation; /* of the function that called setjmp, while it runs */
    unsigned label;   /* which of its calls */
    struct {
        void *buffer;
        int value;
    } thrown;
} jmp_buf[1];
typedef jmp_buf sigjmp_buf;

int setjmp(jmp_buf) __attribute__((__returns_twice__));
_Noreturn void longjmp(jmp_buf, int);

/* There are no signals, so there is no mask to save. */
#define setjmp setjmp
#define _setjmp setjmp
#define _longjmp longjmp
#define sigsetjmp(buffer, save) setjmp(buffer)
#define siglongjmp longjmp

#endif
