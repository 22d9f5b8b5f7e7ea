/* What a program finds on its stack: argc, argv, the environment, the auxiliary vector, as Linux leaves them. */
#include "guest/start.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/fail.h"
#include "base/guarded.h"
#include "guest/identity.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/policy.h"
#include "guest/run.h"
#include "guest/tasks.h"

#define AUXV_PAIRS 20

struct block {
    uint8_t *bytes; /* a copy in host memory of the guest's [start, start + size) */
    uint64_t start, size;
    uint64_t strings; /* offset where the next string goes */
    uint64_t words;   /* offset where the next word goes */
};

static uint64_t put_string(struct block *block, const void *bytes, size_t size) {
    uint64_t at = block->start + block->strings;
    memcpy(block->bytes + block->strings, bytes, size);
    block->strings += size;
    return at;
}

static void put_word(struct block *block, uint64_t word) {
    memcpy(block->bytes + block->words, &word, sizeof(word));
    block->words += sizeof(word);
}

static void put_auxv(struct block *block, const bh_instance *instance, uint64_t random, uint64_t name) {
    const struct bh_elf *elf = &instance->module->image.elf;
    uint64_t image = instance->slot.base + BH_IMAGE_OFFSET;
    const uint64_t pair[AUXV_PAIRS][2] = {
        {AT_PHDR, elf->phdr_vaddr ? image + elf->phdr_vaddr : 0},
        {AT_PHENT, sizeof(Elf64_Phdr)},
        {AT_PHNUM, elf->phdr_vaddr ? elf->phnum : 0},
        {AT_PAGESZ, BH_PAGE_SIZE},
        {AT_BASE, 0},
        {AT_FLAGS, 0},
        {AT_ENTRY, image + elf->entry},
        {AT_UID, BH_GUEST_ID},
        {AT_EUID, BH_GUEST_ID},
        {AT_GID, BH_GUEST_ID},
        {AT_EGID, BH_GUEST_ID},
        {AT_SECURE, 0},
        {AT_CLKTCK, 100},
        {AT_HWCAP, 0},
        {AT_RANDOM, random},
        {AT_EXECFN, name},
        {AT_NULL, 0},
    };
    for (int n = 0; n < AUXV_PAIRS; n++) {
        put_word(block, pair[n][0]);
        put_word(block, pair[n][1]);
        if (pair[n][0] == AT_NULL)
            break;
    }
}

bh_error bh_start_stack(bh_instance *instance, int argc, const char *const argv[], uint64_t *sp) {
    const bh_policy *policy = instance->policy;
    uint8_t random[16];
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot get random bytes for the guest's start");

    uint64_t strings = sizeof(random), words = 1 + (uint64_t)argc + 1 + policy->environment_count + 1 + 2 * AUXV_PAIRS;
    for (int n = 0; n < argc; n++) {
        if (!argv[n])
            return bh_fail(BH_ERROR_ARGUMENT, "argv[%d] is NULL", n);
        strings += strlen(argv[n]) + 1;
    }
    for (unsigned n = 0; n < policy->environment_count; n++)
        strings += strlen(policy->environment[n]) + 1;
    struct block block = {.size = (8 * words + strings + 15) & ~(uint64_t)15, .strings = 8 * words};
    if (block.size > (instance->slot.stack_top - instance->slot.stack_bottom) / 4)
        return bh_fail(BH_ERROR_LIMIT, "arguments and environment take more than a quarter of the guest's stack");
    block.start = instance->slot.stack_top - block.size;
    block.bytes = calloc(1, block.size);
    if (!block.bytes)
        return bh_fail(BH_ERROR_MEMORY, "no memory for arguments");

    put_word(&block, (uint64_t)argc);
    uint64_t name = 0;
    for (int n = 0; n < argc; n++) {
        uint64_t at = put_string(&block, argv[n], strlen(argv[n]) + 1);
        name = n ? name : at;
        put_word(&block, at);
    }
    put_word(&block, 0);
    for (unsigned n = 0; n < policy->environment_count; n++)
        put_word(&block, put_string(&block, policy->environment[n], strlen(policy->environment[n]) + 1));
    put_word(&block, 0);
    put_auxv(&block, instance, put_string(&block, random, sizeof(random)), name);

    int failed = bh_guarded_copy((void *)(uintptr_t)block.start, block.bytes, block.size);
    free(block.bytes);
    if (failed)
        return bh_fail(BH_ERROR_RANGE, "the guest's stack is not accessible");
    *sp = block.start;
    return BH_OK;
}

/* A library's e_entry initialises libc, runs constructors and comes back. */
bh_error bh_instance_start(bh_instance *instance) {
    const char *argv[] = {instance->module->image.name, NULL};
    uint64_t sp;
    if (!bh_is_library(instance))
        return BH_OK;
    bh_error error = bh_start_stack(instance, 1, argv, &sp);
    if (error)
        return error;
    instance->stack_pointer = (sp - 2 * BH_STACK_SCRATCH_SIZE) & ~(uint64_t)63;
    if (instance->threads)
        bh_this_task(instance)->stack_pointer = instance->stack_pointer;
    return bh_call_start(instance, sp);
}
