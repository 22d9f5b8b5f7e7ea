#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *temporary_directory;
static struct args temporary_files;

/* Ctrl-C reaches the whole process group. We outlive the tool only to remove the temporary files. */
static void ignore_signal(int signal) { (void)signal; }

char *temporary_file(const char *name) {
    if (!temporary_directory) {
        const char *base = getenv("TMPDIR");
        temporary_directory = format("%s/bulkhead-clang-XXXXXX", base && *base ? base : "/tmp");
        if (!mkdtemp(temporary_directory)) {
            const char *why = strerror(errno);
            char *where = temporary_directory;
            temporary_directory = NULL;
            die("cannot make a temporary directory %s: %s", where, why);
        }
        struct sigaction action = {.sa_handler = ignore_signal};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
        atexit(process_clean_up);
    }
    char *path = format("%s/%zu-%s", temporary_directory, temporary_files.count, name);
    args_add(&temporary_files, path);
    return path;
}

void process_clean_up(void) {
    if (!temporary_directory)
        return;
    for (size_t i = 0; i < temporary_files.count; i++)
        unlink(temporary_files.items[i]);
    rmdir(temporary_directory);
    temporary_directory = NULL;
}

void process_print(const struct args *command) {
    for (size_t i = 0; i < command->count; i++) {
        fputs(i ? " \"" : " \"", stderr);
        for (const char *c = command->items[i]; *c; c++) {
            if (strchr("\"\\$`", *c))
                fputc('\\', stderr);
            fputc(*c, stderr);
        }
        fputc('"', stderr);
    }
    fputc('\n', stderr);
}

/* The kernel refuses more than about 2 MiB of arguments and environment together; stay well below. */
static bool is_long(const struct args *command) {
    size_t total = 0;
    for (size_t i = 0; i < command->count; i++)
        total += strlen(command->items[i]) + 1 + sizeof(char *);
    return total > 128 * 1024;
}

/* The command with its arguments in a response file. */
static struct args shorten(const struct args *command) {
    char *path = temporary_file("arguments");
    if (!args_write(command, path))
        die("cannot write %s: %s", path, strerror(errno));
    struct args shorter = {0};
    args_add_list(&shorter, command->items[0], format("@%s", path), NULL);
    return shorter;
}

static _Noreturn void cannot_run(const char *tool, int error) {
    if (error == ENOENT)
        die("cannot find %s; is it installed? (the project's tools/packages.txt lists what is needed)", tool);
    die("cannot run %s: %s", tool, strerror(error));
}

static pid_t start(const struct args *command, const posix_spawn_file_actions_t *actions) {
    struct args shorter;
    if (is_long(command)) {
        shorter = shorten(command);
        command = &shorter;
    }
    pid_t child;
    int error = posix_spawnp(&child, command->items[0], actions, NULL, command->items, environ);
    if (error)
        cannot_run(command->items[0], error);
    return child;
}

static int wait_for(pid_t child, const char *name) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            die("lost %s: %s", name, strerror(errno));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_run(const struct args *command) { return wait_for(start(command, NULL), command->items[0]); }

/* Runs the command, with its standard output, and on request its standard error, in *text; NULL: it could not be read.
 */
static int capture(const struct args *command, bool errors, char **text) {
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) != 0 ||
        (errors && posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO) != 0))
        die("cannot run %s: %s", command->items[0], strerror(errno));
    pid_t child = start(command, &actions);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *stream = fdopen(ends[0], "r");
    *text = stream ? read_stream(stream) : NULL;
    return wait_for(child, command->items[0]);
}

char *process_output(const struct args *command) {
    char *text;
    return capture(command, true, &text) == 0 ? text : NULL;
}

int process_capture(const struct args *command, char **output) {
    int status = capture(command, false, output);
    if (!*output)
        die("cannot read what %s prints: %s", command->items[0], strerror(errno));
    return status;
}

void process_exec(const struct args *command) {
    if (temporary_directory || is_long(command))
        exit(process_run(command));
    execvp(command->items[0], command->items);
    cannot_run(command->items[0], errno);
}
