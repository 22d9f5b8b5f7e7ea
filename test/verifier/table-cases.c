/* Prints verifier cases for every line of instructions.tbl, for run-cases: each form once as it is accepted (or refused by
 * its name), and as it just misses being accepted: without confinement, with a prefix too many, with rsp as destination, with
 * L, W, the mandatory prefix or ModRM.reg changed to what no line has, cut off, and across a bundle boundary.
 *
 * What is expected is worked out here from the line, not from the tables that gentable makes of it.
 */
#include <stdio.h>
#include <string.h>

#include "disassemble.h"
#include "forms.h"
#include "verifier/verify.h"

static const char *const fact_names[] = {"mxcsr", "x87", "upper", "timer", "cpuid", "rdrand", "rdpid", "xgetbv", "flush", "avx",
                                         "bmi", "hostcall", "lzcnt", "movbe", "f16c", "aes"};

static void print_case(const unsigned char *code, size_t size, const char *how, const char *verdict)
{
    char text[128];
    if (!disassemble_one(code, size, 0, text, sizeof text))
        text[0] = 0;
    for (size_t i = 0; i < size; i++)
        printf("%02x ", code[i]);
    printf("; %s%s%s ; %s\n", text, *text && *how ? ", " : "", how, verdict);
}

static void print_form(const struct bh_table_line *line, const struct form *form, struct encoding how, const char *remark,
                       const char *verdict)
{
    unsigned char code[32];
    print_case(code, encode_form(line, form, &how, code), remark, verdict);
}

/* The exact facts that the form must report. */
static void print_facts(const struct bh_table_line *line, const struct form *form)
{
    unsigned facts = form->vex ? line->vex_facts : line->entry.facts;
    if (form->vex && form->lw & 2 && facts & BH_FACT_AVX && !(form->map == 1 && form->opcode == 0x77))
        facts |= BH_FACT_UPPER;
    printf("@facts ");
    for (unsigned i = 0; i < sizeof fact_names / sizeof *fact_names; i++)
        if (facts >> i & 1)
            printf("%s ", fact_names[i]);
    putchar('\n');
}

static bool is_branch(const struct bh_table_line *line)
{
    return line->entry.cls == BH_CLASS_JUMP || line->entry.cls == BH_CLASS_CALL;
}

/* xchg %eax,%esp is among 91-97: the register in the opcode is a destination. */
static bool opcode_is_rsp(const struct bh_table_line *line, const struct form *form)
{
    return line->plus_r && form->opcode % 8 == 4;
}

/* The verdict on the form as encode_form writes it. */
static const char *verdict(const struct bh_table_line *line, const struct form *form, char *room, size_t size)
{
    const char *rule = line->rule;
    if (!rule && line->entry.cls == BH_CLASS_INDIRECT)
        rule = "C3";
    if (!rule && line->entry.cls == BH_CLASS_STRING)
        rule = "M4";
    if (!rule && opcode_is_rsp(line, form))
        rule = "S1";
    snprintf(room, size, rule ? "refuse ; %s" : "accept ;", rule);
    return room;
}

/* A form changed so that general register 4 is a destination: rsp, or as a byte register without REX ah. */
static void register_4(const struct bh_table_line *line, struct form changed, unsigned vvvv)
{
    struct encoding how = {.operand = OPERAND_CONFINED, .vvvv = vvvv};
    bool byte = line->entry.flags & BH_WRITES_BYTE;
    if (byte)
        print_form(line, &changed, how, "ah is not rsp", "accept ;");
    how.rex = byte ? 0x40 : 0;
    print_form(line, &changed, how, "rsp as destination", "refuse ; S1");
}

/* Writes rsp where the line writes a general register. Lines that S1 or S3 let write it have cases of their own. */
static void rsp_cases(const struct bh_table_line *line, const struct form *form)
{
    unsigned flags = line->entry.flags;
    struct form changed = *form;
    if (line->entry.sp != BH_SP_NO)
        return;
    changed.modrm = 4 << 3 | (form->modrm & 7);
    if (flags & BH_WRITES_REG && strstr(line->encoding, "/r"))
        register_4(line, changed, 0);
    changed.modrm = (form->modrm & 0x38) | 4;
    if (flags & BH_WRITES_RM && !line->no_modrm && !form->memory && line->modrm[8 + changed.modrm])
        register_4(line, changed, 0);
    changed = *form;
    changed.opcode += 4;
    if (flags & BH_WRITES_OPC && form->opcode % 8 == 0)
        register_4(line, changed, 0);
    if (flags & BH_WRITES_VVVV)
        register_4(line, *form, 4);
}

static void memory_cases(const struct bh_table_line *line, const struct form *form)
{
    struct encoding how = {.operand = OPERAND_RSP};
    if (line->entry.mem == BH_MEM_ADDRESS) {
        how.operand = OPERAND_FS;
        if (line->entry.cls != BH_CLASS_NOP)
            print_form(line, form, how, "a segment prefix", "refuse ; memory");
        return;
    }
    print_form(line, form, how, "M3", "accept ;");
    how.operand = OPERAND_PLAIN;
    print_form(line, form, how, "not confined", "refuse ; M1");
    how.operand = OPERAND_FS;
    print_form(line, form, how, "the host's segment", "refuse ; memory");
    how.operand = OPERAND_CONFINED;
    how.lock = true;
    print_form(line, form, how, "LOCK", line->entry.flags & BH_LOCKABLE && !form->vex ? "accept ;" : "refuse ; prefix");
}

/* Prefixes that are too many on an instruction without a memory operand. */
static void prefix_cases(const struct bh_table_line *line, const struct form *form)
{
    struct encoding how = {.lock = true};
    bool nop = line->entry.cls == BH_CLASS_NOP, may_pad = !is_branch(line) && !form->vex;
    if (!nop || form->opcode != 0x1F)
        print_form(line, form, how, "LOCK without memory operand", "refuse ; prefix");
    how = (struct encoding){.prefix = "\x3e"};
    print_form(line, form, how, "a segment prefix without memory operand", "refuse ; prefix");
    how = (struct encoding){.prefix = "\x67"};
    print_form(line, form, how, "address size without memory operand",
               line->entry.cls == BH_CLASS_CALL ? "accept ;" : "refuse ; prefix");
    how = (struct encoding){.prefix = "\x2e\x2e"};
    if (!nop || form->opcode != 0x1F)
        print_form(line, form, how, "padding", may_pad || form->vex ? "accept ;" : "refuse ; prefix");
    how = (struct encoding){.prefix = "\x2e\x2e\x2e\x2e\x2e"};
    if (!nop || form->opcode != 0x1F)
        print_form(line, form, how, "too much padding", "refuse ; prefix");
}

/* The same bytes but for one field, where no line has that: the table must not reach further than it says. */
static void neighbour(const struct bh_table_line *line, struct form form, const char *what)
{
    struct encoding how = {.operand = OPERAND_CONFINED};
    if (!line_of(&form))
        print_form(line, &form, how, what, "refuse ; allow-list");
}

static void neighbours(const struct bh_table_line *line, const struct form *form)
{
    struct form other = *form;
    if (form->vex) {
        other.lw = form->lw ^ 2;
        neighbour(line, other, "VEX.L changed");
        other.lw = form->lw ^ 1;
        neighbour(line, other, "VEX.W changed");
        other = *form;
    }
    for (other.pp = 0; other.pp < 4; other.pp++)
        neighbour(line, other, "another mandatory prefix");
    other = *form;
    for (unsigned reg = 0; reg < 8 && !line->no_modrm; reg++) {
        other.modrm = reg << 3 | (form->modrm & 7);
        neighbour(line, other, "another ModRM.reg");
    }
    if (!line->no_modrm) {
        other = *form;
        other.memory = !form->memory;
        neighbour(line, other, form->memory ? "a register instead of memory" : "memory instead of a register");
    }
}

static void form_cases(void *context, const struct bh_table_line *line, const struct form *form)
{
    struct encoding how = {.operand = OPERAND_CONFINED};
    bool *first = context, memory = !line->no_modrm && form->memory;
    char room[64];
    unsigned char code[32];
    const char *expected = verdict(line, form, room, sizeof room);
    print_facts(line, form);
    print_form(line, form, how, "", expected);
    printf("@facts *\n");
    if (*first) {
        size_t size = encode_form(line, form, &how, code);
        *first = false;
        if (size > 1) {
            printf("90 ");
            for (size_t i = 0; i + 1 < size; i++)
                printf("%02x ", code[i]);
            printf("! ; cut off ; refuse ; truncated\n");
            printf("%zu*90 ", 33 - size);
            print_case(code, size, "across a boundary", "refuse ; C1");
        }
    }
    neighbours(line, form);
    if (expected[0] != 'a' || line->entry.cls == BH_CLASS_INDIRECT)
        return;
    if (form->vex && !line->vvvv) {
        how.vvvv = 1;
        print_form(line, form, how, "VEX.vvvv, which it does not use", "refuse ; allow-list");
        how.vvvv = 0;
    }
    if (form->vex) {
        how = (struct encoding){.prefix = "\x66", .operand = OPERAND_CONFINED};
        print_form(line, form, how, "66h before VEX", "refuse ; prefix");
    }
    rsp_cases(line, form);
    if (memory)
        memory_cases(line, form);
    else
        prefix_cases(line, form);
}

int main(void)
{
    printf("# From instructions.tbl by table-cases.c.\n");
    for (size_t i = 0; i < table_line_count; i++) {
        bool first = true;
        printf("# line %u: %s ; %s ; %s ; %s\n", table_lines[i].number, table_lines[i].encoding, table_lines[i].operands,
               table_lines[i].properties, table_lines[i].mnemonics);
        for_each_form(&table_lines[i], form_cases, &first);
    }
    return 0;
}
