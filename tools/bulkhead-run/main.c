/* bulkhead-run: verifies a guest program and runs it isolated. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "binfmt.h"

/* What a file or a guest chose must not control the terminal. */
static void print_clean(const char *text) {
    for (; *text; text++)
        fputc((unsigned char)*text >= ' ' && *text != 127 ? *text : '?', stderr);
}

static void report_refusal(void *context, const bh_refusal *refusal) {
    fprintf(stderr, "%s: 0x%" PRIx64, (const char *)context, refusal->address);
    if (refusal->symbol) {
        fputs(" <", stderr);
        print_clean(refusal->symbol);
        fprintf(stderr, "+0x%" PRIx64 ">", refusal->symbol_offset);
    }
    fputs(":", stderr);
    for (size_t n = 0; n < refusal->size; n++)
        fprintf(stderr, " %02x", refusal->bytes[n]);
    fprintf(stderr, ": %s: %s\n", refusal->rule, refusal->reason);
}

static void report_call(void *context, const char *call, const char *detail, int number) {
    fprintf(stderr, PROGRAM_NAME ": refused: %s", call);
    if (*detail) {
        fputs("(", stderr);
        print_clean(detail);
        fputs(")", stderr);
    }
    fprintf(stderr, ": %s\n", strerror(number));
}

static int report_error(void) {
    fputs(PROGRAM_NAME ": ", stderr);
    print_clean(bh_last_error()->text);
    fputs("\n", stderr);
    switch (bh_last_error()->error) {
    case BH_ERROR_UNREADABLE:
    case BH_ERROR_NOT_ELF: return STATUS_UNREADABLE;
    case BH_ERROR_MALFORMED:
    case BH_ERROR_CONTRACT:
    case BH_ERROR_STORES_ONLY:
    case BH_ERROR_REFUSED:
    case BH_ERROR_CPU:
    case BH_ERROR_FORBIDDEN:
    case BH_ERROR_KIND: return STATUS_REFUSED;
    case BH_ERROR_DEADLINE: return STATUS_DEADLINE;
    default: return STATUS_USAGE;
    }
}

static int report_fault(const struct options *options) {
    const bh_error_detail *detail = bh_last_error();
    const char *name = sigabbrev_np(detail->signal);
    /* `bulkhead-run program | head` is no reason for a message, and who started a program is told of its signal. */
    if (detail->fault == BH_FAULT_SIGNAL && (detail->signal == SIGPIPE || options->started_in))
        return 128 + detail->signal;
    fprintf(stderr, PROGRAM_NAME ": fault (SIG%s): ", name ? name : "?");
    print_clean(detail->text);
    fputs("\n", stderr);
    for (unsigned n = 1; n < detail->backtrace_count; n++) {
        const bh_backtrace_entry *entry = &detail->backtrace[n];
        fprintf(stderr, PROGRAM_NAME ":   %s ", entry->kind == BH_TRACE_SCANNED ? "perhaps from" : "called from");
        print_clean(entry->symbol[0] ? entry->symbol : "?");
        fprintf(stderr, "+0x%llx (image address 0x%llx)\n", (unsigned long long)entry->symbol_offset,
                (unsigned long long)entry->image_address);
    }
    return 128 + detail->signal;
}

static double seconds_since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void report_stats(const bh_module *module, const bh_instance *instance, double seconds) {
    bh_module_info info;
    bh_usage usage;
    bh_module_get_info(module, &info);
    bh_instance_get_usage(instance, &usage);
    double milliseconds = (double)info.verify_ns / 1e6;
    fprintf(stderr,
            PROGRAM_NAME ": code %" PRIu64 " bytes, verified in %.2f ms (%.0f MB/s)\n" PROGRAM_NAME
                         ": ran %.3f s; memory peak %.1f MiB in %u mappings; %" PRIu64 " system calls, %" PRIu64
                         " refused\n",
            info.code_size, milliseconds, info.verify_ns ? (double)info.code_size * 1e3 / (double)info.verify_ns : 0.0,
            seconds, (double)usage.mapped_peak / (1 << 20), usage.mappings, usage.host_calls, usage.refused);
}

/* Ends as a program of the host does by this signal; a core would be this process's. */
static void end_by(int number) {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
}

/* In the host's working directory, if there is one of that name in what was granted. */
static bh_error create_instance(bh_module *module, const struct options *options, bh_instance **instance) {
    bh_error error = bh_instance_create(module, options->policy, instance);
    if (error == BH_ERROR_POLICY && options->seek_directory && !bh_policy_set_working_directory(options->policy, "/"))
        error = bh_instance_create(module, options->policy, instance);
    return error;
}

static int run(bh_module *module, const struct options *options, int argc, char **argv) {
    bh_instance *instance;
    struct timespec start;
    int status = 0, number = 0;
    bh_module_info info;
    bh_module_get_info(module, &info);
    if (options->threads && !info.threads && !options->started_in)
        fputs(PROGRAM_NAME
              ": note: the program was built without -pthread: it makes no threads, whatever --threads says\n",
              stderr);
    if (create_instance(module, options, &instance))
        return report_error();
    bh_instance_set_deadline(instance, options->deadline);
    clock_gettime(CLOCK_MONOTONIC, &start);
    bh_error error = bh_instance_run(instance, argc, (const char *const *)argv, &status);
    if (error == BH_ERROR_FAULT)
        number = bh_last_error()->signal;
    if (error)
        status = number ? report_fault(options) : report_error();
    if (options->stats)
        report_stats(module, instance, seconds_since(&start));
    bh_instance_destroy(instance);
    if (number && options->started_in)
        end_by(number);
    return status;
}

int main(int argc, char **argv) {
    struct options options = {0};
    bh_engine *engine = NULL;
    bh_module *module = NULL;
    if (bh_policy_create(&options.policy))
        return report_error();
    binfmt_started(&argc, &argv, &options);
    int status = parse_options(argc, argv, &options);
    if (status < 0 && options.binfmt && !options.started_in)
        status = binfmt_run(argv, options.program);
    if (status >= 0)
        goto out;
    const char *path = argv[options.program];
    if (options.argv0)
        argv[options.program] = options.argv0;
    /* A stream that this process does not have is not the guest's either. */
    for (int fd = 0; fd < 3 && !options.policy_file; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            bh_policy_grant_stream(options.policy, fd, fd);
    if (!options.policy_file)
        bh_policy_grant(options.policy, BH_GRANT_CLOCK | BH_GRANT_RANDOM);
    if (options.log_refused)
        bh_policy_set_log(options.policy, report_call, NULL);

    bh_module_options module_options = {.struct_size = sizeof(module_options),
                                        .allow_stores_only = options.allow_stores_only,
                                        .refusal = report_refusal,
                                        .refusal_context = (void *)path};
    if (bh_engine_create(&(bh_engine_options){.struct_size = sizeof(bh_engine_options), .slots = 1}, &engine) ||
        bh_module_load(engine, path, &module_options, &module))
        status = report_error();
    else
        status = run(module, &options, argc - options.program, argv + options.program);
out:
    bh_module_destroy(module);
    bh_engine_destroy(engine);
    bh_policy_destroy(options.policy);
    if (fflush(stdout) && !status)
        status = 1;
    return status;
}
