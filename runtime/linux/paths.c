/* Paths: from what a guest says to a descriptor beneath a directory that the host granted.
 *
 * The kernel walks the path (openat2 with RESOLVE_BENEATH), so that symbolic links, ".." and renames by somebody else
 * while it is walked lead nowhere. It walks from where the path begins: a granted directory, an open one, the working
 * directory. Where that fails since the path goes above its beginning, or because of a grant that lies further down
 * (ancestors.c), it is walked here, a component at a time: ".." of a granted directory is what the guest has above it,
 * and what another ".." leads to is used only when it is seen to lie beneath the grant (bh_directory_check). Symbolic
 * links lead where the guest would come by the same name.
 *
 * Everything is opened with O_PATH first and looked at before it is opened for real: opening a device or a pipe has
 * effects of its own. */
#include "linux.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel */
#define MAX_JUMPS 4  /* tries of the kernel's at one path */

static int open_resolving(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {
        .flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
    for (int attempt = 0; attempt < BH_ATTEMPTS; attempt++) {
        int fd = bh_fd_apart((int)syscall(SYS_openat2, directory, *path ? path : ".", &how, sizeof(how)));
        if (fd >= 0)
            return fd;
        /* A rename elsewhere made the kernel unsure whether ".." stayed beneath. */
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
    }
    return -EXDEV;
}

int bh_directory_open(int directory, const char *path, uint64_t flags) {
    return open_resolving(directory, path, flags, 0, RESOLVE_BENEATH);
}

int bh_place_open_in(int parent, const char *name, uint64_t flags, uint64_t mode) {
    int fd = open_resolving(parent, name, flags | O_NOFOLLOW, mode, RESOLVE_BENEATH);
    return fd == -EXDEV ? -EACCES : fd;
}

/* ---- The text ---- */

/* The first component's length; "" and "." are none. */
static size_t first(const char **path) {
    for (;;) {
        *path += strspn(*path, "/");
        size_t length = strcspn(*path, "/");
        if (length != 1 || **path != '.')
            return length;
        ++*path;
    }
}

unsigned bh_path_levels(const char *path, size_t length) {
    const char *end = path + length;
    unsigned count = 0;
    for (size_t size; (size = first(&path)) && path < end; path += size)
        count++;
    return count;
}

/* What follows in a path when it begins with a granted name, written in whatever way but with ".."; else NULL. */
static char *after(char *text, const char *name) {
    while (*name) {
        const char *at = text;
        size_t size = strcspn(name + 1, "/");
        if (first(&at) != size || memcmp(at, name + 1, size))
            return NULL;
        text += at - text + (ptrdiff_t)size;
        name += 1 + size;
    }
    return text;
}

static void move(struct bh_place *place, struct bh_directory to, bool owned, bool checked) {
    bh_place_end(place);
    place->at = to;
    place->owned = owned;
    place->checked = checked;
}

/* To a directory of ancestors.c: a grant's own descriptor stays the grant's. */
static void move_to(const bh_instance *instance, struct bh_place *place, struct bh_directory to) {
    bool opened = to.fd != BH_NOWHERE && to.fd != instance->policy->grants[to.grant].directory.fd;
    move(place, to, opened, opened);
}

void bh_place_end(struct bh_place *place) {
    if (place->owned)
        close(place->at.fd);
    place->owned = false;
}

static int enter(const bh_instance *instance, struct bh_place *place, unsigned grant, size_t length) {
    struct bh_directory to;
    int error = bh_directory_enter(instance, grant, length, &to);
    if (!error)
        move_to(instance, place, to);
    return error;
}

/* Where an absolute path begins: at the grant with the longest name that fits, or at the root. To change what has a
 * grant's own name, the directory above is needed. */
static int begin_absolute(const bh_instance *instance, struct bh_place *place) {
    size_t most = 0;
    char *path = place->rest;
    bool found = false;
    for (unsigned n = 0; n < instance->policy->grant_count; n++) {
        const char *name = instance->policy->grants[n].guest_path;
        char *rest = after(path, name);
        if (!rest || (found && strlen(name) <= most) || (place->changes && *name && !rest[strspn(rest, "/")]))
            continue;
        found = true;
        most = strlen(name);
        place->rest = rest;
        move_to(instance, place, bh_directory_of_grant(instance, n));
    }
    return found ? 0 : enter(instance, place, 0, 0);
}

static int begin_relative(bh_instance *instance, int64_t directory, struct bh_place *place) {
    struct bh_directory from = instance->personality->cwd;
    if ((int32_t)directory != AT_FDCWD) {
        struct bh_file *file = bh_file_get(instance, (uint64_t)directory);
        if (!file)
            return -EBADF;
        if (file->kind != BH_FILE_DIRECTORY && file->kind != BH_FILE_ANCESTOR)
            return -ENOTDIR;
        from = bh_file_directory(file);
    }
    place->from = from;
    if (from.fd == BH_NOWHERE)
        return enter(instance, place, from.grant, from.depth);
    move(place, from, false, false);
    return 0;
}

static int begin_said(bh_instance *instance, int64_t directory, struct bh_place *place) {
    if (!place->said[0])
        return -ENOENT;
    place->rest = strcpy(place->text, place->said);
    return place->said[0] == '/' ? begin_absolute(instance, place) : begin_relative(instance, directory, place);
}

static int begin(bh_instance *instance, int64_t directory, uint64_t path, struct bh_place *place) {
    int64_t length = bh_get_string(instance, place->said, path, sizeof(place->said));
    return length < 0 ? (int)length : begin_said(instance, directory, place);
}

static void clear(struct bh_place *place, const char *call, bool changes) {
    memset(place, 0, offsetof(struct bh_place, said));
    place->at.fd = BH_NOWHERE;
    place->call = call;
    place->changes = changes;
}

int bh_place_find(bh_instance *instance, int64_t directory, uint64_t path, struct bh_place *place, const char *call) {
    clear(place, call, false);
    return begin(instance, directory, path, place);
}

int bh_place_find_name(bh_instance *instance, const char *name, struct bh_place *place, const char *call) {
    clear(place, call, false);
    if (strlen(name) >= sizeof(place->said))
        return -ENAMETOOLONG;
    strcpy(place->said, name);
    return begin_said(instance, AT_FDCWD, place);
}

int bh_place_here(bh_instance *instance, struct bh_place *place) {
    place->rest = place->text;
    place->text[0] = 0;
    return begin_relative(instance, AT_FDCWD, place);
}

/* ---- Steps ---- */

#define STEP 1 /* the kernel cannot walk it */

/* To be called before a name is looked up in the directory. */
static int settle(const bh_instance *instance, struct bh_place *place) {
    int error = place->checked || place->at.fd == BH_NOWHERE ? 0 : bh_directory_check(instance, &place->at);
    place->checked = !error;
    return error;
}

static int up(const bh_instance *instance, struct bh_place *place) {
    const struct bh_directory *at = &place->at;
    enum bh_root root = at->fd == BH_NOWHERE ? BH_ROOT : bh_directory_is_root(instance, at);
    int error = 0;
    if (root == BH_ROOT_OF_ANOTHER && !place->checked) {
        /* Inside its own one, or moved from there to the other. */
        error = settle(instance, place);
        root = error ? root : bh_directory_is_root(instance, at);
    }
    if (error)
        return error;
    if (root == BH_ROOT) {
        struct bh_directory above;
        error = bh_directory_above(instance, at, &above);
        if (!error)
            move_to(instance, place, above);
        return error;
    }
    int fd = open_resolving(at->fd, "..", O_PATH | O_DIRECTORY, 0, 0);
    if (fd < 0)
        return fd == -EXDEV ? -EACCES : fd;
    move(place, (struct bh_directory){fd, at->grant, at->depth - (at->depth > 0)}, true, false);
    return 0;
}

/* Puts a symbolic link's target before what comes after the link. */
static int follow(const bh_instance *instance, struct bh_place *place, int link, const char *rest) {
    char path[2 * PATH_MAX];
    ssize_t length = readlinkat(link, "", path, PATH_MAX);
    if (length < 0)
        return -errno;
    if (place->links++ == MAX_LINKS)
        return -ELOOP;
    if ((size_t)length + strlen(rest) >= PATH_MAX)
        return -ENAMETOOLONG;
    strcpy(path + length, rest);
    place->rest = strcpy(place->text, path);
    place->stepping = false;
    return *path == '/' ? begin_absolute(instance, place) : 0;
}

static bool is(const char *name, size_t size, const char *wanted) {
    return size == strlen(wanted) && !memcmp(name, wanted, size);
}

/* The object of a name in the directory, in itself. A descriptor; 0 when the guest has a directory there that the host
 * has not, or another one, to which the place has moved; or -errno. */
static int open_name(const bh_instance *instance, struct bh_place *place, size_t size, struct stat *info) {
    char name[PATH_MAX];
    struct bh_directory child;
    enum bh_covered covered = BH_NOT_COVERED;
    memcpy(name, place->rest, size);
    name[size] = 0;
    int fd = settle(instance, place);
    if (fd)
        return fd;
    if (place->at.fd == BH_NOWHERE)
        covered = (fd = bh_ancestor_child(instance, &place->at, name, &child)) ? BH_NOT_COVERED : BH_GRANTED;
    else if (bh_directory_has_grants(instance, place->at.grant))
        covered = bh_directory_covers(instance, &place->at, name, &child);
    if (place->at.fd != BH_NOWHERE && covered != BH_GRANTED)
        fd = bh_directory_open(place->at.fd, name, O_PATH | O_NOFOLLOW);
    if (covered == BH_GRANTED || (covered == BH_ABOVE_GRANTED && fd == -ENOENT)) {
        move_to(instance, place, child);
        return 0;
    }
    if (fd >= 0 && fstat(fd, info)) {
        close(fd);
        fd = -EACCES;
    }
    return fd == -EXDEV ? -EACCES : fd;
}

/* One component, which is or leads to a directory, since others follow. */
static int step(const bh_instance *instance, struct bh_place *place, size_t size) {
    struct stat info;
    if (is(place->rest, size, "..")) {
        place->rest += size;
        place->stepping = false;
        return up(instance, place);
    }
    int fd = is(place->rest, size, ".") ? 0 : open_name(instance, place, size, &info), error = fd;
    place->rest += size;
    if (fd <= 0)
        return fd;
    if (S_ISDIR(info.st_mode)) {
        move(place, (struct bh_directory){fd, place->at.grant, place->at.depth + 1}, true, true);
        return 0;
    }
    error = S_ISLNK(info.st_mode) ? follow(instance, place, fd, place->rest) : -ENOTDIR;
    close(fd);
    return error;
}

/* Whether the kernel may walk what is left. */
static bool may_jump(const bh_instance *instance, const struct bh_place *place) {
    return place->at.fd != BH_NOWHERE && !place->stepping && place->jumps < MAX_JUMPS &&
           !is(place->rest, strcspn(place->rest, "/"), "..") && !bh_directory_has_grants(instance, place->at.grant);
}

static int jump(const bh_instance *instance, struct bh_place *place, const char *path, uint64_t flags) {
    int error = settle(instance, place);
    if (error)
        return error;
    place->jumps++;
    int fd = bh_directory_open(place->at.fd, path, flags);
    place->stepping = fd == -EXDEV;
    return fd;
}

/* All but the last component. STEP, or as descend. */
static int jump_to_last(const bh_instance *instance, struct bh_place *place) {
    char *last = place->rest + strlen(place->rest);
    while (last[-1] == '/')
        last--;
    while (last[-1] != '/')
        last--;
    last[-1] = 0;
    int fd = jump(instance, place, place->rest, O_PATH | O_DIRECTORY);
    unsigned levels = bh_path_levels(place->rest, strlen(place->rest));
    last[-1] = '/';
    if (fd < 0)
        return fd == -EXDEV ? STEP : fd;
    move(place, (struct bh_directory){fd, place->at.grant, place->at.depth + levels}, true, true);
    place->rest = last;
    return 0;
}

/* To the directory in which the last component is; rest is that and slashes behind it. */
static int descend(const bh_instance *instance, struct bh_place *place) {
    for (;;) {
        place->rest += strspn(place->rest, "/");
        size_t size = strcspn(place->rest, "/");
        if (!place->rest[size + strspn(place->rest + size, "/")])
            return 0;
        int error = bh_stopping(instance) ? -EINTR : may_jump(instance, place) ? jump_to_last(instance, place) : STEP;
        if (error == STEP)
            error = step(instance, place, size);
        if (error)
            return error;
    }
}

/* ---- Objects ---- */

static int reject_odd(int fd, bool link, struct stat *info) {
    if (S_ISREG(info->st_mode) || S_ISDIR(info->st_mode) || (link && S_ISLNK(info->st_mode)))
        return fd;
    close(fd);
    return -EACCES;
}

/* The whole path at once. STEP, or as bh_place_look. */
static int look_at_once(const bh_instance *instance, struct bh_place *place, bool nofollow, struct stat *info) {
    place->rest += strspn(place->rest, "/");
    if (place->creates || !may_jump(instance, place))
        return STEP;
    int fd = jump(instance, place, place->rest, O_PATH | (nofollow ? O_NOFOLLOW : 0));
    if (fd < 0)
        return fd == -EXDEV ? STEP : fd;
    place->depth = place->at.depth + bh_path_levels(place->rest, strlen(place->rest));
    if (fstat(fd, info)) {
        close(fd);
        return -EACCES;
    }
    return reject_odd(fd, nofollow, info);
}

/* The directory itself that the place has come to. */
static int look_here(const bh_instance *instance, struct bh_place *place, struct stat *info, int *change) {
    place->depth = place->at.depth;
    if (place->at.fd == BH_NOWHERE) {
        bh_ancestor_stat(instance, &place->at, info);
        return BH_ANCESTOR;
    }
    int fd = settle(instance, place);
    if (!fd)
        fd = bh_directory_open(place->at.fd, ".", O_PATH | O_DIRECTORY);
    if (fd >= 0 && fstat(fd, info)) {
        close(fd);
        fd = -EACCES;
    }
    if (fd >= 0 && change)
        *change = bh_place_may_change(instance, place, fd);
    return fd;
}

/* Where one call of the kernel would do, to know the directory in which a file was found: the same file may have a name
 * elsewhere, too. */
static int look_closely(const bh_instance *instance, struct bh_place *place, bool nofollow, struct stat *info,
                        int *change) {
    for (;;) {
        int fd = descend(instance, place);
        if (fd)
            return fd;
        size_t size = strcspn(place->rest, "/");
        const char *slash = place->rest + size;
        bool up_again = is(place->rest, size, "..");
        if (!size || up_again || is(place->rest, size, ".")) {
            place->rest += size;
            fd = up_again ? up(instance, place) : 0;
            return fd ? fd : look_here(instance, place, info, change);
        }
        if (place->creates && *slash)
            return -EISDIR;
        fd = open_name(instance, place, size, info);
        place->missing = fd == -ENOENT;
        if (!fd) {
            place->rest += size;
            return look_here(instance, place, info, change);
        }
        if (fd < 0)
            return fd;
        if (S_ISLNK(info->st_mode) && (!nofollow || *slash)) {
            int error = follow(instance, place, fd, slash);
            close(fd);
            if (error)
                return error;
            continue;
        }
        if (*slash && !S_ISDIR(info->st_mode)) {
            close(fd);
            return -ENOTDIR;
        }
        place->depth = place->at.depth + 1;
        if (change)
            *change = bh_place_may_change(instance, place, S_ISDIR(info->st_mode) ? fd : place->at.fd);
        return reject_odd(fd, nofollow, info);
    }
}

int64_t bh_place_refuse(bh_instance *instance, const struct bh_place *place, int error) {
    char name[2 * PATH_MAX] = "";
    bool relative = place->said[0] != '/' && instance->policy->log;
    if (relative && place->from.fd != BH_NOWHERE && bh_directory_name(instance, &place->from, name) < 0)
        *name = 0;
    if (relative && *name)
        strcat(name, name[1] ? "/" : "");
    return bh_refuse(instance, error, place->call, strcat(name, place->said));
}

/* What does not lie where the guest was granted something is a refusal; what is not there is none. */
static int report(bh_instance *instance, const struct bh_place *place, int error) {
    if (error == -EACCES || (error == -ENOENT && place->at.fd == BH_NOWHERE && !place->creates))
        bh_place_refuse(instance, place, -error);
    return error;
}

int bh_place_look(bh_instance *instance, struct bh_place *place, bool nofollow, struct stat *info, int *change) {
    struct stat own;
    int fd = STEP;
    if (!info)
        info = &own;
    if (change)
        *change = -EROFS;
    if (!change || (place->at.fd != BH_NOWHERE && !instance->policy->grants[place->at.grant].write))
        fd = look_at_once(instance, place, nofollow, info);
    if (fd == STEP)
        fd = look_closely(instance, place, nofollow, info, change);
    return report(instance, place, fd);
}

/* ---- Names to be changed ---- */

int bh_place_parent(bh_instance *instance, int64_t directory, uint64_t path, struct bh_place *place, const char *call) {
    clear(place, call, true);
    int error = begin(instance, directory, path, place);
    if (!error)
        error = descend(instance, place);
    if (!error)
        error = settle(instance, place);
    return error ? report(instance, place, error) : 0;
}

enum bh_last bh_place_last(const struct bh_place *place) {
    size_t size = strcspn(place->rest, "/");
    return !size                         ? BH_LAST_ROOT
           : is(place->rest, size, ".")  ? BH_LAST_DOT
           : is(place->rest, size, "..") ? BH_LAST_DOT_DOT
                                         : BH_LAST_NAME;
}

enum bh_covered bh_place_covered(const bh_instance *instance, const struct bh_place *place) {
    char name[NAME_MAX + 1];
    struct bh_directory child;
    size_t size = strcspn(place->rest, "/");
    if (size > NAME_MAX)
        return BH_NOT_COVERED;
    memcpy(name, place->rest, size);
    name[size] = 0;
    if (place->at.fd != BH_NOWHERE)
        return bh_directory_covers(instance, &place->at, name, &child) == BH_GRANTED ||
                       bh_directory_is_granted(instance, place->at.fd, name)
                   ? BH_GRANTED
                   : BH_NOT_COVERED;
    if (bh_ancestor_child(instance, &place->at, name, &child))
        return BH_NOT_COVERED;
    if (child.fd == BH_NOWHERE)
        return BH_ABOVE_GRANTED;
    if (child.fd != instance->policy->grants[child.grant].directory.fd)
        close(child.fd);
    return BH_GRANTED;
}
