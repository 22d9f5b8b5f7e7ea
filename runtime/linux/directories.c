/* The working directory, and reading directories. */
#include "linux.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bh_syscall bh_sys_getcwd, bh_sys_chdir, bh_sys_fchdir, bh_sys_getdents64, bh_sys_umask;

#define DIRECTORY_PIECE 65536

void bh_directory_begin(struct bh_linux *state) { state->cwd = (struct bh_directory){.fd = BH_NOWHERE}; /* the root */ }

void bh_directory_leave(struct bh_linux *state) {
    if (state->cwd_held) {
        close(state->cwd.fd);
        bh_descriptor_return();
    }
    state->cwd_held = false;
    bh_directory_begin(state);
}

int64_t bh_sys_getcwd(bh_instance *instance, const uint64_t a[6]) {
    char name[PATH_MAX];
    struct bh_directory cwd = instance->personality->cwd;
    /* The root may be granted. */
    int length = cwd.fd == BH_NOWHERE && !cwd.depth ? snprintf(name, sizeof(name), "/")
                                                    : bh_directory_name(instance, &cwd, name);
    if (length < 0)
        return length;
    uint64_t size = (uint64_t)length + 1;
    if (a[1] < size)
        return -ERANGE;
    return bh_put(instance, a[0], name, size) ? (int64_t)size : -EFAULT;
}

/* Makes the directory the working directory; takes over its descriptor, of which there is none for an ancestor. */
static int64_t change_directory(bh_instance *instance, struct bh_directory to) {
    struct bh_linux *state = instance->personality;
    if (to.fd == BH_NOWHERE) {
        bh_directory_leave(state);
        state->cwd = to;
        return 0;
    }
    int error = bh_file_access(to.fd, X_OK);
    const struct bh_directory root = bh_directory_of_grant(instance, to.grant);
    bool held = !error && bh_directory_is_root(instance, &to) != BH_ROOT;
    if (held)
        error = bh_descriptor_take();
    if (error || !held)
        close(to.fd);
    if (error)
        return error;
    bh_directory_leave(state);
    state->cwd = held ? to : root;
    state->cwd_held = held;
    return 0;
}

/* error: of finding the place. */
static int64_t change_to(bh_instance *instance, struct bh_place *place, int error) {
    struct stat info;
    int fd = error ? error : bh_place_look(instance, place, false, &info, NULL);
    struct bh_directory found = {fd == BH_ANCESTOR ? BH_NOWHERE : fd, place->at.grant, place->depth};
    bh_place_end(place);
    if (fd < 0 && fd != BH_ANCESTOR)
        return fd;
    if (S_ISDIR(info.st_mode))
        return change_directory(instance, found);
    close(fd);
    return -ENOTDIR;
}

int64_t bh_sys_chdir(bh_instance *instance, const uint64_t a[6]) {
    struct bh_place place;
    int error = bh_place_find(instance, AT_FDCWD, a[0], &place, "chdir");
    return change_to(instance, &place, error);
}

/* Where the policy says. */
static int64_t begin_in(bh_instance *instance, const uint64_t a[6]) {
    struct bh_place place;
    int error = bh_place_find_name(instance, instance->policy->directory, &place, "chdir");
    return change_to(instance, &place, error);
}

bh_error bh_directory_start(bh_instance *instance) {
    const char *name = instance->policy->directory;
    if (!name || !*name)
        return BH_OK;
    int64_t error = bh_on_behalf(instance, begin_in, NULL);
    if (!error)
        return BH_OK;
    errno = (int)-error;
    return bh_fail_errno(
        BH_ERROR_POLICY,
        "the guest cannot begin in '%s', which must be a directory that it was granted, or beneath one", name);
}

int64_t bh_sys_fchdir(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind != BH_FILE_DIRECTORY && file->kind != BH_FILE_ANCESTOR)
        return -ENOTDIR;
    struct bh_directory to = bh_file_directory(file);
    if (to.fd != BH_NOWHERE) {
        to.fd = bh_fd_apart(fcntl(to.fd, F_DUPFD_CLOEXEC, 0));
        if (to.fd < 0)
            return -errno;
    }
    return change_directory(instance, to);
}

int64_t bh_sys_getdents64(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->named)
        return -EBADF;
    if (file->kind != BH_FILE_DIRECTORY && file->kind != BH_FILE_ANCESTOR)
        return -ENOTDIR;
    uint64_t size = (uint32_t)a[2];
    if (!bh_in_slot(instance, a[1], size))
        return -EFAULT;
    size = size < DIRECTORY_PIECE ? size : DIRECTORY_PIECE;
    if (file->kind == BH_FILE_ANCESTOR)
        return bh_ancestor_list(instance, file, a[1], size);
    return bh_blocking(instance, file->host, SYS_getdents64, a[1], size, 0);
}

int64_t bh_sys_umask(bh_instance *instance, const uint64_t a[6]) {
    unsigned old = instance->personality->umask;
    instance->personality->umask = a[0] & 0777;
    return old;
}
