/* See instructions.h. Everything comes from runtime/verifier/instructions.tbl; the names of accepted instructions from
 * a disassembler that is given an example of each form.
 */
#include "instructions.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "disassemble.h"
#include "forms.h"

enum { MAX_NAMES = 64, NAME = 24, ROOM = 1024 };

struct names {
    char name[MAX_NAMES][NAME];
    unsigned count;
};

static void add_name(void *context, const struct bh_table_line *line, const struct form *form) {
    struct names *names = context;
    struct encoding how = {.operand = OPERAND_CONFINED};
    uint8_t code[32];
    size_t size = encode_form(line, form, &how, code);
    for (unsigned wide = 0; wide < 2; wide++) {
        char name[NAME];
        if (wide) {
            /* REX.W names some instructions anew (cqo, movq, cmpxchg16b). */
            how.rex = 0x48;
            if (form->vex || line->plus_r)
                return;
            size = encode_form(line, form, &how, code);
        }
        if (!mnemonic_of(code, size, name, sizeof name))
            return;
        unsigned i = 0;
        while (i < names->count && strcmp(names->name[i], name))
            i++;
        if (i == names->count && i < MAX_NAMES)
            memcpy(names->name[names->count++], name, sizeof name);
    }
}

/* What the disassembler calls the instructions of a line that is accepted. Of those that are refused it often knows no
 * name, or an old one: there the table's own words are all. */
static void names_of(const struct bh_table_line *line, struct names *names) {
    names->count = 0;
    if (!line->rule)
        for_each_form(line, add_name, names);
}

static void append(char *text, const char *more) {
    size_t used = strlen(text);
    snprintf(text + used, ROOM - used, "%s", more);
}

/* An operand size letter of the table, in bits. */
static const char *size_name(char letter) {
    static const char letters[] = "bwdqtxynvsclhfe";
    static const char *const bits[] = {"8",        "16",    "32",     "64",      "80",     "128",   "256",  "224",
                                       "16/32/64", "32/64", "64/128", "128/256", "64/128", "32/64", "16/32"};
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? bits[found - letters] : "";
}

static const char *access_name(char letter) {
    return letter == 'w' ? " (written)" : letter == 'x' ? " (read, written)" : letter == 'a' ? " (address)" : "";
}

/* "Exb Grb ib" in words: "r/m8 (read, written), r8, imm8". */
static void operands_of(const struct bh_table_line *line, char *out) {
    char copy[256];
    out[0] = 0;
    snprintf(copy, sizeof copy, "%s", line->operands);
    for (char *save, *token = strtok_r(copy, " ", &save); token; token = strtok_r(NULL, " ", &save)) {
        const char *size = token[0] == 'i' ? "" : size_name(token[1] ? token[2] : 0);
        char letter_of_size = token[1] ? token[2] : 0;
        const char *xmm = !(line->lw_mask & 12) ? "xmm" : line->legacy || line->lw_mask & 3 ? "xmm/ymm" : "ymm";
        if (token[0] == 'W' && !strchr("lhy", letter_of_size))
            xmm = "xmm";
        char one[96] = "";
        switch (token[0]) {
        case 'i': snprintf(one, sizeof one, "imm%s", token[1] == 'z' ? "16/32" : size_name(token[1])); break;
        case 'E': snprintf(one, sizeof one, "r/m%s", size); break;
        case 'M': snprintf(one, sizeof one, "m%s", size); break;
        case 'R':
        case 'G':
        case 'B':
        case 'Z': snprintf(one, sizeof one, "r%s", size); break;
        case 'W': snprintf(one, sizeof one, "%s/m%s", xmm, size); break;
        case 'U':
        case 'V':
        case 'H': snprintf(one, sizeof one, "%s", xmm); break;
        case 'Q': snprintf(one, sizeof one, "mm/m%s", size); break;
        case 'N':
        case 'P': snprintf(one, sizeof one, "mm"); break;
        default: snprintf(one, sizeof one, "fixed registers"); break;
        }
        append(out, out[0] ? ", " : "");
        append(out, one);
        if (strchr("EMWQRGBZ", token[0]))
            append(out, access_name(token[1]));
    }
}

/* The table's properties in words. */
static void properties_of(const struct bh_table_line *line, char *out) {
    static const struct {
        const char *name, *text;
    } words[] = {
        {"lock", "LOCK"},
        {"notouch", "no touch (S2)"},
        {"stack", "touches the stack (S2)"},
        {"seq", "begins sequences"},
        {"spadd", "rsp: S1, S3"},
        {"spsub", "rsp: S1, S3"},
        {"splea", "rsp: S1, S3"},
        {"sp3", "rsp: S3"},
        {"class=jump", "C2, settles no debt (S2)"},
        {"class=call", "C2, touches the stack (S2)"},
        {"class=indirect", "only in C3, C4, C5"},
        {"class=nop", "nop"},
        {"class=trap", "traps (C6)"},
        {"class=int3", "traps (C6)"},
        {"class=string", "only in M4"},
    };
    char copy[256];
    out[0] = 0;
    snprintf(copy, sizeof copy, "%s", line->properties);
    for (char *save, *token = strtok_r(copy, " ", &save); token; token = strtok_r(NULL, " ", &save)) {
        char fact[64];
        const char *text = NULL;
        for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
            if (!strcmp(token, words[i].name))
                text = words[i].text;
        if (!strncmp(token, "fact=", 5)) {
            snprintf(fact, sizeof fact, "fact %s", token + 5);
            text = fact;
        }
        if (!text)
            continue; /* !RULE is shown by itself */
        append(out, out[0] ? ", " : "");
        append(out, text);
    }
}

static void join(const struct names *names, const char *between, char *out) {
    out[0] = 0;
    for (unsigned i = 0; i < names->count; i++) {
        append(out, i ? between : "");
        append(out, names->name[i]);
    }
}

static void print_json(const struct bh_table_line *line) {
    struct names names;
    char text[ROOM];
    names_of(line, &names);
    printf("{\"line\":%u,", line->number);
    print_string("section", line->section);
    printf("\"mnemonics\":[");
    for (unsigned i = 0; i < names.count; i++) {
        printf("%s\"", i ? "," : "");
        print_escaped(names.name[i]);
        putchar('"');
    }
    printf("],");
    print_string("description", line->mnemonics);
    print_string("encoding", line->encoding);
    operands_of(line, text);
    print_string("operands", text);
    print_string("operand_codes", line->operands);
    print_string("properties", line->properties);
    if (line->rule)
        print_string("rule", line->rule);
    printf("\"verdict\":\"%s\"}\n", line->rule ? "refused" : "accepted");
}

static void print_text(const struct options *options, const struct bh_table_line *line) {
    struct names names;
    char text[ROOM];
    names_of(line, &names);
    join(&names, " ", text);
    set_color(options, COLOR_HEADING);
    printf("  %s\n", line->rule ? line->mnemonics : text);
    set_color(options, COLOR_PLAIN);
    printf("      %s", line->encoding);
    operands_of(line, text);
    if (text[0])
        printf("  |  %s", text);
    properties_of(line, text);
    if (text[0])
        printf("  |  %s", text);
    if (line->rule)
        printf("  |  refused by %s", line->rule);
    putchar('\n');
}

static const char page_head[] =
    "# The instructions that are accepted\n"
    "\n"
    "Generated from `runtime/verifier/instructions.tbl` (`cmake --build build --target instructions-page`); do not "
    "edit.\n"
    "The decoder's tables and the cases of `test/verifier/table.test` come from the same lines. `bulkhead-verify\n"
    "--list-instructions` prints the list, with `--json` for programs.\n"
    "\n"
    "What is not here is refused, by the rule allow-list. What is here is accepted only as far as its operands, "
    "prefixes\n"
    "and place are (`docs/contract.md`, `bulkhead-verify --explain RULE`).\n"
    "\n"
    "**Encoding.** `vex.L.W` is VEX with L and W (0, 1, x: any); `sv2`, `sv3` an SSE encoding and the VEX encoding of "
    "the\n"
    "same with L as said, without or with a source in VEX.vvvv. `np` `66` `f3` `f2`: the mandatory prefix (`all`: each "
    "of\n"
    "them and none). `op` `f3op` `f2op`: 66h selects the operand size. Then the map (none, `0f`, `0f38`, `0f3a`), "
    "opcodes,\n"
    "and ModRM: `/r`, `/digit` for its reg field, `:c0` for exact bytes, `/no` for none; `+r` and `/z` a register in "
    "the\n"
    "opcode.\n"
    "\n"
    "**Operands** in the order of the table, sizes in bits. `r/m` and `xmm/m` are a register or memory; every memory\n"
    "operand is M1, M2 or M3, except where it says address: then nothing is accessed. Registers without a remark are "
    "read\n"
    "or, for vectors, read or written.\n"
    "\n"
    "**Properties.** LOCK: may carry it with a memory operand. Facts are what the verifier reports to the runtime; "
    "every\n"
    "VEX instruction but those of BMI has the fact avx, every one with an mm register x87.\n"
    "\n"
    "**What is not here, and why.** Of SSE to AVX2, FMA, F16C, BMI, MOVBE, LZCNT, x87, ADX, AES, PCLMULQDQ and SHA\n"
    "everything is here but gathers (each of their elements has an address of its own; that 67h confines them all is "
    "not\n"
    "shown yet), `maskmovq` and `maskmovdqu` (they store through rdi, which no operand shows), and `fnsave`, `frstor` "
    "and\n"
    "`ffreep` (no compiler emits them). All others that LLVM knows are listed with the reason in\n"
    "`test/verifier/Inputs/not-accepted.txt`, which a test keeps complete. AVX-512 and APX are refused by their first "
    "byte.\n";

static void print_page_line(const struct bh_table_line *line) {
    struct names names;
    char text[ROOM];
    names_of(line, &names);
    join(&names, " ", text);
    printf("| %s | `%s` | ", line->rule ? line->mnemonics : text, line->encoding);
    operands_of(line, text);
    printf("%s | ", text);
    properties_of(line, text);
    printf("%s |\n", line->rule ? line->rule : text);
}

int list_instructions(const struct options *options) {
    const char *section = "";
    if (options->markdown)
        fputs(page_head, stdout);
    for (size_t i = 0; i < table_line_count; i++) {
        const struct bh_table_line *line = &table_lines[i];
        if (options->json) {
            print_json(line);
            continue;
        }
        if (strcmp(section, line->section)) {
            section = line->section;
            if (options->markdown)
                printf("\n## %c%s\n\n| instructions | encoding | operands | %s |\n| --- | --- | --- | --- |\n",
                       toupper((unsigned char)section[0]), section + 1, line->rule ? "refused by" : "properties");
            else
                printf("%s%s\n", i ? "\n" : "", section);
        }
        options->markdown ? print_page_line(line) : print_text(options, line);
    }
    return EXIT_ACCEPTED;
}
