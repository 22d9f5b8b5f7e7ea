#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "counters.h"

static volatile sig_atomic_t interrupted;
static volatile pid_t running; /* the group that a signal ends */
static int pinned = -1;

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
    if (running > 0)
        kill(-running, SIGTERM);
}

void process_catch_interruptions(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

bool process_interrupted(void) { return interrupted; }

void process_pin(int cpu) { pinned = cpu; }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

/* In the child: says what went wrong where the parent's user sees it, with the status that shells use for it. */
static _Noreturn void give_up(const char *what, const char *name) {
    fprintf(stderr, "%s: %s %s: %s\n", program_name, what, name, strerror(errno));
    _exit(127);
}

/* In the child: standard streams and directory, then the program. `ready` is read to its end first when it is not
 * negative. */
static _Noreturn void start(char *const *words, const char *directory, const char *input, int output, int ready) {
    char byte;
    while (ready >= 0 && read(ready, &byte, 1) < 0 && errno == EINTR) {
    }
    if (pinned >= 0 && ready >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((size_t)pinned, &set);
        if (sched_setaffinity(0, sizeof set, &set))
            give_up("cannot run on the processor chosen for", words[0]);
    }
    const char *source = input ? input : "/dev/null";
    int in = open(source, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        give_up("cannot read", source);
    if (dup2(in, 0) < 0 || dup2(output, 1) < 0)
        give_up("cannot redirect the streams of", words[0]);
    if (directory && chdir(directory))
        give_up("cannot enter", directory);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    execvp(words[0], words);
    give_up("cannot run", words[0]);
}

/* Both sides set the group, whoever comes first. An interruption from before the child had one is passed on here. */
static void adopt(pid_t child) {
    setpgid(child, child);
    running = child;
    if (interrupted)
        kill(-child, SIGTERM);
}

/* A child in a group of its own, of which the parent has yet to know (adopt). As fork returns; name is what it is going
 * to run. */
static pid_t fork_child(const char *name) {
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        fail(STATUS_FAILED, "cannot start %s: %s", name, strerror(errno));
    if (!child)
        setpgid(0, 0);
    return child;
}

static int wait_for(pid_t child, struct rusage *usage) {
    int status = 0;
    while (wait4(child, &status, 0, usage) < 0)
        if (errno != EINTR)
            fail(STATUS_FAILED, "cannot wait for a child: %s", strerror(errno));
    running = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

char *process_measure(const struct command *command, const char *output, struct sample *sample) {
    char *const *words = command->words.items;
    const char *target = output ? output : "/dev/null";
    int out = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), ready[2];
    if (out < 0)
        return format_text("cannot write %s: %s", target, strerror(errno));
    if (pipe2(ready, O_CLOEXEC))
        fail(STATUS_FAILED, "no pipe: %s", strerror(errno));
    pid_t child = fork_child(words[0]);
    if (!child) {
        close(ready[1]);
        start(words, command->directory, command->input, out, ready[0]);
    }
    adopt(child);
    close(out);
    close(ready[0]);
    struct counters counters = counters_open(child);
    double begin = now();
    close(ready[1]); /* the child goes on */
    struct rusage usage;
    int status = wait_for(child, &usage);
    double end = now();
    *sample = (struct sample){.user = seconds(usage.ru_utime),
                              .system = seconds(usage.ru_stime),
                              .wall = end - begin,
                              .max_rss = usage.ru_maxrss};
    counters_close(&counters, &sample->instructions, &sample->cycles);
    if (interrupted)
        return format_text("interrupted");
    if (status > 128)
        return format_text("%s: signal %d", words[0], status - 128);
    return status ? format_text("%s: exit status %d", words[0], status) : NULL;
}

char *process_output(char *const *words, const char *input, size_t *length, int *status) {
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC))
        fail(STATUS_FAILED, "no pipe: %s", strerror(errno));
    pid_t child = fork_child(words[0]);
    if (!child)
        start(words, NULL, input, pipes[1], -1);
    adopt(child);
    close(pipes[1]);
    size_t used = 0, room = 1 << 16;
    char *text = allocate(room, 1);
    for (;;) {
        ssize_t got = read(pipes[0], text + used, room - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
        if (used + 1 == room) {
            char *larger = realloc(text, room *= 2);
            if (!larger)
                fail(STATUS_FAILED, "no memory for the output of %s", words[0]);
            text = larger;
        }
    }
    close(pipes[0]);
    text[used] = 0;
    if (length)
        *length = used;
    struct rusage usage;
    *status = wait_for(child, &usage);
    return text;
}
