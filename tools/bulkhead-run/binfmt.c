/* See binfmt.h. In a user namespace of its own (Linux 6.7) the command has a binfmt_misc of its own. What modules are
 * run by is a file in a private tmpfs, which the kernel takes for a script: its first line names this program, and the
 * rest is the options. So nothing is left behind, whoever is killed, and the environment stays as it is. */
#include "binfmt.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mark.h"

#define MOUNT "/proc/sys/fs/binfmt_misc" /* the kernel makes this directory for the purpose */
#define SELF MOUNT "/bulkhead-run"
#define START MOUNT "/start"
#define KINDS MOUNT "/kinds"
#define STARTED "--binfmt-start"

static int failed(const char *what) {
    fprintf(stderr,
            PROGRAM_NAME ": --binfmt: cannot %s: %s. It needs user namespaces, and Linux 6.7 for a binfmt_misc in "
                         "them. Without it, have modules started by " PROGRAM_NAME
                         ": CMake and Meson do, automake does by make check "
                         "LOG_COMPILER=" PROGRAM_NAME "\n",
            what, strerror(errno));
    return STATUS_USAGE;
}

/* Closes file. */
static bool write_file(FILE *file, const void *bytes, size_t size) {
    bool written = file && fwrite(bytes, 1, size, file) == size;
    return file && !fclose(file) && written;
}

static bool write_map(pid_t process, const char *name, const char *text) {
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", process, name);
    return write_file(fopen(path, "we"), text, strlen(text));
}

/* One of the process's ids, as the other, and no more. Who may not map all groups may not leave one, either. */
static bool map_id(pid_t process, const char *name, unsigned inside, unsigned outside) {
    char text[64];
    snprintf(text, sizeof(text), "%u %u 1\n", inside, outside);
    return (name[0] == 'u' || write_map(process, "setgroups", "deny")) && write_map(process, name, text);
}

/* The ids of this namespace are the same ones in that of the process, where this user may say so, else the user's own
 * is 0: only who is that may register anything. */
static bool map_ids(pid_t process, const char *name, unsigned own) {
    char text[4096], path[64];
    size_t used = 0;
    unsigned inside, outside, count;
    snprintf(path, sizeof(path), "/proc/self/%s", name);
    FILE *file = fopen(path, "re");
    while (file && used < sizeof(text) - 64 && fscanf(file, "%u %u %u", &inside, &outside, &count) == 3)
        used += (size_t)sprintf(text + used, "%u %u %u\n", inside, inside, count);
    if (file)
        fclose(file);
    return (used && write_map(process, name, text)) || map_id(process, name, 0, own);
}

/* Back to the user's own ids. */
static int leave_root(unsigned user, unsigned group) {
    unsigned user_here = geteuid(), group_here = getegid();
    if (user_here == user && group_here == group)
        return -1;
    pid_t self = getpid();
    bool left = !unshare(CLONE_NEWUSER) && map_id(self, "gid_map", group, group_here) &&
                map_id(self, "uid_map", user, user_here);
    return left ? -1 : failed("map user ids back");
}

/* Only from outside can more than one id be mapped: by a child that stays behind. */
static int enter_namespaces(void) {
    int ready[2];
    pid_t parent = getpid();
    if (pipe2(ready, O_CLOEXEC))
        return failed("make a pipe");
    pid_t child = fork();
    if (child < 0)
        return failed("make a process");
    if (!child) {
        char byte;
        close(ready[1]);
        bool mapped = read(ready[0], &byte, 1) == 1 && map_ids(parent, "gid_map", getegid()) &&
                      map_ids(parent, "uid_map", geteuid());
        _exit(mapped ? 0 : errno);
    }
    close(ready[0]);
    int status = unshare(CLONE_NEWUSER | CLONE_NEWNS) ? failed("make a namespace") : -1, mapped;
    if (status < 0 && write(ready[1], "", 1) != 1)
        status = failed("map user ids");
    close(ready[1]);
    while (waitpid(child, &mapped, 0) < 0 && errno == EINTR) {
    }
    errno = WIFEXITED(mapped) ? WEXITSTATUS(mapped) : EINTR;
    return status < 0 && errno ? failed("map user ids") : status;
}

/* The script: its first line, then where relative names in options begin, and the options; a NUL after each. */
static int write_start(char **argv, int command) {
    static const char head[] = "#!" SELF " " STARTED "\n";
    char directory[4096], *text = NULL;
    size_t size = 0;
    if (!getcwd(directory, sizeof(directory)))
        return failed("find the working directory");
    FILE *buffer = open_memstream(&text, &size);
    if (!buffer)
        return failed("write the options down");
    fputs(head, buffer);
    fwrite(directory, strlen(directory) + 1, 1, buffer);
    for (int n = 1; n < command; n++)
        fwrite(argv[n], strlen(argv[n]) + 1, 1, buffer);
    if (fclose(buffer) || !write_file(fopen(START, "wxe"), text, size) || chmod(START, 0755))
        return failed("write the options down");
    free(text);
    return -1;
}

/* Registers modules: their header, and a mask of what counts in it. */
static int register_modules(void) {
    const Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_flags = MODULE_ELF_FLAGS,
    };
    Elf64_Ehdr mask = {.e_type = 0xffff, .e_machine = 0xffff, .e_flags = 0xffffffff};
    memset(mask.e_ident, 0xff, EI_OSABI);
    char text[1024];
    int used = sprintf(text, ":bulkhead:M:0:");
    const unsigned char *part[2] = {(const unsigned char *)&header, (const unsigned char *)&mask};
    for (int n = 0; n < 2; n++) {
        for (size_t i = 0; i < offsetof(Elf64_Ehdr, e_flags) + sizeof(header.e_flags); i++)
            used += sprintf(text + used, "\\x%02x", part[n][i]);
        text[used++] = ':';
    }
    /* P: the name that the module is started by is passed on, too. */
    used += sprintf(text + used, START ":P");
    return write_file(fopen(KINDS "/register", "we"), text, (size_t)used) ? -1 : failed("register modules");
}

int binfmt_run(char **argv, int command) {
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length < 0)
        return failed("find this program in /proc");
    self[length] = 0;
    unsigned user = geteuid(), group = getegid();
    int status = enter_namespaces();
    if (status >= 0)
        return status;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", MOUNT, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"))
        return failed("mount a file system at " MOUNT);
    if (mkdir(KINDS, 0755) || mount("binfmt_misc", KINDS, "binfmt_misc", 0, NULL))
        return failed("mount binfmt_misc");
    if (symlink(self, SELF))
        return failed("make a link");
    if ((status = write_start(argv, command)) >= 0 || (status = register_modules()) >= 0 ||
        (status = leave_root(user, group)) >= 0)
        return status;
    execvp(argv[command], argv + command);
    fprintf(stderr, PROGRAM_NAME ": cannot start '%s': %s\n", argv[command], strerror(errno));
    return errno == ENOENT ? STATUS_UNREADABLE : STATUS_REFUSED;
}

static void give_up(const char *what) {
    fprintf(stderr, PROGRAM_NAME ": " STARTED ": cannot read %s: %s\n", what, strerror(errno));
    exit(STATUS_USAGE);
}

/* What is behind the first line of the script. */
static char *read_start(const char *path, size_t *size) {
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;
    if (!file || getline(&text, &room, file) < 0)
        give_up(path);
    ssize_t length = getdelim(&text, &room, EOF, file);
    if (length <= 0 || text[length - 1])
        give_up(path);
    fclose(file);
    *size = (size_t)length;
    return text;
}

/* Called as: SELF STARTED START MODULE NAME [ARGUMENT]... */
void binfmt_started(int *argc, char ***argv, struct options *options) {
    if (*argc < 5 || strcmp((*argv)[1], STARTED) != 0)
        return;
    size_t size;
    char *text = read_start((*argv)[2], &size), *module = (*argv)[3];
    options->started_in = text;
    options->argv0 = (*argv)[4];
    char **words = calloc((size_t)*argc + size, sizeof(*words));
    if (!words || (module[0] == '-' && asprintf(&module, "./%s", module) < 0))
        give_up("the options");
    int count = 0;
    words[count++] = (*argv)[0];
    for (char *word = text + strlen(text) + 1; word < text + size; word += strlen(word) + 1)
        words[count++] = word;
    words[count++] = module;
    for (int n = 5; n < *argc; n++)
        words[count++] = (*argv)[n];
    *argc = count;
    *argv = words;
}
