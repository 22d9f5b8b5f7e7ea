/* A library with every classic mistake, and an attacker's input for each. It reads "records": a length, that many
 * bytes, and what to do with them. Nothing here is exotic: each is a bug that has been in image decoders and parsers.
 */
#include "library.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int handler(const unsigned char *bytes, size_t size);

/* The volatile pointers keep the compiler from seeing through the bugs and optimizing them away. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

static int sum(const unsigned char *bytes, size_t size) {
    int result = 0;
    for (size_t i = 0; i < size; i++)
        result += bytes[i];
    return result;
}
static handler *volatile current = sum;

/* What the library is for: adds up the bytes of a record. */
int checksum(const unsigned char *bytes, size_t size) { return current(bytes, size); }

/* Trusts the record's length: what follows the buffer on the heap, here an object with a function pointer, is
 * overwritten. */
int heap_overflow(const unsigned char *bytes, size_t size) {
    struct object {
        handler *function;
        char name[24];
    } *volatile object;
    char *volatile buffer = malloc(sizeof *object);
    object = malloc(sizeof *object);
    if (!buffer || !object)
        return -1;
    object->function = sum;
    copy(buffer, bytes, size);
    int result = object->function(bytes, 4);
    free(object);
    free(buffer);
    return result;
}

/* Trusts it on the stack: the return address is overwritten. */
__attribute__((noinline)) int stack_overflow(const unsigned char *bytes, size_t size) {
    char buffer[32];
    copy(buffer, bytes, size);
    return buffer[size % sizeof buffer];
}

/* Uses an object after it was freed and the attacker's bytes took its place. */
int use_after_free(const unsigned char *bytes, size_t size) {
    struct object {
        handler *function;
        char name[24];
    } *volatile object = malloc(sizeof *object);
    if (!object)
        return -1;
    object->function = sum;
    free(object);
    for (int i = 0; i < 1000; i++) { /* allocators delay reuse; attackers are patient */
        char *volatile record = malloc(sizeof *object);
        if (record)
            copy(record, bytes, size < sizeof *object ? size : sizeof *object);
    }
    return object->function(bytes, size);
}

/* An index from the record, not checked: the function pointer of checksum() is overwritten. */
int corrupted_pointer(const unsigned char *bytes, size_t size) {
    static handler *table[4];
    ptrdiff_t index = (handler **)&current - table;
    uintptr_t value;
    copy(&value, bytes, sizeof value);
    ((handler *volatile *)table)[index] = (handler *)value;
    return checksum(bytes, size);
}

/* Writes to, and reads from, an address that the record holds: what exploits work towards. */
int write_anywhere(const unsigned char *bytes, size_t size) {
    volatile unsigned char *where;
    copy(&where, bytes, sizeof where);
    *where = 'X';
    return 0;
}
int read_anywhere(const unsigned char *bytes, size_t size) {
    const volatile unsigned char *where;
    copy(&where, bytes, sizeof where);
    return *where;
}

int endless_loop(const unsigned char *bytes, size_t size) {
    volatile int step = 0; /* the record says by how much to advance: by nothing */
    for (size_t i = 0; i < size; i += (size_t)step)
        ;
    return 0;
}

int null_dereference(const unsigned char *bytes, size_t size) {
    const unsigned char *volatile found = NULL; /* a search whose failure nobody looks at */
    return found[4];
}

/* Nesting as deep as the record says. */
__attribute__((noinline)) int deep_recursion(const unsigned char *bytes, size_t size) {
    volatile char frame[512];
    frame[0] = 1;
    return size == 0 ? 0 : frame[0] + deep_recursion(bytes, size + 1);
}

int double_free(const unsigned char *bytes, size_t size) {
    void *volatile block = malloc(32);
    free(block);
    free(block);
    return 0;
}

int give_up(const unsigned char *bytes, size_t size) { abort(); }

int leave(const unsigned char *bytes, size_t size) { exit(3); }

int divide(const unsigned char *bytes, size_t size) {
    volatile int zero = 0;
    return (int)size / zero;
}

/* Memory until there is none. */
int exhaust_memory(const unsigned char *bytes, size_t size) {
    int blocks = 0;
    for (void *block; blocks < 100000 && (block = malloc(1 << 20)); blocks++)
        *(volatile char *)block = 1;
    return blocks;
}

/* What an exploit does once it runs: read a file, start a shell. 0 when neither was possible. */
int run_payload(const unsigned char *bytes, size_t size) {
    char *arguments[] = {(char *)"true", NULL};
    int file = open("/etc/passwd", O_RDONLY);
    execve("/bin/true", arguments, NULL);
    return file < 0 ? 0 : 1;
}
