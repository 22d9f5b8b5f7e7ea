/* Executes every accepted instruction form under an emulator (Unicorn), whose hooks show the address of every access.
 *
 *   emulated [--depth N] [--variants N] [--seed N] [--stores-only] [--progress]
 *                          all forms but the VEX-encoded vector instructions, which Unicorn lacks; for the numbers see native.c
 *   emulated --self-test   each detector once
 *
 * The emulated memory is the slot that the native harness builds; the emulator runs in child processes, so that a form that
 * crashes it is skipped and counted. Which instructions it cannot execute is listed.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <Zydis/Zydis.h>
#include <unicorn/unicorn.h>

#include "batch.h"
#include "command.h"
#include "forms.h"
#include "hostile.h"
#include "judge.h"
#include "probe.h"
#include "slot.h"

enum { MAX_VARIANTS = 16, MAX_STEPS = 20000, WIDEST = 32, MAX_CRASHES = 1000, DIRECTION = 0x400, NO_EXIT = -1 };
#define UNKNOWN_SIZE 0xF1F1F1F1u /* what Unicorn gives as the length of an instruction that it cannot translate */

/* What the child processes leave behind for their parent. */
struct shared {
    uint64_t next;     /* the form to go on with */
    uint64_t form;     /* the form that runs */
    uint32_t place;    /* its place */
    uint32_t mnemonic; /* and the Zydis name of its first instruction */
    uint64_t forms, executions, accesses, writes, faults, cut_off, escapes;
    uint8_t executed[FORMS_PLACES + 1], unable[FORMS_PLACES + 1];
    uint32_t unable_by_mnemonic[ZYDIS_MNEMONIC_MAX_VALUE + 1], crashed_by_mnemonic[ZYDIS_MNEMONIC_MAX_VALUE + 1];
    bool done;
};
static struct shared *shared;

static struct hostile hostile[MAX_VARIANTS][HOSTILE_KINDS];
static unsigned variants = 1, first_kind, end_kind = HOSTILE_KINDS;
static bool progress;
static uc_engine *uc;

/* One execution. */
static const struct cell *cell;
static const char *broken; /* the first rule that was broken */
static uint64_t broken_value;
static unsigned steps;
static int exit_number;
static bool cut_off;
static uint64_t unknown;      /* where the emulator met an instruction that it does not know */
static uint64_t other_length; /* where emulator and verifier measured different lengths */
static uint64_t margin; /* how far accesses may reach out of the slot, see docs/contract.md: S1-S3, M3 */

static void breaks(const char *what, uint64_t value)
{
    if (!broken) {
        broken = what;
        broken_value = value;
    }
    uc_emu_stop(uc);
}

static uint64_t stub_start(void) { return (uint64_t)(uintptr_t)probe_stubs; }

static bool is_start(uint64_t address)
{
    uint64_t at = address - batch.code.address;
    return at < batch.code.size && batch.code.starts[at / 32] >> (at % 32) & 1;
}

static void on_code(uc_engine *engine, uint64_t address, uint32_t size, void *context)
{
    (void)engine;
    (void)context;
    if (address - stub_start() < PROBE_STUB_SIZE * BH_HOSTCALL_COUNT) {
        exit_number = (int)((address - stub_start()) / PROBE_STUB_SIZE);
        uc_emu_stop(uc);
        return;
    }
    if (address - SLOT_BASE >= BH_SLOT_SIZE)
        breaks("control left the slot", address);
    else if (!is_start(address) && address % BH_BUNDLE_SIZE != 0)
        breaks("control is not at the start of a verified instruction", address);
    else if (size == UNKNOWN_SIZE)
        unknown = address;
    else if (is_start(address) && size != bh_verify_length(batch.bytes + (address - batch.code.address), 15))
        other_length = address; /* unless the emulator finds, later, that it does not know the instruction */
    if (++steps > MAX_STEPS) {
        cut_off = true;
        uc_emu_stop(uc);
    }
}

/* Called before each access, whether anything is mapped there or not. */
static void note_access(uc_mem_type type, uint64_t address, int size)
{
    uint64_t end = address + (uint64_t)size;
    bool write = type == UC_MEM_WRITE || type == UC_MEM_WRITE_UNMAPPED || type == UC_MEM_WRITE_PROT;
    shared->accesses++;
    shared->writes += write;
    bool inside = address >= SLOT_BASE - margin && end <= SLOT_BASE + BH_SLOT_SIZE + margin + WIDEST && end >= address;
    if (!inside && (write || !batch.code.free_loads))
        breaks(write ? "a write outside the slot" : "a read outside the slot", address);
    if (++steps > MAX_STEPS) {
        cut_off = true;
        uc_emu_stop(uc);
    }
}

static void on_access(uc_engine *engine, uc_mem_type type, uint64_t address, int size, int64_t value, void *context)
{
    (void)engine;
    (void)value;
    (void)context;
    note_access(type, address, size);
}

/* Nothing usable is mapped there: the access is a fault, which ends the execution. */
static bool on_invalid(uc_engine *engine, uc_mem_type type, uint64_t address, int size, int64_t value, void *context)
{
    (void)engine;
    (void)value;
    (void)context;
    if (type == UC_MEM_FETCH_UNMAPPED || type == UC_MEM_FETCH_PROT) {
        if (address - SLOT_BASE >= BH_SLOT_SIZE)
            breaks("control left the slot", address);
        else if (address % BH_BUNDLE_SIZE != 0)
            breaks("control went to an address that is not a bundle's", address);
    } else {
        note_access(type, address, size);
    }
    return false;
}

static void must(uc_err error, const char *what)
{
    if (error != UC_ERR_OK) {
        fprintf(stderr, "%s: %s\n", what, uc_strerror(error));
        _exit(2);
    }
}

/* The emulated machine for one batch; it works on the slot's own memory. */
static void open_machine(void)
{
    static uint8_t landing[4 * BH_PAGE_SIZE] __attribute__((aligned(4096)));
    uint64_t stubs = stub_start() & ~(uint64_t)(BH_PAGE_SIZE - 1);
    uc_hook hook;
    memset(landing, 0xF4, sizeof landing);
    must(uc_open(UC_ARCH_X86, UC_MODE_64, &uc), "uc_open");
    must(uc_ctl_set_cpu_model(uc, UC_CPU_X86_EPYC_ROME), "uc_ctl_set_cpu_model");
    must(uc_mem_map_ptr(uc, SLOT_BASE + BH_CONTEXT_OFFSET, BH_PAGE_SIZE, UC_PROT_READ, (void *)(SLOT_BASE + BH_CONTEXT_OFFSET)),
         "context page");
    must(uc_mem_map_ptr(uc, batch.code.address, BATCH_CODE_SIZE, UC_PROT_READ | UC_PROT_EXEC, batch.bytes), "code");
    for (unsigned i = 0; i < BATCH_TARGETS; i++)
        must(uc_mem_map_ptr(uc, SLOT_BASE + batch_targets[i].offset, batch_targets[i].size, UC_PROT_READ | UC_PROT_WRITE,
                            (void *)(SLOT_BASE + batch_targets[i].offset)), "data");
    must(uc_mem_map_ptr(uc, stubs, sizeof landing, UC_PROT_READ | UC_PROT_EXEC, landing), "landing");
    must(uc_hook_add(uc, &hook, UC_HOOK_CODE, (void *)(uintptr_t)on_code, NULL, 1, 0), "uc_hook_add");
    must(uc_hook_add(uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, (void *)(uintptr_t)on_access, NULL, 1, 0), "uc_hook_add");
    must(uc_hook_add(uc, &hook, UC_HOOK_MEM_INVALID, (void *)(uintptr_t)on_invalid, NULL, 1, 0), "uc_hook_add");
}

static void set_registers(const struct hostile *h, uint64_t entry)
{
    static int general[] = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX, UC_X86_REG_RSP, UC_X86_REG_RBP,
                            UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_R8, UC_X86_REG_R9, UC_X86_REG_R10, UC_X86_REG_R11,
                            UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15, UC_X86_REG_EFLAGS,
                            UC_X86_REG_GS_BASE, UC_X86_REG_RIP};
    uint64_t special[] = {h->flags, SLOT_BASE, entry};
    void *values[19];
    for (unsigned i = 0; i < 16; i++)
        values[i] = (void *)&h->gpr[i];
    for (unsigned i = 0; i < 3; i++)
        values[16 + i] = &special[i];
    must(uc_reg_write_batch(uc, general, values, 19), "registers");
    for (int i = 0; i < 16; i++)
        must(uc_reg_write(uc, UC_X86_REG_XMM0 + i, h->ymm + 16 * i), "xmm");
    for (int i = 0; i < 8; i++)
        must(uc_reg_write(uc, UC_X86_REG_ST0 + i, h->x87 + 32 + 16 * i), "st");
    uint16_t control = 0x37F, tags = 0xFFFF;
    uint32_t mxcsr = 0x1F80;
    must(uc_reg_write(uc, UC_X86_REG_FPCW, &control), "fpcw");
    must(uc_reg_write(uc, UC_X86_REG_FPTAG, &tags), "fptag");
    must(uc_reg_write(uc, UC_X86_REG_MXCSR, &mxcsr), "mxcsr");
}

static void check_end(void)
{
    uint64_t rsp, gs, fs, flags;
    uc_reg_read(uc, UC_X86_REG_RSP, &rsp);
    uc_reg_read(uc, UC_X86_REG_GS_BASE, &gs);
    uc_reg_read(uc, UC_X86_REG_FS_BASE, &fs);
    uc_reg_read(uc, UC_X86_REG_EFLAGS, &flags);
    if (rsp < SLOT_BASE - 0x8000 || rsp >= SLOT_BASE + BH_SLOT_SIZE + 0x8000)
        breaks("rsp left the slot", rsp);
    if (gs != SLOT_BASE)
        breaks("the GS base changed", gs);
    if (fs != 0)
        breaks("the FS base changed", fs);
    if (flags & DIRECTION)
        breaks("the direction flag is set", flags);
    if (exit_number != NO_EXIT && !cell->form.anywhere && exit_number != (int)cell->exit && exit_number != (int)cell->other_exit)
        breaks("control came out at an exit that it should not reach", (uint64_t)exit_number);
}

static uint32_t mnemonic(const struct form *form)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction insn;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, form->bytes, form->length, &insn)) ? insn.mnemonic : 0;
}

/* Runs one cell with one set of registers; false when the emulator does not know the instruction. */
static bool run_once(unsigned n, unsigned kind, unsigned variant)
{
    uint64_t entry = batch.code.address + n * CELL_SIZE, rip;
    broken = NULL;
    steps = 0;
    cut_off = false;
    other_length = unknown = 0;
    exit_number = NO_EXIT;
    set_registers(&hostile[variant][kind], entry);
    uc_err error = uc_emu_start(uc, entry, 0, 0, 0);
    uc_reg_read(uc, UC_X86_REG_RIP, &rip);
    if (error == UC_ERR_INSN_INVALID)
        unknown = rip;
    if (unknown == entry && !forms_place_traps(cell->form.place))
        return false;
    if (other_length && unknown != other_length)
        breaks("the emulator and the verifier disagree about an instruction's length", other_length);
    check_end();
    shared->executions++;
    shared->faults += error != UC_ERR_OK;
    shared->cut_off += cut_off;
    if (broken) {
        if (shared->escapes++ < 32) {
            printf("ESCAPE: %s (%#" PRIx64 "), registers: %s, variant %u: ", broken, broken_value, hostile_names[kind], variant);
            batch_print_cell(cell);
            fflush(stdout);
        }
    }
    return true;
}

static void run_cell(unsigned n)
{
    bool able = true;
    cell = &batch.cells[n];
    /* %gs operands stay in the slot; where the stack is used, or control goes anywhere, it has its margins. */
    margin = cell->form.operand == OPERAND_M1 && !forms_place_uses_stack(cell->form.place) ? 0 : SLOT_MARGIN;
    shared->form = batch.first + n;
    shared->place = cell->form.place;
    shared->mnemonic = mnemonic(&cell->form);
    for (unsigned kind = first_kind; kind < end_kind && able; kind++)
        for (unsigned variant = 0; variant < variants && able; variant++)
            able = run_once(n, kind, variant);
    shared->forms++;
    if (able) {
        shared->executed[cell->form.place] = 1;
    } else {
        shared->unable[cell->form.place] = 1;
        shared->unable_by_mnemonic[shared->mnemonic]++;
    }
    shared->next = shared->form + 1;
}

static void run_batch(void)
{
    if (batch.first + batch.count <= shared->next)
        return;
    open_machine();
    for (unsigned n = 0; n < batch.count; n++)
        if (batch.first + n >= shared->next)
            run_cell(n);
    uc_close(uc);
    if (progress)
        fprintf(stderr, "%" PRIu64 " forms, %" PRIu64 " executions, %" PRIu64 " accesses\n", shared->forms, shared->executions,
                shared->accesses);
}

static bool wanted(const struct form *form)
{
    return !forms_place_avx(form->place);
}

/* ---- self-test --------------------------------------------------------------------------------------------------- */

struct escape {
    const char *name, *bytes;
    unsigned length;
    unsigned kind; /* of registers, see hostile.c */
    const char *expected;
};
#define ESCAPE(name, bytes, kind, expected) {name, bytes, sizeof bytes - 1, kind, expected}
static const struct escape escapes[] = {
    ESCAPE("a store to the host", "\x48\x89\x03", 3, "a write outside the slot"),
    ESCAPE("a load from the host", "\x48\x8B\x03", 2, "a read outside the slot"),
    ESCAPE("a store to the neighbour above", "\x88\x03", 12, "a write outside the slot"),
    ESCAPE("a store to the neighbour below", "\x88\x03", 11, "a write outside the slot"),
    ESCAPE("a load through %gs with 64-bit addresses", "\x65\x8A\x03", 12, "a read outside the slot"),
    ESCAPE("rsp moved to the host", "\x48\x89\xDC", 3, "rsp left the slot"),
    ESCAPE("std", "\xFD", 3, "the direction flag is set"),
    ESCAPE("mov to gs", "\x31\xC0\x8E\xE8\xF4", 3, "the GS base changed"),
    ESCAPE("a jump to the host", "\xFF\xE3", 2, "control left the slot"),
    ESCAPE("a jump into an instruction", "\xEB\x01\xB8\xF4\xF4\xF4\xF4", 3,
           "control is not at the start of a verified instruction"),
    ESCAPE("a jump to another cell", "\xE9\x7B\x00\x00\x00", 3, "control came out at an exit that it should not reach"),
};

static int self_test(void)
{
    unsigned passed = 0, count = sizeof escapes / sizeof *escapes;
    for (unsigned i = 0; i < count; i++) {
        const struct escape *e = &escapes[i];
        bool refused = batch_single(e->bytes, e->length);
        hostile[0][e->kind].gpr[4] = SLOT_BASE + batch_targets[BATCH_TARGETS - 1].offset + 0x8000;
        open_machine();
        cell = &batch.cells[0];
        margin = SLOT_MARGIN;
        run_once(0, e->kind, 0);
        uc_close(uc);
        if (refused && broken && !strcmp(broken, e->expected))
            passed++;
        else
            printf("FAIL: %s: %s; seen: %s\n", e->name, refused ? "not detected" : "accepted by the verifier",
                   broken ? broken : "nothing");
    }
    printf("%s: %u of %u escapes detected\n", passed == count ? "PASS" : "FAIL", passed, count);
    return passed != count;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void print_mnemonics(const char *what, const uint32_t *forms)
{
    unsigned mnemonics = 0;
    printf("%s", what);
    for (unsigned i = 0; i <= ZYDIS_MNEMONIC_MAX_VALUE; i++)
        if (forms[i]) {
            printf(" %s(%u)", ZydisMnemonicGetString((ZydisMnemonic)i), forms[i]);
            mnemonics++;
        }
    printf("%s\n", mnemonics ? "" : " nothing");
}

static int summary(unsigned crashes, double seconds)
{
    unsigned places = 0, executed = 0, unable = 0, missing = 0, avx = 0;
    char text[64];
    for (uint32_t place = 0; place < FORMS_PLACES; place++) {
        if (!forms_place_listed(place))
            continue;
        if (forms_place_avx(place)) {
            avx++;
            continue;
        }
        places++;
        if (shared->executed[place]) {
            executed++;
        } else if (shared->unable[place]) {
            unable++;
        } else {
            missing++;
            forms_describe(place, text, sizeof text);
            printf("FAIL: never tried: %s\n", text);
        }
    }
    bool good = !shared->escapes && !missing && shared->executions && crashes < MAX_CRASHES;
    print_mnemonics("forms that Unicorn does not know:", shared->unable_by_mnemonic);
    print_mnemonics("forms that crash Unicorn with some registers:", shared->crashed_by_mnemonic);
    printf("%u places of the table (without %u of AVX), %u executed, %u unknown to Unicorn, %u never tried, %u crashed it\n",
           places, avx, executed, unable, missing, crashes);
    printf("%s: %" PRIu64 " forms, %" PRIu64 " executions, %" PRIu64 " accesses seen, %" PRIu64 " of them writes, %" PRIu64
           " faults, %" PRIu64 " cut off, %" PRIu64 " escapes, %.1f s\n",
           good ? "PASS" : "FAIL", shared->forms, shared->executions, shared->accesses, shared->writes, shared->faults,
           shared->cut_off, shared->escapes, seconds);
    return !good;
}

/* Runs children until one gets to the end; each goes on behind the form that killed the one before. */
static unsigned run_children(unsigned depth, uint64_t seed)
{
    unsigned crashes = 0;
    while (!shared->done && crashes < MAX_CRASHES) {
        int status;
        fflush(stdout);
        pid_t child = fork();
        if (child < 0) {
            perror("fork");
            exit(2);
        }
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            batch_generate(depth, seed, wanted, run_batch);
            shared->done = true;
            fflush(stdout);
            _exit(0);
        }
        waitpid(child, &status, 0);
        if (shared->done)
            break;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
            exit(2);
        shared->crashed_by_mnemonic[shared->mnemonic]++;
        shared->unable[shared->place] = 1;
        shared->next = shared->form + 1;
        crashes++;
    }
    return crashes;
}

int main(int argc, char **argv)
{
    struct command command = {.depth = 1, .variants = 1, .seed = 1};
    double start = command_clock();
    command_parse(&command, argc, argv,
                  "emulated [--depth N] [--variants N] [--seed N] [--stores-only] [--progress] [--self-test]");
    if (!command.depth || !command.variants || command.variants > MAX_VARIANTS) {
        fprintf(stderr, "emulated: --depth is at least 1, --variants 1 to %d\n", MAX_VARIANTS);
        return 2;
    }
    variants = (unsigned)command.variants;
    progress = command.progress;
    printf("emulated: seed %" PRIu64 "\n", command.seed);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    batch_create(command.stores_only);
    hostile_fill_all(hostile, variants, command.seed, batch_targets, BATCH_TARGETS);
    if (command.self_test)
        return self_test();
    unsigned crashes = run_children((unsigned)command.depth, command.seed);
    return summary(crashes, command_clock() - start);
}
