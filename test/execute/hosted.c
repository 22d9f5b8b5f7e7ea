/* See hosted.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hosted.h"
#include "random.h"

enum { MAX_DATA = 1 << 20 };
enum guarded { REGISTERS = 1, FLAGS = 2, MXCSR = 4, X87 = 8 }; /* bits of guarded_call's result */

struct hosted hosted;

void hosted_fail(const char *name, const char *what)
{
    fprintf(stderr, "mutants-hosted: %s: %s\n", name, what);
    exit(2);
}

void hosted_require(bh_error error, const char *what)
{
    if (error)
        hosted_fail(what, bh_last_error()->text);
}

/* The runtime's own verification. The self-test lets unverified code through, to see whether escapes are noticed. */
bh_verify_result __real_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts);
bh_verify_result __wrap_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts)
{
    bh_verify_result result = __real_bh_verify_code(input, facts);
    return hosted.accept_all ? BH_VERIFY_ACCEPTED : result;
}

/* ---- the module -------------------------------------------------------------------------------------------------- */

void hosted_read(const char *name)
{
    FILE *stream = fopen(name, "rb");
    struct bh_elf_error error;
    if (!stream || fseek(stream, 0, SEEK_END))
        hosted_fail(name, "cannot be opened");
    hosted.file_size = (size_t)ftell(stream);
    rewind(stream);
    hosted.file = malloc(hosted.file_size);
    if (!hosted.file || fread(hosted.file, 1, hosted.file_size, stream) != hosted.file_size)
        hosted_fail(name, "cannot be read");
    fclose(stream);
    if (bh_elf_parse(&hosted.elf, hosted.file, hosted.file_size, &error) != BH_ELF_OK)
        hosted_fail(name, "is not a module");
    hosted.code = malloc(hosted.elf.code_size);
    if (!hosted.code)
        hosted_fail(name, "out of memory");
    bh_elf_fill_code(&hosted.elf, hosted.code);
    hosted.name = name;
    hosted.library = hosted.elf.note_flags & BH_NOTE_FLAG_LIBRARY;
}

void hosted_release(void)
{
    free(hosted.file);
    free(hosted.code);
}

void hosted_write_code(void)
{
    const struct bh_elf *elf = &hosted.elf;
    const struct bh_elf_segment *segment = &elf->segment[elf->code_segment];
    memcpy(hosted.file + segment->offset, hosted.code + (segment->vaddr - elf->code_addr), segment->filesz);
}

/* ---- canaries ---------------------------------------------------------------------------------------------------- */

static uint8_t *neighbour_copy[2], *neighbour_now;
static size_t neighbour_size;
static uint64_t gs_before;

/* The writable segments and the context page of a neighbour. */
static size_t copy_neighbour(unsigned n, uint8_t *to)
{
    size_t size = 0;
    bh_instance *instance = hosted.neighbour[n];
    bh_address base = bh_instance_base(instance);
    for (unsigned i = 0; i < hosted.elf.segment_count; i++) {
        const struct bh_elf_segment *segment = &hosted.elf.segment[i];
        if (!segment->write || size + segment->memsz > MAX_DATA)
            continue;
        hosted_require(bh_copy_out(instance, to + size, base + BH_IMAGE_OFFSET + segment->vaddr, segment->memsz), "a neighbour");
        size += segment->memsz;
    }
    hosted_require(bh_copy_out(instance, to + size, base + BH_CONTEXT_OFFSET, BH_PAGE_SIZE), "a neighbour");
    return size + BH_PAGE_SIZE;
}

void hosted_prepare(void)
{
    bh_engine_options options = {.struct_size = sizeof options, .slots = 3};
    bh_instance *middle, *all[3];
    hosted_require(bh_engine_create(&options, &hosted.engine), "engine");
    hosted_require(bh_policy_create(&hosted.policy), "policy");
    hosted_require(bh_policy_grant(hosted.policy, BH_GRANT_RANDOM), "policy");
    hosted_require(bh_policy_set_memory_limit(hosted.policy, 64 << 20), "policy");
    hosted_require(bh_module_load_memory(hosted.engine, hosted.file, hosted.file_size, hosted.name, NULL, &hosted.original),
                   "module");
    for (unsigned i = 0; i < 3; i++)
        hosted_require(bh_instance_create(hosted.original, hosted.policy, &all[i]), "instance");
    for (unsigned i = 0; i < 2; i++) /* by address */
        for (unsigned j = 0; j < 2; j++)
            if (bh_instance_base(all[j]) > bh_instance_base(all[j + 1])) {
                bh_instance *swap = all[j];
                all[j] = all[j + 1];
                all[j + 1] = swap;
            }
    hosted.neighbour[0] = all[0];
    middle = all[1];
    hosted.neighbour[1] = all[2];
    hosted_require(bh_instance_destroy(middle), "instance");
    neighbour_now = malloc(MAX_DATA + BH_PAGE_SIZE);
    hosted.canary = mmap(NULL, HOSTED_CANARY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    hosted.none = mmap(NULL, HOSTED_CANARY_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned n = 0; n < 2; n++) {
        neighbour_copy[n] = malloc(MAX_DATA + BH_PAGE_SIZE);
        if (!neighbour_copy[n] || !neighbour_now || hosted.canary == MAP_FAILED || hosted.none == MAP_FAILED)
            hosted_fail("canaries", "out of memory");
        neighbour_size = copy_neighbour(n, neighbour_copy[n]);
    }
    memset(hosted.canary, 0x5A, HOSTED_CANARY_SIZE);
    __asm__ volatile("rdgsbase %0" : "=r"(gs_before));
}

const char *hosted_check(const bh_instance *victim, unsigned guarded)
{
    uint64_t gs;
    __asm__ volatile("rdgsbase %0" : "=r"(gs));
    if (guarded & REGISTERS)
        return "a callee-saved register changed";
    if (guarded & FLAGS)
        return "the direction or alignment-check flag is set";
    if (guarded & MXCSR)
        return "MXCSR changed";
    if (guarded & X87)
        return "the x87 control word or stack changed";
    if (gs != gs_before && gs != bh_instance_base(victim) && gs != bh_instance_base(hosted.neighbour[0]) &&
        gs != bh_instance_base(hosted.neighbour[1]))
        return "the GS base changed";
    for (unsigned i = 0; i < HOSTED_CANARY_SIZE; i++)
        if (hosted.canary[i] != 0x5A)
            return "host memory changed";
    for (unsigned n = 0; n < 2; n++) {
        copy_neighbour(n, neighbour_now);
        if (memcmp(neighbour_now, neighbour_copy[n], neighbour_size))
            return "a neighbour's memory changed";
    }
    return NULL;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

void hosted_execute(void *context)
{
    struct execution *e = context;
    const char *const argv[] = {"mutant", "argument"};
    int status;
    if (e->function.address)
        e->error = bh_call(e->instance, &e->function, e->arguments, NULL);
    else
        e->error = bh_instance_run(e->instance, 2, argv, &status);
}

static uint64_t hostile_argument(uint64_t *random, bh_address base)
{
    uint64_t r = random_next(random);
    switch (r & 15) {
    case 0: return (uint64_t)(uintptr_t)hosted.canary + (r >> 8 & 0xFF8);
    case 1: return (uint64_t)(uintptr_t)hosted.none + (r >> 8 & 0xFF8);
    case 2: return bh_instance_base(hosted.neighbour[r >> 8 & 1]) + BH_IMAGE_OFFSET + (r >> 16 & 0xFFFFF);
    case 3: return base + BH_SLOT_SIZE - (r >> 8 & 63);
    case 4: return base - (r >> 8 & 63);
    case 5: return (uint64_t)(uintptr_t)&hosted_execute;
    case 6: return (uint64_t)(uintptr_t)__builtin_frame_address(0);
    case 7: return UINT64_MAX;
    case 8: return (uint64_t)INT64_MIN;
    case 9: case 10: return r >> 8 & 255;
    case 11: return r;
    default: return base + BH_IMAGE_OFFSET + hosted.elf.image_lo + (r >> 8) % (hosted.elf.image_hi - hosted.elf.image_lo);
    }
}

void hosted_prepare_call(struct execution *e, bh_instance *instance, uint64_t address, uint64_t *random)
{
    *e = (struct execution){.instance = instance};
    if (!address)
        return;
    /* Six integers, eight vectors, two on the stack. */
    static const char signature[] = "m(mmmmmmddddddddmm)";
    hosted_require(bh_instance_pointer(instance, address, signature, &e->function), "a call of the mutant");
    for (unsigned i = 0; signature[2 + i] != ')'; i++) {
        e->arguments[i].type = signature[2 + i];
        e->arguments[i].as.m = hostile_argument(random, bh_instance_base(instance));
    }
}

const char *hosted_judge_error(const struct execution *e)
{
    const bh_error_detail *detail = bh_last_error();
    switch (e->error) {
    case BH_OK:
    case BH_ERROR_EXITED:
    case BH_ERROR_DEADLINE:
        return NULL;
    case BH_ERROR_KIND: /* a program that made host call 1 */
        return e->function.address ? "an error that no guest can cause" : NULL;
    case BH_ERROR_RANGE: /* it unmapped its stack */
        return NULL;
    case BH_ERROR_FAULT:
        if (detail->pc && detail->pc - bh_instance_base(e->instance) >= BH_SLOT_SIZE)
            return "a fault is blamed on the guest, but happened outside its slot";
        return detail->fault > BH_FAULT_NONE && detail->fault <= BH_FAULT_HOST_LIMIT ? NULL : "a fault of no kind";
    default:
        return "an error that no guest can cause";
    }
}
