/* Runs a file of verifier cases: one line a case,
 *
 *   bytes ; disassembly ; accept|refuse ; rules
 *
 * bytes:   hexadecimal bytes; `20*90` is a byte repeated; `|` demands that a bundle begins here. The bundle is completed
 *          with hlt, unless `!` ends the bytes: then the code ends there.
 * disassembly: for the reader; [E-...] at its end are numbers of docs/escapes.md.
 * rules:   the names of all rules that refusals must report, in any order, each once; empty for accept.
 *
 * Lines that begin with @ hold for the cases after them: `@isolation full|stores`, `@address A`, `@image LO HI`,
 * `@targets LO HI`, `@limit N`, `@facts NAME...` (the exact facts of accepted cases; `@facts *` for any). # is a comment.
 *
 * The code is placed right before an inaccessible page, so reading past its end is a crash. Then, unless it ended by `!`, it
 * is placed amidst hlt, where the verifier's automaton reads it. One line at the end says how many cases passed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "verifier/verify.h"

enum { MAX_CODE = 65536, PAGE = 4096, MAX_RULES = 16, AROUND = 512 };

struct rules {
    const char *name[MAX_RULES];
    unsigned count;
    size_t refusals;
};

static struct bh_verify_input setting = {.isolation = BH_ISOLATE_FULL};
static long wanted_facts = -1;
static uint8_t *guard;
static const char *file_name;
static unsigned line_number, passed, failed;

static _Noreturn void die(const char *what, const char *text)
{
    fprintf(stderr, "%s:%u: %s '%s'\n", file_name, line_number, what, text);
    exit(2);
}

static void collect(void *context, const struct bh_verify_refusal *refusal)
{
    struct rules *rules = context;
    rules->refusals++;
    for (unsigned i = 0; i < rules->count; i++)
        if (!strcmp(rules->name[i], refusal->rule))
            return;
    if (rules->count < MAX_RULES)
        rules->name[rules->count++] = refusal->rule;
}

static size_t parse_bytes(char *text, uint8_t *code, bool *exact)
{
    size_t n = 0;
    for (char *save, *token = strtok_r(text, " ", &save); token; token = strtok_r(NULL, " ", &save)) {
        char *star = strchr(token, '*'), *end;
        if (!strcmp(token, "|")) {
            if (n % BH_BUNDLE_SIZE)
                die("not at a bundle boundary:", text);
            continue;
        }
        if (!strcmp(token, "!")) {
            *exact = true;
            continue;
        }
        unsigned long repeat = star ? strtoul(token, NULL, 10) : 1;
        unsigned long byte = strtoul(star ? star + 1 : token, &end, 16);
        if (*end || byte > 255 || n + repeat + BH_BUNDLE_SIZE > MAX_CODE)
            die("bad byte", token);
        memset(code + n, (int)byte, repeat);
        n += repeat;
    }
    while (!*exact && (n % BH_BUNDLE_SIZE || !n))
        code[n++] = 0xF4;
    return n;
}

static void parse_setting(char *text)
{
    static const char *const facts[] = {"mxcsr", "x87", "upper", "timer", "cpuid", "rdrand", "rdpid", "xgetbv", "flush", "avx",
                                        "bmi", "hostcall", "lzcnt", "movbe", "f16c", "aes"};
    char *save, *name = strtok_r(text, " \n", &save), *end = save;
    if (!strcmp(name, "@isolation")) {
        setting.isolation = strstr(save, "stores") ? BH_ISOLATE_STORES : BH_ISOLATE_FULL;
    } else if (!strcmp(name, "@address")) {
        setting.address = strtoull(save, &end, 0);
    } else if (!strcmp(name, "@image")) {
        setting.image_lo = strtoull(save, &end, 0);
        setting.image_hi = strtoull(end, &end, 0);
    } else if (!strcmp(name, "@targets")) {
        setting.target_lo = strtoull(save, &end, 0);
        setting.target_hi = strtoull(end, &end, 0);
    } else if (!strcmp(name, "@limit")) {
        setting.limit = strtoull(save, &end, 0);
    } else if (!strcmp(name, "@facts")) {
        wanted_facts = 0;
        for (char *fact = strtok_r(NULL, " \n", &save); fact; fact = strtok_r(NULL, " \n", &save)) {
            unsigned i = 0;
            while (i < sizeof facts / sizeof *facts && strcmp(fact, facts[i]))
                i++;
            if (!strcmp(fact, "*"))
                wanted_facts = -1;
            else if (i == sizeof facts / sizeof *facts)
                die("unknown fact", fact);
            else
                wanted_facts |= 1L << i;
        }
    } else {
        die("unknown setting", name);
    }
}

static bool same_rules(const struct rules *found, char *wanted)
{
    unsigned matched = 0, count = 0;
    for (char *save, *rule = strtok_r(wanted, " ", &save); rule; rule = strtok_r(NULL, " ", &save)) {
        count++;
        for (unsigned i = 0; i < found->count; i++)
            matched += !strcmp(found->name[i], rule);
    }
    return count == found->count && matched == count;
}

static char *trim(char *text)
{
    while (*text == ' ')
        text++;
    for (size_t n = strlen(text); n && (text[n - 1] == ' ' || text[n - 1] == '\n'); n--)
        text[n - 1] = 0;
    return text;
}

/* Runs the verifier and says whether it answers as the case wants; prints the difference where it does not. */
static bool judge(const struct bh_verify_input *where, bool accept, char **field, const char *how)
{
    static uint64_t scratch[(MAX_CODE + 2 * AROUND) / 16];
    struct rules found = {.count = 0};
    struct bh_verify_facts facts;
    struct bh_verify_input in = *where;
    char wanted[256];
    in.scratch = scratch;
    in.scratch_size = sizeof scratch;
    in.report = collect;
    in.report_context = &found;
    snprintf(wanted, sizeof wanted, "%s", field[3]);
    bh_verify_result result = bh_verify_code(&in, &facts);
    if (result == (accept ? BH_VERIFY_ACCEPTED : BH_VERIFY_REFUSED) && same_rules(&found, wanted) &&
        (!in.limit || found.refusals <= in.limit) && (!accept || wanted_facts < 0 || facts.facts == (uint32_t)wanted_facts))
        return true;
    printf("%s:%u: %s (%s)\n    expected %s %s, got %s", file_name, line_number, field[1], how, field[2], field[3],
           result == BH_VERIFY_ACCEPTED ? "accept" : result == BH_VERIFY_REFUSED ? "refuse" : "bad argument");
    for (unsigned i = 0; i < found.count; i++)
        printf(" %s", found.name[i]);
    printf(" (facts 0x%x)\n", facts.facts);
    return false;
}

/* Once more amidst hlt, so that the case is not read from the copy of the code's end: by the automaton, in one of its lanes,
 * and again without it. */
static bool judge_embedded(const struct bh_verify_input *alone, bool accept, char **field)
{
    static uint8_t room[MAX_CODE + 2 * AROUND];
    struct bh_verify_input in = *alone;
    size_t before = line_number % (AROUND / BH_BUNDLE_SIZE) * BH_BUNDLE_SIZE;
    if (before > in.address)
        before = 0;
    memset(room, 0xF4, in.size + before + AROUND);
    memcpy(room + before, in.code, in.size);
    if (!in.target_hi) {
        in.target_lo = in.address;
        in.target_hi = in.address + in.size;
    }
    in.code = room;
    in.address -= before;
    in.size += before + AROUND;
    if (!judge(&in, accept, field, "amidst other code"))
        return false;
    in.statistics = true;
    return judge(&in, accept, field, "amidst other code, with statistics");
}

static void run_case(char *line)
{
    static uint8_t code[MAX_CODE];
    struct bh_verify_input in = setting;
    char *field[4];
    for (unsigned i = 0; i < 4; i++) {
        char *end = strchr(line, ';');
        if (!end && i < 3)
            die("a case has four fields:", line);
        if (end)
            *end = 0;
        field[i] = trim(line);
        line = end ? end + 1 : line + strlen(line);
    }
    bool accept = !strcmp(field[2], "accept"), exact = false;
    if (!accept && strcmp(field[2], "refuse"))
        die("neither accept nor refuse:", field[2]);
    in.size = parse_bytes(field[0], code, &exact);
    in.code = guard - in.size;
    memcpy(guard - in.size, code, in.size);
    bool good = judge(&in, accept, field, "alone") && (exact || judge_embedded(&in, accept, field));
    good ? passed++ : failed++;
}

int main(int argc, char **argv)
{
    static char line[16384];
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: run-cases FILE.cases (cannot read it)\n");
        return 2;
    }
    file_name = argv[1];
    uint8_t *memory = mmap(NULL, MAX_CODE + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + MAX_CODE, PAGE, PROT_NONE)) {
        perror("run-cases: no memory");
        return 2;
    }
    guard = memory + MAX_CODE;
    while (fgets(line, sizeof line, file)) {
        line_number++;
        if (line[0] == '@')
            parse_setting(line);
        else if (line[0] != '#' && line[0] != '\n')
            run_case(line);
    }
    fclose(file);
    printf("%s: %u of %u cases as expected\n", failed || !passed ? "FAIL" : "PASS", passed, passed + failed);
    return failed || !passed;
}
