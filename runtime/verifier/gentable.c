/* Turns instructions.tbl into the decoder's tables (C source on standard output). Runs on the build machine. With
 * --lines it writes the lines themselves as an array (gentable.h): documents and tests come from the same table, read
 * by the same parser.
 *
 * It stops at anything it does not understand and at any slot that two lines claim, so a line of the table cannot be
 * silently shadowed. Slots that no line claims stay 0: refused.
 *
 * With --claims it prints instead which slots each line of the table claims, for tests that must not miss any.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "verify.h"

enum { MAX_ENTRIES = 1024, MAX_GROUPS = 256, MAX_REASONS = 255, FORM_ANY = 0, FORM_MEM = 1, FORM_REG = 2 };

/* Legacy slots [map 0-3][pp][opcode], VEX slots [map 1-3][pp][L][W][opcode]; each with all 72 ModRM possibilities. */
enum { LEGACY = 4 * 4 * 256, VEX = 3 * 4 * 4 * 256, SLOTS = LEGACY + VEX };

static unsigned short slot[SLOTS][BH_GROUP_SLOTS];
static struct bh_entry entries[MAX_ENTRIES];
static unsigned entry_count = 1;
static struct {
    char rule[16], text[256];
} reasons[MAX_REASONS];
static unsigned reason_count = 1;
static unsigned line_number;
static bool claims_only; /* --claims */
static bool print_lines; /* --lines */
static char section[128];

static void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "instructions.tbl:%u: ", line_number);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

/* Why a class of instructions is refused; the text follows the mnemonic. */
static const struct {
    const char *rule, *why;
} rules[] = {
    {"memory", "it accesses memory that no operand confines"},
    {"control", "it transfers control in a way that nothing confines"},
    {"privilege", "it is a privileged or virtualisation instruction"},
    {"state", "it reads or changes state that belongs to the host or the kernel"},
    {"decoder", "this encoding is undefined, or differs between processors"},
    {"C4", "a return is `popq %R; andl $-32,%eR; addq %gs:0x10000,%R; jmp *%R`"},
};

struct fact_name {
    const char *name;
    unsigned bits;
};
static const struct fact_name facts[] = {
    {"bmi", BH_FACT_BMI},       {"cpuid", BH_FACT_CPUID},
    {"timer", BH_FACT_TIMER},   {"rdtscp", BH_FACT_TIMER | BH_FACT_RDPID},
    {"xgetbv", BH_FACT_XGETBV}, {"rdrand", BH_FACT_RDRAND},
    {"rdpid", BH_FACT_RDPID},   {"flush", BH_FACT_FLUSH},
    {"mxcsr", BH_FACT_MXCSR},   {"vmxcsr", BH_FACT_MXCSR | BH_FACT_AVX},
    {"avx", BH_FACT_AVX},       {"x87", BH_FACT_X87},
    {"lzcnt", BH_FACT_LZCNT},   {"movbe", BH_FACT_MOVBE},
    {"f16c", BH_FACT_F16C},     {"aes", BH_FACT_AES},
};

/* One line, taken apart. */
struct line {
    bool legacy, vex, vvvv, op66;
    unsigned l_mask, w_mask, pp_mask;
    unsigned map;
    bool opcode[256], modrm[BH_GROUP_SLOTS];
    bool plus_r, no_modrm;
    int form;
    struct bh_entry entry;
};

static unsigned parse_hex(const char *text, const char *end) {
    char *stop;
    unsigned long value = strtoul(text, &stop, 16);
    if (stop != end || value > 255)
        die("bad number in '%s'", text);
    return (unsigned)value;
}

/* "58", "00-03", "01,09": calls set(number) for each. base is 16 for opcodes, digits are the same in base 8. */
static void parse_list(const char *text, bool *set, unsigned limit) {
    while (*text) {
        const char *end = text + strcspn(text, ",");
        const char *dash = memchr(text, '-', (size_t)(end - text));
        unsigned first = parse_hex(text, dash ? dash : end), last = dash ? parse_hex(dash + 1, end) : first;
        if (first > last || last >= limit)
            die("bad range in '%s'", text);
        for (unsigned i = first; i <= last; i++)
            set[i] = true;
        text = *end ? end + 1 : end;
    }
}

static unsigned parse_pp(const char *token) {
    static const char *const names[] = {"np", "66", "f3", "f2"};
    unsigned mask = 0;
    char copy[32];
    if (strlen(token) >= sizeof copy)
        return 0;
    strcpy(copy, token);
    for (char *save, *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
        unsigned i = 0;
        while (i < 4 && strcmp(word, names[i]))
            i++;
        if (i == 4)
            return 0;
        mask |= 1u << i;
    }
    return mask;
}

static unsigned parse_bit(const char *text) {
    if (*text == 'x')
        return 3;
    if (*text != '0' && *text != '1')
        die("'%s' should be 0, 1 or x", text);
    return 1u << (*text - '0');
}

static void parse_encoding(struct line *line, char *text) {
    bool have_pp = false, have_map = false, have_opcode = false, have_modrm = false;
    line->legacy = true;
    for (char *save, *token = strtok_r(text, " ", &save); token; token = strtok_r(NULL, " ", &save)) {
        unsigned pp;
        if (!strncmp(token, "vex.", 4)) {
            line->legacy = false;
            line->vex = true;
            line->l_mask = parse_bit(token + 4);
            line->w_mask = parse_bit(token + 6);
        } else if (!strncmp(token, "sv2.", 4) || !strncmp(token, "sv3.", 4)) {
            line->vex = true;
            line->l_mask = parse_bit(token + 4);
            line->w_mask = 3;
        } else if (!have_pp && !have_map && !have_opcode && !strcmp(token, "op")) {
            line->pp_mask = 3, line->op66 = have_pp = true;
        } else if (!have_pp && !strcmp(token, "f3op")) {
            line->pp_mask = 4, line->op66 = have_pp = true;
        } else if (!have_pp && !strcmp(token, "f2op")) {
            line->pp_mask = 8, line->op66 = have_pp = true;
        } else if (!have_pp && !strcmp(token, "all")) {
            line->pp_mask = 15, have_pp = true;
        } else if (!have_pp && !have_map && !have_opcode && (pp = parse_pp(token)) != 0) {
            line->pp_mask = pp, have_pp = true;
        } else if (!have_map && !have_opcode && !strcmp(token, "0f")) {
            line->map = 1, have_map = true;
        } else if (!have_map && !have_opcode && !strcmp(token, "0f38")) {
            line->map = 2, have_map = true;
        } else if (!have_map && !have_opcode && !strcmp(token, "0f3a")) {
            line->map = 3, have_map = true;
        } else if (!have_opcode) {
            char *plus = strstr(token, "+r");
            if (plus) {
                *plus = 0;
                unsigned first = parse_hex(token, plus);
                for (unsigned i = 0; i < 8; i++)
                    line->opcode[first + i] = true;
                line->plus_r = line->no_modrm = have_modrm = true;
            } else {
                parse_list(token, line->opcode, 256);
            }
            have_opcode = true;
        } else if (!have_modrm && (!strcmp(token, "/no") || !strcmp(token, "/z"))) {
            line->no_modrm = have_modrm = true;
            line->plus_r = token[1] == 'z';
        } else if (!have_modrm && !strcmp(token, "/r")) {
            memset(line->modrm, 1, sizeof line->modrm);
            have_modrm = true;
        } else if (!have_modrm && token[0] == '/') {
            bool reg[8] = {false};
            parse_list(token + 1, reg, 8);
            for (unsigned i = 0; i < BH_GROUP_SLOTS; i++)
                line->modrm[i] = reg[i < 8 ? i : (i - 8) >> 3];
            have_modrm = true;
        } else if (!have_modrm && token[0] == ':') {
            bool byte[256] = {false};
            parse_list(token + 1, byte, 256);
            for (unsigned i = 0; i < 192; i++)
                if (byte[i])
                    die("exact ModRM bytes are for mod = 3");
            for (unsigned i = 0; i < 64; i++)
                line->modrm[8 + i] = byte[192 + i];
            have_modrm = true;
        } else {
            die("unexpected '%s' in the encoding", token);
        }
    }
    if (!have_opcode || !have_modrm)
        die("the encoding lacks an opcode or says nothing about ModRM");
    if (!have_pp)
        line->pp_mask = 1;
    if (line->vex && line->map == 0)
        die("VEX needs a map");
    if (!line->no_modrm)
        line->entry.flags |= BH_MODRM;
    if (line->op66)
        line->entry.flags |= BH_OPSIZE;
}

static uint8_t parse_size(char letter) {
    static const char letters[] = "bwdqtxynvsclhfe";
    static const uint8_t sizes[] = {1,         2,         4,         8,         10,        16,        32,       28,
                                    BH_SIZE_V, BH_SIZE_S, BH_SIZE_C, BH_SIZE_L, BH_SIZE_H, BH_SIZE_F, BH_SIZE_E};
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (!found)
        die("unknown operand size '%c'", letter);
    return sizes[found - letters];
}

static void parse_immediate(struct line *line, char kind) {
    struct bh_entry *e = &line->entry;
    uint8_t size = kind == 'b' ? 1 : kind == 'w' ? 2 : kind == 'd' ? 4 : kind == 'q' ? 8 : 0;
    if (size)
        e->imm = (uint8_t)(e->imm + size);
    else if (kind == 'z' && !e->imm)
        e->imm = BH_IMM_Z;
    else if (kind == 'v' && !e->imm)
        e->imm = BH_IMM_V;
    else
        die("bad immediate 'i%c'", kind);
}

static void parse_operands(struct line *line, char *text) {
    struct bh_entry *e = &line->entry;
    bool wide = false, narrow = false;
    for (char *save, *token = strtok_r(text, " ", &save); token; token = strtok_r(NULL, " ", &save)) {
        char letter = token[0], access = token[1];
        if (letter == 'i') {
            parse_immediate(line, access);
            continue;
        }
        if (!strchr("EMRWUQNGVPBHZA", letter))
            die("unknown operand '%s'", token);
        if (strchr("EMWQ", letter)) {
            e->size = parse_size(token[2]);
            e->mem = access == 'a' ? BH_MEM_ADDRESS : access == 'r' ? BH_MEM_LOAD : BH_MEM_STORE;
            if (!strchr("arwx", access) || token[3])
                die("bad access in '%s'", token);
        }
        if (letter == 'M')
            line->form = FORM_MEM;
        if (strchr("RUN", letter))
            line->form = FORM_REG;
        if (strchr("PQN", letter))
            e->facts |= BH_FACT_X87;
        if (strchr("BH", letter))
            line->vvvv = true;
        if (strchr("ERGBZ", letter) && (access == 'w' || access == 'x')) {
            e->flags |= letter == 'G'   ? BH_WRITES_REG
                        : letter == 'B' ? BH_WRITES_VVVV
                        : letter == 'Z' ? BH_WRITES_OPC
                                        : BH_WRITES_RM;
            *(parse_size(token[2]) == 1 ? &narrow : &wide) = true;
        }
        if ((letter == 'Z') != line->plus_r && letter == 'Z')
            die("a register in the opcode needs +r or /z");
    }
    if (narrow && wide)
        die("one form writes a byte register and a wider one; write two lines");
    if (narrow)
        e->flags |= BH_WRITES_BYTE;
    bool names_rm = line->form != FORM_ANY || e->mem, exact = !memchr(line->modrm, 1, 8);
    if (!line->no_modrm && !names_rm && !exact)
        die("no operand says what ModRM.rm is");
    if (line->no_modrm && (line->form != FORM_ANY || e->mem))
        die("operands in ModRM, but the encoding has none");
}

static void parse_property(struct line *line, const char *token, const char *mnemonic) {
    static const char *const classes[] = {"plain", "jump", "call", "indirect", "nop", "trap", "int3", "string"};
    struct bh_entry *e = &line->entry;
    if (!strcmp(token, "lock")) {
        e->flags |= BH_LOCKABLE;
    } else if (!strcmp(token, "notouch")) {
        e->flags |= BH_NO_TOUCH;
    } else if (!strcmp(token, "norex")) {
        e->flags |= BH_NO_REX;
    } else if (!strcmp(token, "norexw")) {
        e->flags |= BH_NO_REX_W;
    } else if (!strcmp(token, "stack")) {
        e->flags |= BH_STACK;
    } else if (!strcmp(token, "seq")) {
        e->flags |= BH_SEQ_HEAD;
    } else if (!strcmp(token, "spadd")) {
        e->sp = BH_SP_ADD;
    } else if (!strcmp(token, "spsub")) {
        e->sp = BH_SP_SUB;
    } else if (!strcmp(token, "splea")) {
        e->sp = BH_SP_LEA;
    } else if (!strcmp(token, "sp3")) {
        e->sp = BH_SP_S3;
    } else if (!strncmp(token, "class=", 6)) {
        for (unsigned i = 0; i < sizeof classes / sizeof *classes; i++)
            if (!strcmp(token + 6, classes[i])) {
                e->cls = (uint8_t)i;
                return;
            }
        die("unknown %s", token);
    } else if (!strncmp(token, "fact=", 5)) {
        for (unsigned i = 0; i < sizeof facts / sizeof *facts; i++)
            if (!strcmp(token + 5, facts[i].name)) {
                e->facts |= (uint16_t)facts[i].bits;
                return;
            }
        die("unknown %s", token);
    } else if (token[0] == '!') {
        for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++)
            if (!strcmp(token + 1, rules[i].rule)) {
                if (reason_count == MAX_REASONS)
                    die("too many reasons");
                strcpy(reasons[reason_count].rule, rules[i].rule);
                snprintf(reasons[reason_count].text, sizeof reasons->text, "%s: %s", mnemonic, rules[i].why);
                e->cls = BH_CLASS_REFUSED;
                e->reason = (uint8_t)reason_count++;
                return;
            }
        die("unknown rule %s", token);
    } else {
        die("unknown property '%s'", token);
    }
}

/* VEX means AVX, but for the integer instructions of BMI. */
static uint16_t vex_facts(const struct bh_entry *e) {
    return (uint16_t)(e->facts & BH_FACT_BMI ? e->facts : e->facts | BH_FACT_AVX);
}

static unsigned short intern(const struct bh_entry *e) {
    for (unsigned i = 1; i < entry_count; i++)
        if (!memcmp(&entries[i], e, sizeof *e))
            return (unsigned short)i;
    if (entry_count == MAX_ENTRIES)
        die("too many entries");
    entries[entry_count] = *e;
    return (unsigned short)entry_count++;
}

/* CLAIM(line, slot, memory forms by ModRM.reg, register forms by ModRM.reg and rm, has ModRM, class, enum bh_mem) */
static void print_claim(unsigned index, const struct line *line) {
    unsigned long long memory = 0, registers = 0;
    for (unsigned i = 0; i < BH_GROUP_SLOTS; i++)
        if (!line->no_modrm && line->modrm[i] && line->form != (i < 8 ? FORM_REG : FORM_MEM))
            *(i < 8 ? &memory : &registers) |= 1ull << (i < 8 ? i : i - 8);
    printf("CLAIM(%u, %u, 0x%llx, 0x%llx, %d, %u, %u)\n", line_number, index, memory, registers, !line->no_modrm,
           line->entry.cls, line->entry.mem);
}

static void claim(unsigned index, const struct line *line, unsigned short entry) {
    if (claims_only)
        print_claim(index, line);
    for (unsigned i = 0; i < BH_GROUP_SLOTS; i++) {
        bool register_form = i >= 8;
        if (!line->no_modrm && (!line->modrm[i] || (line->form == FORM_MEM && register_form) ||
                                (line->form == FORM_REG && !register_form)))
            continue;
        if (slot[index][i])
            die("opcode %02x is already taken", index & 255);
        slot[index][i] = entry;
    }
}

static void fill(const struct line *line) {
    struct bh_entry legacy = line->entry, vex = line->entry;
    unsigned short legacy_entry = 0, vex_entry = 0;
    if (line->legacy)
        legacy_entry = intern(&legacy);
    if (line->vex) {
        if (line->vvvv)
            vex.flags |= BH_USES_VVVV;
        vex.facts = vex_facts(&line->entry);
        vex_entry = intern(&vex);
    }
    for (unsigned pp = 0; pp < 4; pp++)
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            if (!(line->pp_mask >> pp & 1) || !line->opcode[opcode])
                continue;
            if (line->legacy)
                claim((line->map * 4 + pp) * 256 + opcode, line, legacy_entry);
            for (unsigned lw = 0; lw < 4 && line->vex; lw++)
                if ((line->l_mask >> (lw >> 1) & 1) && (line->w_mask >> (lw & 1) & 1))
                    claim(LEGACY + (((line->map - 1) * 4 + pp) * 4 + lw) * 256 + opcode, line, vex_entry);
        }
}

static void print_text(const char *text) {
    printf("\"");
    for (; *text; text++)
        printf("%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    printf("\",");
}

/* An initializer of struct bh_table_line. */
static void print_line(const struct line *line, char *const *field) {
    const struct bh_entry *e = &line->entry;
    unsigned lw_mask = 0;
    for (unsigned lw = 0; lw < 4; lw++)
        if ((line->l_mask >> (lw >> 1) & 1) && (line->w_mask >> (lw & 1) & 1))
            lw_mask |= 1u << lw;
    printf("{%u,", line_number);
    print_text(section);
    for (unsigned i = 0; i < 4; i++)
        print_text(field[i]);
    if (e->cls == BH_CLASS_REFUSED)
        print_text(reasons[e->reason].rule);
    else
        printf("0,");
    printf("%d,%d,%u,%u,%u,%d,%d,%d,%d,{", line->legacy, line->vex, line->map, line->pp_mask, line->vex ? lw_mask : 0,
           line->form, line->no_modrm, line->plus_r, line->vvvv);
    for (unsigned i = 0; i < BH_GROUP_SLOTS; i++)
        printf("%d,",
               !line->no_modrm && line->modrm[i] && (line->form == FORM_ANY || (line->form == FORM_REG) == (i >= 8)));
    printf("},{");
    for (unsigned i = 0; i < 8; i++) {
        unsigned word = 0;
        for (unsigned bit = 0; bit < 32; bit++)
            word |= (unsigned)line->opcode[i * 32 + bit] << bit;
        printf("0x%x,", word);
    }
    printf("},{%u,%u,%u,%u,0x%x,0x%x,%u,%u},0x%x},\n", e->cls, e->mem, e->size, e->imm, e->flags, e->facts, e->sp,
           e->reason, line->vex ? vex_facts(e) : 0u);
}

static char *trim(char *text) {
    while (*text == ' ')
        text++;
    for (size_t n = strlen(text); n && (text[n - 1] == ' ' || text[n - 1] == '\n'); n--)
        text[n - 1] = 0;
    return text;
}

static void parse_line(char *text) {
    struct line line = {.legacy = false};
    char *field[4], *kept[4];
    for (unsigned i = 0; i < 4; i++) {
        char *end = strchr(text, ';');
        if (!end && i < 3)
            die("a line has four fields: encoding ; operands ; properties ; mnemonics");
        if (end && i < 3)
            *end = 0;
        field[i] = trim(text);
        text = end + 1;
    }
    for (unsigned i = 0; i < 4; i++)
        if (!(kept[i] = strdup(field[i])))
            die("out of memory");
    parse_encoding(&line, field[0]);
    parse_operands(&line, field[1]);
    for (char *save, *token = strtok_r(field[2], " ", &save); token; token = strtok_r(NULL, " ", &save))
        parse_property(&line, token, field[3]);
    fill(&line);
    if (print_lines)
        print_line(&line, kept);
    for (unsigned i = 0; i < 4; i++)
        free(kept[i]);
}

static unsigned short groups[MAX_GROUPS][BH_GROUP_SLOTS];
static unsigned group_count;

static unsigned short pack(const unsigned short *all) {
    unsigned i = 1;
    while (i < BH_GROUP_SLOTS && all[i] == all[0])
        i++;
    if (i == BH_GROUP_SLOTS)
        return all[0];
    for (i = 0; i < group_count; i++)
        if (!memcmp(groups[i], all, sizeof groups[i]))
            return (unsigned short)(BH_GROUP | i);
    if (group_count == MAX_GROUPS)
        die("too many groups");
    memcpy(groups[group_count], all, sizeof groups[i]);
    return (unsigned short)(BH_GROUP | group_count++);
}

static void print_shorts(const unsigned short *values, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        printf("%u,%s", values[i], i % 24 == 23 ? "\n" : "");
    putchar('\n');
}

int main(int argc, char **argv) {
    claims_only = argc == 3 && !strcmp(argv[1], "--claims");
    print_lines = argc == 3 && !strcmp(argv[1], "--lines");
    FILE *file = argc == 2 + (claims_only || print_lines) ? fopen(argv[argc - 1], "r") : NULL;
    static char buffer[1024];
    static unsigned short packed[SLOTS];
    if (!file) {
        fprintf(stderr, "usage: gentable [--claims|--lines] instructions.tbl >tables.inc (cannot read the table)\n");
        return 1;
    }
    if (print_lines)
        printf(
            "/* Generated from instructions.tbl by gentable.c. */\nstatic const struct bh_table_line bh_lines[] = {\n");
    while (fgets(buffer, sizeof buffer, file)) {
        line_number++;
        if (sscanf(buffer, "# ---- %127[^-\n]", section) == 1)
            section[strcspn(section, "\n")] = 0, trim(section);
        if (buffer[0] != '#' && buffer[0] != '\n')
            parse_line(buffer);
    }
    if (ferror(file))
        die("cannot be read");
    fclose(file);
    if (claims_only)
        return ferror(stdout) || fflush(stdout) ? 1 : 0;
    if (print_lines) {
        printf("};\n");
        return ferror(stdout) || fflush(stdout) ? 1 : 0;
    }
    for (unsigned i = 0; i < SLOTS; i++)
        packed[i] = pack(slot[i]);

    printf("/* Generated from instructions.tbl by gentable.c. */\n");
    printf("static const struct bh_entry bh_entries[%u] = {\n", entry_count);
    for (unsigned i = 0; i < entry_count; i++) {
        const struct bh_entry *e = &entries[i];
        printf("{%u,%u,%u,%u,0x%x,0x%x,%u,%u},\n", e->cls, e->mem, e->size, e->imm, e->flags, e->facts, e->sp,
               e->reason);
    }
    printf("};\nstatic const struct bh_reason bh_reasons[%u] = {\n{0, 0},\n", reason_count);
    for (unsigned i = 1; i < reason_count; i++)
        printf("{\"%s\", \"%s\"},\n", reasons[i].rule, reasons[i].text);
    printf("};\nstatic const uint16_t bh_groups[%u][%u] = {\n", group_count, (unsigned)BH_GROUP_SLOTS);
    for (unsigned i = 0; i < group_count; i++) {
        printf("{");
        print_shorts(groups[i], BH_GROUP_SLOTS);
        printf("},\n");
    }
    printf("};\nstatic const uint16_t bh_legacy[4 * 4 * 256] = {\n");
    print_shorts(packed, LEGACY);
    printf("};\nstatic const uint16_t bh_vex[3 * 4 * 4 * 256] = {\n");
    print_shorts(packed + LEGACY, VEX);
    printf("};\n");
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
