/* Modules: read once into private memory, laid out in a file of their own, sealed, verified as sealed. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/limit.h"
#include "base/mapping.h"
#include "guest/engine.h"
#include "guest/module.h"
#include "guest/symbols.h"
#include "slot/parked.h"
#include "verifier/elf.h"
#include "verifier/verify.h"

#define MAX_FILE ((size_t)1 << 30)
#define DEFAULT_REFUSALS 20

struct report {
    const bh_module *module;
    const bh_module_options *options;
    const uint8_t *code;
    uint64_t count;
    char first[200];
};

static void on_refusal(void *opaque, const struct bh_verify_refusal *refusal) {
    struct report *report = opaque;
    uint64_t offset = 0;
    const char *symbol = bh_elf_symbolize(&report->module->image.elf, refusal->address, &offset);
    if (!report->count++)
        snprintf(report->first, sizeof(report->first), "%s at 0x%llx: %s", refusal->rule,
                 (unsigned long long)refusal->address, refusal->reason);
    if (!report->options->refusal)
        return;
    bh_refusal out = {.rule = refusal->rule,
                      .reason = refusal->reason,
                      .address = refusal->address,
                      .symbol = symbol,
                      .symbol_offset = offset,
                      .bytes = report->code + (refusal->address - report->module->image.elf.code_addr),
                      .size = refusal->length};
    report->options->refusal(report->options->refusal_context, &out);
}

static bh_error read_all(int fd, const char *name, uint8_t **bytes, size_t *size) {
    size_t used = 0, capacity = 1 << 16;
    struct stat info;
    if (!fstat(fd, &info) && S_ISREG(info.st_mode) && info.st_size > 0 && (uint64_t)info.st_size < MAX_FILE)
        capacity = (size_t)info.st_size + 1;
    uint8_t *buffer = malloc(capacity);
    while (buffer) {
        ssize_t got = read(fd, buffer + used, capacity - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            bh_error error = bh_fail_errno(BH_ERROR_UNREADABLE, "cannot read '%s'", name);
            free(buffer);
            return error;
        }
        if (got == 0) {
            *bytes = buffer;
            *size = used;
            return BH_OK;
        }
        used += (size_t)got;
        if (used > MAX_FILE) {
            free(buffer);
            return bh_fail(BH_ERROR_LIMIT, "'%s' is larger than 1 GiB", name);
        }
        if (used == capacity) {
            uint8_t *larger = realloc(buffer, capacity *= 2);
            if (!larger)
                free(buffer);
            buffer = larger;
        }
    }
    return bh_fail(BH_ERROR_MEMORY, "no memory to read '%s'", name);
}

/* The image as instances map it, in a file that nobody can change any more. */
static bh_error make_image(bh_module *module) {
    const struct bh_elf *elf = &module->image.elf;
    uint8_t *code = malloc(elf->code_size);
    if (!code)
        return bh_fail(BH_ERROR_MEMORY, "no memory for the code of '%s'", module->image.name);
    bh_elf_fill_code(elf, code);
    bool good = bh_kept_set(&module->image.file, bh_fd_memory("bulkhead-image", true));
    int fd = module->image.file.fd;
    good = good && bh_fd_resize(fd, elf->image_hi - elf->image_lo) &&
           bh_fd_write(fd, code, elf->code_size, elf->code_addr - elf->image_lo);
    for (unsigned n = 0; good && n < elf->segment_count; n++) {
        const struct bh_elf_segment *segment = &elf->segment[n];
        if (n != elf->code_segment)
            good = bh_fd_write(fd, elf->file + segment->offset, segment->filesz, segment->vaddr - elf->image_lo);
    }
    good = good && bh_fd_seal(fd, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    void *image = good ? bh_map_file(elf->image_hi - elf->image_lo, PROT_READ, fd, 0) : MAP_FAILED;
    bh_error error = BH_OK;
    if (image != MAP_FAILED)
        module->image.bytes = image;
    else
        error = bh_fail_limit("cannot make the sealed image of '%s' (memfd)", module->image.name);
    free(code);
    return error;
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Verifies what was sealed, not what was written. */
static bh_error verify(bh_module *module, const bh_module_options *options) {
    const struct bh_elf *elf = &module->image.elf;
    const uint8_t *code = module->image.bytes + (elf->code_addr - elf->image_lo);
    struct report report = {.module = module, .options = options, .code = code};
    struct bh_verify_input input = {0};
    bh_elf_verify_input(elf, code, &input);
    input.scratch_size = bh_verify_scratch_size(elf->code_size);
    input.scratch = malloc(input.scratch_size);
    input.report = on_refusal;
    input.report_context = &report;
    input.limit = options->refusal_limit ? options->refusal_limit : DEFAULT_REFUSALS;
    uint64_t start = now();
    bh_verify_result result = input.scratch ? bh_verify_code(&input, &module->facts) : BH_VERIFY_BAD_ARGUMENT;
    module->verify_ns = now() - start;
    bh_error error = BH_OK;
    if (!input.scratch)
        error = bh_fail(BH_ERROR_MEMORY, "no memory to verify '%s'", module->image.name);
    else if (result == BH_VERIFY_REFUSED)
        error = bh_fail(BH_ERROR_REFUSED, "'%s' is refused: %s", module->image.name, report.first);
    else if (result != BH_VERIFY_ACCEPTED)
        error = bh_fail(BH_ERROR_REFUSED, "'%s' could not be verified", module->image.name);
    free(input.scratch);
    return error;
}

static bh_error check_facts(const bh_module *module, const bh_module_options *options) {
    static const struct {
        unsigned forbid, facts;
        const char *what;
    } forbidden[] = {
        {BH_FORBID_TIMER, BH_FACT_TIMER, "reads the time stamp counter (rdtsc)"},
        {BH_FORBID_CPUID, BH_FACT_CPUID | BH_FACT_RDPID | BH_FACT_XGETBV,
         "asks for the CPU's identity (cpuid, rdpid, xgetbv)"},
        {BH_FORBID_RANDOM, BH_FACT_RDRAND, "uses the CPU's random numbers (rdrand, rdseed)"},
        {BH_FORBID_FLUSH, BH_FACT_FLUSH, "flushes cache lines"},
    };
    for (size_t n = 0; n < sizeof(forbidden) / sizeof(*forbidden); n++)
        if ((options->forbid & forbidden[n].forbid) && (module->facts.facts & forbidden[n].facts))
            return bh_fail(BH_ERROR_FORBIDDEN, "'%s' %s, which this host forbids", module->image.name,
                           forbidden[n].what);
    if ((module->facts.facts & BH_FACT_AVX) &&
        !(module->engine->avx && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")))
        return bh_fail(BH_ERROR_CPU,
                       "'%s' needs a CPU with AVX2 and FMA, which this one lacks; compile it with -march=x86-64-v2",
                       module->image.name);
    if ((module->facts.facts & BH_FACT_BMI) && !(__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")))
        return bh_fail(BH_ERROR_CPU,
                       "'%s' needs a CPU with BMI1 and BMI2, which this one lacks; compile it with -march=x86-64-v2",
                       module->image.name);
    const struct {
        unsigned fact;
        int present;
        const char *name;
    } features[] = {
        {BH_FACT_LZCNT, __builtin_cpu_supports("lzcnt"), "LZCNT"},
        {BH_FACT_MOVBE, __builtin_cpu_supports("movbe"), "MOVBE"},
        {BH_FACT_F16C, __builtin_cpu_supports("f16c"), "F16C"},
        {BH_FACT_AES, __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul"), "AES and PCLMULQDQ"},
    };
    for (size_t n = 0; n < sizeof(features) / sizeof(*features); n++)
        if ((module->facts.facts & features[n].fact) && !features[n].present)
            return bh_fail(BH_ERROR_CPU, "'%s' needs a CPU with %s, which this one lacks; compile it without",
                           module->image.name, features[n].name);
    return BH_OK;
}

static bh_error parse(bh_module *module, const bh_module_options *options) {
    struct bh_elf_error wrong = {0};
    switch (bh_elf_parse(&module->image.elf, module->file, module->file_size, &wrong)) {
    case BH_ELF_OK: break;
    case BH_ELF_NOT_ELF: return bh_fail(BH_ERROR_NOT_ELF, "'%s' is not an ELF file", module->image.name);
    default: {
        bool contract = !strcmp(wrong.rule, "elf-note");
        return bh_fail(contract ? BH_ERROR_CONTRACT : BH_ERROR_MALFORMED,
                       "'%s' is not a module this runtime can load: %s: %s (at 0x%llx, value 0x%llx)",
                       module->image.name, wrong.rule, wrong.reason, (unsigned long long)wrong.where,
                       (unsigned long long)wrong.value);
    }
    }
    if (module->image.elf.isolation != BH_ISOLATE_FULL && !options->allow_stores_only)
        return bh_fail(BH_ERROR_STORES_ONLY,
                       "'%s' isolates stores only: it could read all of the host's memory; it must be "
                       "allowed explicitly (bh_module_options.allow_stores_only, bulkhead-run "
                       "--allow-stores-only)",
                       module->image.name);
    return BH_OK;
}

static void discard(bh_module *module) {
    if (module->image.bytes)
        munmap((void *)(uintptr_t)module->image.bytes, module->image.elf.image_hi - module->image.elf.image_lo);
    free(module->symbols);
    free(atomic_load(&module->image.warm));
    bh_kept_close(&module->image.file);
    free(module->file);
    free(module->image.name);
    free(module);
}

/* Takes over bytes. */
static bh_error load(bh_engine *engine, uint8_t *bytes, size_t size, const char *name, const bh_module_options *given,
                     bh_module **result) {
    bh_module_options options = {0};
    if (given)
        options = *given;
    bh_module *module = calloc(1, sizeof(*module));
    char *copy = strdup(name ? name : "module");
    if (!module || !copy) {
        free(module);
        free(copy);
        free(bytes);
        return bh_fail(BH_ERROR_MEMORY, "no memory for a module");
    }
    module->engine = engine;
    module->image.name = copy;
    module->file = bytes;
    module->file_size = size;
    module->image.file.fd = -1;
    bh_error error = parse(module, &options);
    if (!error)
        error = make_image(module);
    if (!error)
        error = verify(module, &options);
    if (!error)
        error = check_facts(module, &options);
    if (!error)
        error = bh_symbols_make(module);
    if (error) {
        discard(module);
        return error;
    }
    pthread_mutex_lock(&engine->pool.lock);
    engine->modules++;
    pthread_mutex_unlock(&engine->pool.lock);
    *result = module;
    return BH_OK;
}

static bh_error check_arguments(const bh_engine *engine, const bh_module_options *options, bh_module **result) {
    if (!engine || !result)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_module_load: an engine and a place for the result are needed");
    if (options && options->struct_size != sizeof(*options))
        return bh_fail(BH_ERROR_ARGUMENT, "bh_module_options.struct_size is not sizeof(bh_module_options)");
    return BH_OK;
}

bh_error bh_module_load_fd(bh_engine *engine, int fd, const char *name, const bh_module_options *options,
                           bh_module **result) {
    uint8_t *bytes;
    size_t size;
    bh_error error = check_arguments(engine, options, result);
    if (!error)
        error = read_all(fd, name ? name : "module", &bytes, &size);
    return error ? error : load(engine, bytes, size, name, options, result);
}

bh_error bh_module_load(bh_engine *engine, const char *path, const bh_module_options *options, bh_module **result) {
    bh_error error = check_arguments(engine, options, result);
    if (error)
        return error;
    int fd = path ? bh_fd_open(path, O_RDONLY) : -1;
    if (fd < 0)
        return path ? bh_fail_open(BH_ERROR_UNREADABLE, "cannot open '%s'", path)
                    : bh_fail(BH_ERROR_ARGUMENT, "bh_module_load: no path");
    error = bh_module_load_fd(engine, fd, path, options, result);
    close(fd);
    return error;
}

bh_error bh_module_load_memory(bh_engine *engine, const void *bytes, size_t size, const char *name,
                               const bh_module_options *options, bh_module **result) {
    bh_error error = check_arguments(engine, options, result);
    if (error)
        return error;
    if ((!bytes && size) || size > MAX_FILE)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_module_load_memory: bytes and a size of at most 1 GiB are needed");
    uint8_t *copy = malloc(size + 1);
    if (!copy)
        return bh_fail(BH_ERROR_MEMORY, "no memory to copy the module");
    memcpy(copy, bytes, size);
    return load(engine, copy, size, name, options, result);
}

bh_error bh_module_destroy(bh_module *module) {
    if (!module)
        return BH_OK;
    if (atomic_load(&module->image.slots))
        return bh_fail(BH_ERROR_BUSY, "'%s' still has instances; destroy them first", module->image.name);
    while (bh_parked_give_up(NULL, &module->image))
        ;
    pthread_mutex_lock(&module->engine->pool.lock);
    module->engine->modules--;
    pthread_mutex_unlock(&module->engine->pool.lock);
    discard(module);
    return BH_OK;
}

void bh_module_get_info(const bh_module *module, bh_module_info *info) {
    *info = (bh_module_info){
        .library = module->image.elf.note_flags & BH_NOTE_FLAG_LIBRARY,
        .stores_only = module->image.elf.isolation != BH_ISOLATE_FULL,
        .uses_avx = module->facts.facts & BH_FACT_AVX,
        .uses_x87 = module->facts.facts & BH_FACT_X87,
        .changes_mxcsr = module->facts.facts & BH_FACT_MXCSR,
        .threads = module->image.elf.note_flags & BH_NOTE_FLAG_THREADS,
        .code_size = module->image.elf.code_size,
        .image_size = module->image.elf.image_hi - module->image.elf.image_lo,
        .verify_ns = module->verify_ns,
    };
}
