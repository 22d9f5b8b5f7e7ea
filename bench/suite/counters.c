#include "counters.h"

#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_counter(pid_t child, uint64_t event) {
    struct perf_event_attr attribute = {.type = PERF_TYPE_HARDWARE,
                                        .size = sizeof attribute,
                                        .config = event,
                                        .disabled = 1,
                                        .enable_on_exec = 1,
                                        .inherit = 1,
                                        .exclude_kernel = 1,
                                        .exclude_hv = 1,
                                        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING};
    return (int)syscall(SYS_perf_event_open, &attribute, child, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

struct counters counters_open(pid_t child) {
    return (struct counters){open_counter(child, PERF_COUNT_HW_INSTRUCTIONS),
                             open_counter(child, PERF_COUNT_HW_CPU_CYCLES)};
}

static double take(int *counter) {
    if (*counter < 0)
        return -1;
    struct {
        uint64_t value, enabled, running;
    } seen;
    /* A counter that shared its place with others is an estimate: that is no second opinion. */
    double result = read(*counter, &seen, sizeof seen) == sizeof seen && seen.running && seen.running == seen.enabled
                        ? (double)seen.value
                        : -1;
    close(*counter);
    *counter = -1;
    return result;
}

void counters_close(struct counters *counters, double *instructions, double *cycles) {
    *instructions = take(&counters->instructions);
    *cycles = take(&counters->cycles);
}
