/* Judges each object of an archive, and the archive by its worst. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "object.h"
#include "tool.h"

static const char *what_it_is(const struct archive_member *member) {
    if (member->size >= 4 && (!memcmp(member->data, "BC\xC0\xDE", 4) || !memcmp(member->data, "\xDE\xC0\x17\x0B", 4)))
        return "the member is LLVM bitcode, not machine code: compile without -flto";
    return "the member is not an object file";
}

static int verify_member(const struct options *options, const char *archive, const struct archive_member *member) {
    size_t room = strlen(archive) + strlen(member->name) + 3;
    char *name = malloc(room);
    struct file_report report = {.options = options, .name = name, .member = true};
    int verdict = EXIT_REFUSED;
    if (!name)
        return EXIT_UNREADABLE;
    snprintf(name, room, "%s(%s)", archive, member->name);
    if (is_object(member->data, member->size)) {
        verdict = verify_object(&report, member->data, member->size);
    } else {
        report_begin(&report);
        report_file(&report, &(struct bh_elf_error){.rule = "archive", .reason = what_it_is(member)});
        report_end(&report, verdict, NULL);
    }
    free(name);
    return verdict;
}

int verify_archive(struct file_report *report, const uint8_t *data, size_t size) {
    struct archive archive;
    struct archive_member member;
    const struct options *options = report->options;
    const char *error = NULL;
    size_t members = 0, bad = 0;
    int worst = EXIT_ACCEPTED;
    archive_open(&archive, data, size);
    if (is_thin_archive(data, size))
        error =
            "a thin archive holds only the names of its members: check those files, or make an archive with `ar rcs`";
    while (!error && archive_next(&archive, &member, &error)) {
        int verdict = verify_member(options, report->name, &member);
        members++;
        bad += verdict != EXIT_ACCEPTED;
        worst = verdict > worst ? verdict : worst;
    }
    if (error && worst < EXIT_REFUSED)
        worst = EXIT_REFUSED;
    if (options->json) {
        printf("{");
        print_string("file", report->name);
        printf("\"kind\":\"archive\",\"members\":%zu,\"members_at_fault\":%zu,\"refusals\":[", members, bad);
    }
    if (error)
        report_file(report, &(struct bh_elf_error){.rule = "archive", .reason = error});
    if (options->json) {
        printf("],\"result\":\"%s\"}\n", verdict_name(worst));
        return worst;
    }
    print_name(report);
    set_color(options, worst == EXIT_ACCEPTED ? COLOR_GOOD : COLOR_BAD);
    printf(worst == EXIT_ACCEPTED ? "would verify once linked" : "would not verify");
    set_color(options, COLOR_PLAIN);
    if (bad)
        printf(" (%zu of %zu %s at fault)\n", bad, members, members == 1 ? "object" : "objects");
    else
        printf(" (%zu %s)\n", members, members == 1 ? "object" : "objects");
    return worst;
}
