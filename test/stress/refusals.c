/* What policies refuse is logged: each refusal once, on the thread that asked, with what it asked for. */
#include <errno.h>
#include <string.h>

#include "stress.h"

#define SECRET "/secret/"

_Thread_local unsigned refusals;

void log_refusal(void *context, const char *name, const char *detail, int guest_errno) {
    require(*(const int *)context >= 0 && *(const int *)context < POLICIES, "a log of no policy");
    require(*name != '\0' && detail && guest_errno > 0, "a refusal of '%s' with error %d", name, guest_errno);
    if (strncmp(detail, SECRET, strlen(SECRET)) != 0)
        return; /* a thread too many, a mapping too large */
    require(!strcmp(name, "open") && guest_errno == ENOENT, "'%s' of '%s' refused with %d", name, detail, guest_errno);
    refusals++;
    struct worker *worker = this_worker;
    bh_usage usage;
    if (!worker || !worker->inside)
        return; /* a thread that the guest made */
    bh_instance_get_usage(worker->inside->instance, &usage);
    require(usage.refused > 0 && usage.refused <= usage.host_calls, "%llu of %llu calls refused, in the log of one",
            (unsigned long long)usage.refused, (unsigned long long)usage.host_calls);
}

void call_refused(struct worker *worker, struct entry *entry) {
    uint64_t count = 1 + draw(worker, 12);
    unsigned before = refusals;
    bh_value value = {0};
    worker->inside = entry;
    bh_error error = note_end(entry, call(entry, "refuse", "l(l)", &value, count, 0, 0));
    worker->inside = NULL;
    if (expect("refused calls", entry, error, SET(BH_OK) | always_allowed(entry)))
        require(value.as.l == (int64_t)count && refusals - before == count, "%lld of %llu calls were refused, %u logged",
                (long long)value.as.l, (unsigned long long)count, refusals - before);
    else
        require(refusals - before <= count, "%u refusals of %llu calls", refusals - before, (unsigned long long)count);
}
