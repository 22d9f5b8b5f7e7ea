/* Judges an object file: would its code verify once it is linked, and if not, which functions are at fault? The core
 * that judges modules looks at the code as a linker would lay it out (relocate.h); what depends on other files is left
 * to the linker and said.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relocate.h"
#include "tool.h"

enum { MAX_RULES = 64, SHOWN_NAMES = 8 };

struct judgement {
    struct file_report *report;
    struct object object;
    size_t refusals;
    const char *rules[MAX_RULES]; /* distinct ones: bits of a function's mask */
    unsigned rule_count;
    const struct object_section *alone; /* the section that is verified by itself */
};

static const char *symbolize(const void *context, uint64_t address, uint64_t *offset) {
    const struct object_function *function = object_function_at(context, address);
    if (!function || !object_section_at(context, address))
        return NULL;
    *offset = address - function->address;
    return function->name;
}

/* The symbol that the linker will put into an instruction. */
static const char *annotate(const void *context, uint64_t start, uint64_t end) {
    const struct object *object = context;
    size_t i = object_relocation_from(object, start);
    if (i == object->relocation_count || object->relocations[i].address >= end)
        return NULL;
    return object_symbol(object, object->relocations[i].symbol).name;
}

static uint64_t rule_bit(struct judgement *j, const char *rule) {
    unsigned i = 0;
    while (i < j->rule_count && strcmp(j->rules[i], rule))
        i++;
    if (i == j->rule_count && i < MAX_RULES)
        j->rules[j->rule_count++] = rule;
    return i < MAX_RULES ? (uint64_t)1 << i : 0;
}

/* Every refusal counts for its function; only the first ones are printed. */
static void take_refusal(void *context, const struct bh_verify_refusal *refusal) {
    struct judgement *j = context;
    const struct options *options = j->report->options;
    struct object_function *function = object_function_at(&j->object, refusal->address);
    j->refusals++;
    if (function) {
        function->refusals++;
        function->rules |= rule_bit(j, refusal->rule);
    }
    if (!options->limit || j->report->refusals < options->limit)
        report_refusal(j->report, refusal);
}

/* Of a section by itself only its end is of interest: everything else was looked at with all sections together. */
static void take_end(void *context, const struct bh_verify_refusal *refusal) {
    struct judgement *j = context;
    uint64_t last = j->alone->address + j->alone->size - 1;
    if (!strcmp(refusal->rule, "truncated") || (!strcmp(refusal->rule, "S2") && refusal->address == last))
        take_refusal(context, refusal);
}

static void check_alignment(struct judgement *j) {
    for (size_t i = 0; i < j->object.section_count; i++) {
        const struct object_section *s = &j->object.sections[i];
        struct bh_verify_refusal refusal = {
            .address = s->address,
            .length = 1,
            .rule = "obj-align",
            .bundle = s->address,
            .reason = "the section is not aligned to a bundle (32 bytes), so the linker may put it anywhere",
        };
        if (s->align < BH_BUNDLE_SIZE || s->align % BH_BUNDLE_SIZE)
            take_refusal(j, &refusal);
    }
}

/* Linkers gather .text and .text.*, and put what has another name beside it. */
static bool is_gathered(const char *name) { return !strncmp(name, ".text", 5) && (!name[5] || name[5] == '.'); }

static void check_ends(struct judgement *j) {
    bool alone = true;
    for (size_t i = 0; i < j->object.section_count; i++)
        alone &= is_gathered(j->object.sections[i].name);
    for (size_t i = 0; i < j->object.section_count && !alone; i++) {
        const struct object_section *s = &j->object.sections[i];
        struct bh_verify_refusal refusal = {
            .address = s->address + s->size - 1,
            .length = 1,
            .rule = "obj-end",
            .bundle = (s->address + s->size - 1) & ~(uint64_t)(BH_BUNDLE_SIZE - 1),
            .reason = "the section does not end with a bundle (32 bytes), so the linker may leave zeros behind it",
        };
        if (s->size % BH_BUNDLE_SIZE)
            take_refusal(j, &refusal);
    }
}

/* Returns false when there is no verdict. */
static bool verify_linked(struct judgement *j, const struct linked_code *linked, struct bh_verify_facts *facts) {
    struct file_report *report = j->report;
    struct bh_verify_input input = {
        .code = linked->code,
        .size = linked->size,
        .image_hi = linked->image_hi,
        .isolation = report->options->allow_stores_only ? BH_ISOLATE_STORES : BH_ISOLATE_FULL,
        .scratch_size = bh_verify_scratch_size(linked->size),
        .scratch = malloc(bh_verify_scratch_size(linked->size)),
        .report = take_refusal,
        .report_context = j,
    };
    if (!input.scratch)
        return false;
    check_alignment(j);
    check_ends(j);
    bool judged = bh_verify_code(&input, facts) != BH_VERIFY_BAD_ARGUMENT;
    input.report = take_end;
    for (size_t i = 0; judged && i < j->object.section_count; i++) {
        struct bh_verify_facts unused;
        j->alone = &j->object.sections[i];
        input.code = linked->code + j->alone->address;
        input.size = j->alone->size;
        input.address = j->alone->address;
        judged = bh_verify_code(&input, &unused) != BH_VERIFY_BAD_ARGUMENT;
    }
    free(input.scratch);
    return judged;
}

static void print_rules(const struct judgement *j, uint64_t mask, const char *quote, const char *between) {
    for (unsigned i = 0, n = 0; i < j->rule_count; i++)
        if (mask >> i & 1)
            printf("%s%s%s%s", n++ ? between : "", quote, j->rules[i], quote);
}

/* Calls back with the name of each undefined symbol; returns how many there are. */
static size_t undefined_symbols(const struct object *object, void (*visit)(size_t number, const char *name)) {
    size_t n = 0;
    for (uint64_t i = 1; i < object->symbol_count && i <= UINT32_MAX; i++) {
        struct object_symbol symbol = object_symbol(object, (uint32_t)i);
        if (symbol.place == SYMBOL_UNDEFINED && *symbol.name)
            visit(n++, symbol.name);
    }
    return n;
}

static void print_undefined(size_t number, const char *name) {
    if (number >= SHOWN_NAMES)
        return;
    printf("%s", number ? ", " : " (left to the linker: ");
    print_escaped(name);
}

static void undefined_json(size_t number, const char *name) {
    printf("%s\"", number ? "," : "");
    print_escaped(name);
    putchar('"');
}

static size_t functions_at_fault(const struct object *object) {
    size_t n = 0;
    for (size_t i = 0; i < object->function_count; i++)
        n += object->functions[i].refusals != 0;
    return n;
}

static void print_functions(const struct judgement *j) {
    size_t limit = j->report->options->limit, shown = 0;
    for (size_t i = 0; i < j->object.function_count; i++) {
        const struct object_function *f = &j->object.functions[i];
        if (!f->refusals)
            continue;
        print_name(j->report);
        if (limit && shown++ == limit) {
            printf("and more functions: see --limit\n");
            return;
        }
        printf("function ");
        print_escaped(f->name);
        printf(": %u %s broken (", f->refusals, f->refusals == 1 ? "rule" : "rules");
        print_rules(j, f->rules, "", ", ");
        printf(")\n");
    }
}

static void end_text(const struct judgement *j, int verdict, const struct bh_verify_facts *facts) {
    struct file_report *report = j->report;
    const struct options *options = report->options;
    diagnostic_flush(report);
    print_functions(j);
    if (facts && options->facts)
        facts_text(report, facts);
    if (verdict == EXIT_REFUSED && !report->member)
        printf("(more about a rule: bulkhead-verify --explain %s)\n", report->first_rule);
    if (verdict == EXIT_REFUSED && j->object.section_count && !j->object.built_here) {
        print_name(report);
        printf("not built by bulkhead-clang: compile its source by it\n");
    }
    if (verdict == EXIT_UNREADABLE || (report->member && verdict == EXIT_ACCEPTED))
        return;
    print_name(report);
    set_color(options, verdict == EXIT_ACCEPTED ? COLOR_GOOD : COLOR_BAD);
    printf(verdict == EXIT_ACCEPTED ? "would verify once linked" : "would not verify");
    set_color(options, COLOR_PLAIN);
    if (verdict == EXIT_ACCEPTED) {
        size_t names = undefined_symbols(&j->object, print_undefined);
        if (names > SHOWN_NAMES)
            printf(" and %zu more", names - SHOWN_NAMES);
        printf("%s\n", names ? ")" : j->object.section_count ? "" : " (no code)");
    } else if (!j->object.function_count) {
        printf(" (the file is malformed)\n");
    } else {
        size_t n = functions_at_fault(&j->object);
        printf(": %zu %s at fault (%zu %s broken)\n", n, n == 1 ? "function" : "functions", j->refusals,
               j->refusals == 1 ? "rule" : "rules");
    }
}

static void end_json(const struct judgement *j, int verdict, const struct bh_verify_facts *facts) {
    printf("],\"functions\":[");
    for (size_t i = 0, n = 0; i < j->object.function_count; i++) {
        const struct object_function *f = &j->object.functions[i];
        if (!f->refusals)
            continue;
        printf("%s{", n++ ? "," : "");
        print_string("name", f->name);
        printf("\"refusals\":%u,\"rules\":[", f->refusals);
        print_rules(j, f->rules, "\"", ",");
        printf("]}");
    }
    printf("],\"undefined\":[");
    undefined_symbols(&j->object, undefined_json);
    printf("],\"result\":\"%s\"", verdict_name(verdict));
    if (facts)
        facts_json(j->report, facts);
    printf("}\n");
}

int verify_object(struct file_report *report, const uint8_t *data, size_t size) {
    struct judgement j = {.report = report};
    struct bh_elf_error error;
    struct linked_code linked = {.code = NULL};
    struct bh_verify_facts facts;
    int verdict = EXIT_REFUSED;
    bool judged = false;
    if (report->options->json) {
        printf("{");
        print_string("file", report->name);
        printf("\"kind\":\"object\",\"refusals\":[");
    }
    if (!object_parse(&j.object, data, size, &error)) {
        report_file(report, &error);
        j.object.function_count = 0;
        j.object.symbol_count = 0;
    } else {
        report->symbolize = symbolize;
        report->annotate = annotate;
        report->symbols = &j.object;
        report->text_size = j.object.code_size;
        judged = link_object(&j.object, &linked);
        if (judged) {
            report->code = linked.code;
            report->code_size = linked.size;
            resolve_relocations(&j.object, &linked, take_refusal, &j);
            judged = verify_linked(&j, &linked, &facts);
        }
        verdict = !judged ? EXIT_UNREADABLE : j.refusals ? EXIT_REFUSED : EXIT_ACCEPTED;
        if (!judged)
            report_unreadable(report, "not enough memory to verify it, or its code is larger than 4 GiB");
    }
    report->options->json ? end_json(&j, verdict, judged ? &facts : NULL)
                          : end_text(&j, verdict, judged ? &facts : NULL);
    free(linked.code);
    object_free(&j.object);
    return verdict;
}
