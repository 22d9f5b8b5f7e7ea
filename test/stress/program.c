/* Programs: a whole life from main to exit, again after a reset. */
#include <stdio.h>
#include <string.h>

#include "stress.h"

#define SEEN_BEFORE 99

static const struct {
    const char *name, *argument;
    bh_fault_kind fault; /* BH_FAULT_NONE: it exits */
    int more;            /* than the number given is its status */
} ways[] = {{"program returns", "return", BH_FAULT_NONE, 0}, {"program exits", "exit", BH_FAULT_NONE, 1},
            {"program is denied", "denied", BH_FAULT_NONE, 0}, {"program faults", "fault", BH_FAULT_ACCESS, 0},
            {"program aborts", "abort", BH_FAULT_SIGNAL, 0}};
#define WAYS (sizeof(ways) / sizeof(*ways))

static bh_error start(struct entry *entry, const char *what, unsigned number, int *status) {
    char text[16];
    const char *const arguments[] = {"program", what, text};
    snprintf(text, sizeof(text), "%u", number);
    return bh_instance_run(entry->instance, 3, arguments, status);
}

static void run_once(struct worker *worker, struct entry *entry) {
    unsigned way = (unsigned)draw(worker, WAYS), number = (unsigned)draw(worker, 20), before = refusals;
    int status = -1;
    bool ends = ways[way].fault != BH_FAULT_NONE;
    worker->inside = entry;
    bh_error error = start(entry, ways[way].argument, number, &status);
    worker->inside = NULL;
    if (expect(ways[way].name, entry, error, SET(ends ? BH_ERROR_FAULT : BH_OK)))
        require(status == (int)number + ways[way].more, "%s: status %d instead of %d%s", ways[way].name, status, (int)number + ways[way].more,
                status == SEEN_BEFORE ? ": it saw an earlier life" : "");
    else
        require(bh_last_error()->fault == ways[way].fault, "%s came back as: %s", ways[way].name, bh_last_error()->text);
    unsigned wanted = strcmp(ways[way].argument, "denied") ? 0 : number;
    require(refusals - before == wanted, "%s: %u refusals were logged instead of %u", ways[way].name, refusals - before, wanted);
}

static void run_for_ever(struct entry *entry) {
    int status;
    expect("endless program", entry, start(entry, "loop", 0, &status), SET(BH_ERROR_DEADLINE));
}

void run_program(struct worker *worker, struct entry *unused) {
    bool endless = !no_interrupts && draw(worker, 16) == 0;
    struct entry entry = {.engine = draw(worker, 3) ? 0 : SMALL, .policy = endless ? BRIEF : (int)draw(worker, 2), .module = PROGRAM};
    uint64_t few = entry.engine == SMALL ? SET(BH_ERROR_LIMIT) | SET(BH_ERROR_NO_SLOT) : 0;
    int status;
    if (!expect("create program", &entry, create_program(&entry), SET(BH_OK) | few))
        return;
    expect("call a program", &entry, call(&entry, "main", "i()", NULL, 0, 0, 0), SET(BH_ERROR_KIND) | SET(BH_ERROR_NOT_FOUND));
    for (uint64_t n = 1 + draw(worker, 3); n; n--) {
        if (endless)
            run_for_ever(&entry);
        else
            run_once(worker, &entry);
        expect("program, once more", &entry, start(&entry, "return", 0, &status), SET(BH_ERROR_DEAD));
        if (n > 1 && !expect("reset program", &entry, bh_instance_reset(entry.instance), SET(BH_OK) | few))
            break;
    }
    expect("destroy program", &entry, bh_instance_destroy(entry.instance), SET(BH_OK));
}
