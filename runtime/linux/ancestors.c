/* The guest's tree of directories, as far as its grants make it: what lies above a granted directory is an empty
 * read-only directory in which the granted names are, the root first of all; and a grant lies at its name as a mount
 * does, whatever the directory around it has there.
 *
 * An ancestor is no directory of the host's. It is the beginning of a grant's name: struct bh_directory holds a grant
 * that has it and how long it is. */
#include "linux.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *name_of(const bh_instance *instance, unsigned grant) {
    return grant < instance->policy->grant_count ? instance->policy->grants[grant].guest_path : "";
}

/* What follows in name when it is path[0..length) or lies beneath that: "" or "/..."; else NULL. */
static const char *beneath(const char *name, const char *path, size_t length) {
    return !strncmp(name, path, length) && (!name[length] || name[length] == '/') ? name + length : NULL;
}

struct bh_directory bh_directory_of_grant(const bh_instance *instance, unsigned grant) {
    return (struct bh_directory){.fd = instance->policy->grants[grant].directory.fd, .grant = grant};
}

/* The grant of exactly this name, or of the longest one that the name is beneath (strictly); -1. */
static int find_grant(const bh_instance *instance, const char *path, size_t length, bool exactly) {
    int best = -1;
    size_t most = 0;
    for (unsigned n = 0; n < instance->policy->grant_count; n++) {
        const char *name = name_of(instance, n);
        size_t size = strlen(name);
        if (exactly ? size != length : size >= length || path[size] != '/')
            continue;
        if (!strncmp(path, name, size) && (best < 0 || size > most)) {
            best = (int)n;
            most = size;
        }
    }
    return best;
}

/* An O_PATH descriptor of the directory that a grant's part of a name, "" or "/...", leads to. */
static int open_part(const bh_instance *instance, unsigned grant, const char *part, size_t length) {
    char path[PATH_MAX];
    const struct bh_directory root = bh_directory_of_grant(instance, grant);
    if (length && *part == '/') {
        part++;
        length--;
    }
    if (length >= sizeof(path))
        return -ENAMETOOLONG;
    memcpy(path, part, length);
    path[length] = 0;
    return bh_kept_same(&instance->policy->grants[grant].directory)
               ? bh_directory_open(root.fd, path, O_PATH | O_DIRECTORY)
               : -EIO;
}

int bh_directory_enter(const bh_instance *instance, unsigned grant, size_t length, struct bh_directory *directory) {
    const char *path = name_of(instance, grant);
    int exact = find_grant(instance, path, length, true), around = find_grant(instance, path, length, false);
    if (exact >= 0) {
        *directory = bh_directory_of_grant(instance, (unsigned)exact);
        return 0;
    }
    if (around >= 0) {
        size_t outer = strlen(name_of(instance, (unsigned)around));
        int fd = open_part(instance, (unsigned)around, path + outer, length - outer);
        if (fd >= 0) {
            *directory = (struct bh_directory){fd, (unsigned)around, bh_path_levels(path + outer, length - outer)};
            return 0;
        }
        /* Nothing that could be shown: then what its name says. */
        if (fd != -ENOENT && fd != -ENOTDIR && fd != -EXDEV && fd != -EACCES)
            return fd;
    }
    *directory = (struct bh_directory){.fd = BH_NOWHERE, .grant = grant, .depth = (unsigned)length};
    return 0;
}

int bh_directory_above(const bh_instance *instance, const struct bh_directory *directory, struct bh_directory *above) {
    const char *path = name_of(instance, directory->grant);
    size_t length = directory->fd == BH_NOWHERE ? directory->depth : strlen(path);
    while (length && path[length - 1] != '/')
        length--;
    return bh_directory_enter(instance, directory->grant, length ? length - 1 : 0, above);
}

int bh_ancestor_child(const bh_instance *instance, const struct bh_directory *at, const char *name,
                      struct bh_directory *child) {
    const char *path = name_of(instance, at->grant);
    for (unsigned n = 0; n < instance->policy->grant_count; n++) {
        const char *rest = beneath(name_of(instance, n), path, at->depth);
        if (rest && *rest && beneath(rest + 1, name, strlen(name)))
            return bh_directory_enter(instance, n, at->depth + 1 + strlen(name), child);
    }
    return strlen(name) > NAME_MAX ? -ENAMETOOLONG : -ENOENT;
}

bool bh_directory_has_grants(const bh_instance *instance, unsigned grant) {
    const char *path = name_of(instance, grant);
    for (unsigned n = 0; n < instance->policy->grant_count; n++) {
        const char *rest = beneath(name_of(instance, n), path, strlen(path));
        if (rest && *rest)
            return true;
    }
    return false;
}

static bool is_part(const bh_instance *instance, const struct bh_directory *at, const char *part, size_t length) {
    struct stat one, other;
    if (!length && bh_directory_is_root(instance, at) == BH_ROOT)
        return true;
    int fd = open_part(instance, at->grant, part, length);
    bool same = fd >= 0 && !fstat(fd, &one) && !fstat(at->fd, &other) && one.st_dev == other.st_dev &&
                one.st_ino == other.st_ino;
    if (fd >= 0)
        close(fd);
    return same;
}

enum bh_covered bh_directory_covers(const bh_instance *instance, const struct bh_directory *at, const char *name,
                                    struct bh_directory *child) {
    const char *path = name_of(instance, at->grant);
    enum bh_covered found = BH_NOT_COVERED;
    for (unsigned n = 0; n < instance->policy->grant_count && found != BH_GRANTED; n++) {
        const char *part = beneath(name_of(instance, n), path, strlen(path));
        if (!part || !*part)
            continue;
        for (const char *slash = part, *end; slash && found != BH_GRANTED; slash = *end ? end : NULL) {
            end = slash + 1 + strcspn(slash + 1, "/");
            if (!(beneath(slash + 1, name, strlen(name))) || !is_part(instance, at, part, (size_t)(slash - part)))
                continue;
            found = *end ? BH_ABOVE_GRANTED : BH_GRANTED;
            *child = *end ? (struct bh_directory){BH_NOWHERE, n, (unsigned)(end - name_of(instance, n))}
                          : bh_directory_of_grant(instance, n);
        }
    }
    return found;
}

/* ---- What an ancestor looks like ---- */

/* The same number by whichever grant it is named. */
static ino_t number_of(const bh_instance *instance, const char *path, size_t length) {
    unsigned first = 0;
    while (first < instance->policy->grant_count && !beneath(name_of(instance, first), path, length))
        first++;
    return ((ino_t)first << 32) + length + 1;
}

void bh_ancestor_stat(const bh_instance *instance, const struct bh_directory *directory, struct stat *info) {
    *info = (struct stat){
        .st_mode = S_IFDIR | 0555, .st_nlink = 2, .st_uid = 65534, .st_gid = 65534, .st_blksize = BH_PAGE_SIZE};
    info->st_ino = number_of(instance, name_of(instance, directory->grant), directory->depth);
}

/* The nth name in it: ".", "..", and what grants have there, each once. Its length in *length; NULL: no more. */
static const char *nth_name(const bh_instance *instance, const struct bh_directory *directory, uint64_t wanted,
                            size_t *length, ino_t *number) {
    const char *path = name_of(instance, directory->grant);
    *number = number_of(instance, path, directory->depth);
    *length = (size_t)wanted + 1;
    if (wanted < 2)
        return "..";
    for (unsigned n = 0, count = 2; n < instance->policy->grant_count; n++) {
        const char *name = name_of(instance, n), *rest = beneath(name, path, directory->depth);
        if (!rest || !*rest)
            continue;
        size_t size = strcspn(rest + 1, "/"), whole = (size_t)(rest - name) + 1 + size;
        *number = number_of(instance, name, whole);
        if (*number >> 32 != n || count++ != wanted)
            continue;
        if (!rest[1 + size])
            *number = instance->policy->grants[n].directory.inode;
        *length = size;
        return rest + 1;
    }
    return NULL;
}

int64_t bh_ancestor_list(bh_instance *instance, const struct bh_file *file, uint64_t address, uint64_t size) {
    struct entry {
        uint64_t number, next;
        uint16_t size;
        uint8_t type;
        char name[NAME_MAX + 1];
    } entry;
    const struct bh_directory directory = {BH_NOWHERE, file->grant, file->depth};
    off_t at = lseek(file->host, 0, SEEK_CUR);
    uint64_t used = 0;
    const char *name;
    size_t length;
    ino_t number;
    if (at < 0)
        return -errno;
    for (; (name = nth_name(instance, &directory, (uint64_t)at, &length, &number)); at++) {
        size_t whole = (offsetof(struct entry, name) + length + 1 + 7) & ~(size_t)7;
        if (whole > size - used)
            break;
        memset(&entry, 0, sizeof(entry));
        entry.number = number;
        entry.next = (uint64_t)at + 1;
        entry.size = (uint16_t)whole;
        entry.type = DT_DIR;
        memcpy(entry.name, name, length);
        if (!bh_put(instance, address + used, &entry, whole))
            return -EFAULT;
        used += whole;
    }
    if (name && !used)
        return -EINVAL;
    return lseek(file->host, at, SEEK_SET) < 0 ? -errno : (int64_t)used;
}

/* A descriptor of the host that stands for an open ancestor: an empty file that nobody else has. Its offset is the
 * place in the list, which duplicates share. */
int bh_ancestor_open(int flags) {
    int memory = bh_fd_memory("bulkhead-directory", false);
    if (memory < 0)
        return -errno;
    int fd = bh_file_reopen(memory, flags);
    close(memory);
    return fd;
}

/* ---- Names ---- */

static ssize_t host_name(int fd, char name[PATH_MAX]) {
    char link[40];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, PATH_MAX - 1);
    if (length >= 0)
        name[length] = 0;
    return length;
}

int bh_directory_name(const bh_instance *instance, const struct bh_directory *directory, char name[PATH_MAX]) {
    struct bh_directory now = *directory;
    const char *path = name_of(instance, now.grant);
    if (now.fd == BH_NOWHERE)
        return snprintf(name, PATH_MAX, "%.*s", now.depth ? (int)now.depth : 1, now.depth ? path : "/");
    struct stat info;
    char root[PATH_MAX], own[PATH_MAX];
    if (bh_directory_check(instance, &now) || fstat(now.fd, &info) || !info.st_nlink)
        return -ENOENT;
    path = name_of(instance, now.grant);
    for (int attempt = 0; attempt < BH_ATTEMPTS; attempt++) {
        ssize_t length = host_name(instance->policy->grants[now.grant].directory.fd, root);
        if (length < 0 || host_name(now.fd, own) < 0)
            return -errno;
        const char *rest = beneath(own, root, length == 1 ? 0 : (size_t)length);
        if (!rest) /* somebody renamed a directory between the two looks */
            continue;
        if (rest[0] && !rest[1])
            rest++;
        int written = snprintf(name, PATH_MAX, "%s%s", path, *path || *rest ? rest : "/");
        return written >= PATH_MAX ? -ENAMETOOLONG : written;
    }
    return -ENOENT;
}
