/* The self-test of mutants-hosted: escapes made on purpose, by guest code that the verifier refuses and by the host itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hosted.h"

struct escape {
    const char *name;
    const char *bytes; /* the guest's code, or NULL */
    unsigned length;
    void (*sabotage)(void *); /* or what the host does to itself */
    const char *expected;     /* NULL: the process dies */
};

static void set_direction(void *unused) { (void)unused; __asm__ volatile("std"); }
static void change_gs(void *unused) { (void)unused; __asm__ volatile("wrgsbase %0" : : "r"(0x1234ul)); }
static void change_rounding(void *unused)
{
    uint32_t value = 0x1F80;
    (void)unused;
    __asm__ volatile("ldmxcsr %0" : : "m"(value));
}
static void change_x87(void *unused)
{
    uint16_t word = 0x37F;
    (void)unused;
    __asm__ volatile("fldcw %0" : : "m"(word));
}
static void change_register(void *unused) { (void)unused; __asm__ volatile("xorl %%r12d, %%r12d" : : : "memory"); }
static void change_neighbour(void *unused)
{
    (void)unused;
    bh_instance *instance = hosted.neighbour[1];
    for (unsigned i = 0; i < hosted.elf.segment_count; i++) {
        const struct bh_elf_segment *segment = &hosted.elf.segment[i];
        bh_address at = bh_instance_base(instance) + BH_IMAGE_OFFSET + segment->vaddr + segment->memsz - 1;
        uint8_t byte = 0;
        if (!segment->write)
            continue;
        bh_copy_out(instance, &byte, at, 1);
        byte ^= 1;
        bh_copy_in(instance, at, &byte, 1);
    }
}

#define GUEST(name, bytes, expected) {name, bytes, sizeof bytes - 1, NULL, expected}
#define HOST(name, function, expected) {name, NULL, 0, function, expected}
static const struct escape escapes[] = {
    GUEST("the guest writes to the host", "\x48\x89\x37\xF4", "host memory changed"),
    GUEST("the guest writes to its neighbour", "\xFE\x07\xF4", "a neighbour's memory changed"),
    GUEST("the guest jumps to the host", "\xFF\xE7", NULL),
    GUEST("the guest ends the process", "\xB8\xE7\x00\x00\x00\x0F\x05", NULL),
    HOST("direction flag", set_direction, "the direction or alignment-check flag is set"),
    HOST("GS base", change_gs, "the GS base changed"),
    HOST("MXCSR", change_rounding, "MXCSR changed"),
    HOST("x87 control word", change_x87, "the x87 control word or stack changed"),
    HOST("callee-saved register", change_register, "a callee-saved register changed"),
    HOST("a neighbour's memory", change_neighbour, "a neighbour's memory changed"),
};

/* Exit statuses of the child that tries an escape; a guest that ends the process leaves another one. */
enum { SEEN = 71, MISSED = 72, NOT_REFUSED = 73, NO_OUTPUT = 74 };

static void escape_once(const struct escape *escape)
{
    struct execution e;
    bh_module *module;
    bh_instance *instance;
    uint64_t random = 1, offset = hosted.elf.entry;
    const char *seen;
    hosted_prepare();
    if (!escape->bytes) {
        hosted_require(bh_instance_create(hosted.original, hosted.policy, &instance), "instance");
        seen = hosted_check(instance, guarded_call(escape->sabotage, NULL));
    } else {
        /* An export's bundle: the library's start does not come by. */
        bool function;
        if (!bh_elf_export(&hosted.elf, "atomics", &offset, &function))
            hosted_fail(hosted.name, "does not export 'atomics'");
        memset(hosted.code + (offset - hosted.elf.code_addr), 0xF4, BH_BUNDLE_SIZE);
        memcpy(hosted.code + (offset - hosted.elf.code_addr), escape->bytes, escape->length);
        struct bh_verify_input input;
        uint64_t *scratch = malloc(bh_verify_scratch_size(hosted.elf.code_size));
        bh_elf_verify_input(&hosted.elf, hosted.code, &input);
        input.scratch = scratch;
        input.scratch_size = bh_verify_scratch_size(hosted.elf.code_size);
        if (!scratch || bh_verify_code(&input, NULL) != BH_VERIFY_REFUSED)
            _exit(NOT_REFUSED);
        hosted.accept_all = true;
        hosted_write_code();
        hosted_require(bh_module_load_memory(hosted.engine, hosted.file, hosted.file_size, "escape", NULL, &module), "module");
        hosted_require(bh_instance_create(module, hosted.policy, &instance), "instance");
        hosted_prepare_call(&e, instance, bh_instance_base(instance) + BH_IMAGE_OFFSET + offset, &random);
        e.arguments[0].as.m = (uint64_t)(uintptr_t)hosted.canary;
        if (strstr(escape->name, "neighbour"))
            for (unsigned i = 0; i < hosted.elf.segment_count; i++)
                if (hosted.elf.segment[i].write)
                    e.arguments[0].as.m = bh_instance_base(hosted.neighbour[0]) + BH_IMAGE_OFFSET + hosted.elf.segment[i].vaddr;
        seen = hosted_check(instance, guarded_call(hosted_execute, &e));
    }
    if (escape->expected && seen && !strcmp(seen, escape->expected))
        _exit(SEEN);
    printf("seen: %s\n", seen ? seen : "nothing");
    fflush(stdout);
    _exit(MISSED);
}

int hosted_self_test(const char *name)
{
    unsigned passed = 0, count = sizeof escapes / sizeof *escapes;
    hosted_read(name);
    for (unsigned i = 0; i < count; i++) {
        int status;
        fflush(stdout);
        pid_t child = fork();
        if (child < 0)
            hosted_fail(name, "cannot fork");
        if (child == 0) {
            if (freopen("/dev/null", "w", stderr) == NULL)
                _exit(NO_OUTPUT);
            escape_once(&escapes[i]);
        }
        waitpid(child, &status, 0);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        if (escapes[i].expected ? code == SEEN : code < SEEN || code > NO_OUTPUT)
            passed++;
        else
            printf("FAIL: not detected: %s (status %#x)\n", escapes[i].name, (unsigned)status);
    }
    printf("%s: %u of %u escapes detected\n", passed == count ? "PASS" : "FAIL", passed, count);
    return passed != count;
}
