/* What every guest finds in /dev: devices that are the same for everybody, and names for what it has open. A grant of
 * /dev, or of something in it, is what the guest finds there instead.
 *
 * The devices are the host's own, told by their numbers and not by their names, and opened only when they are seen to
 * be these. What is written to those that give random numbers would be mixed into the host's, so they are for reading
 * only. */
#include "linux.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LONGEST 32 /* of the names, and what may stand around them */
#define MEMORY_DEVICES 1
#define ZERO_MINOR 5

static const struct {
    const char *name, *host;
    unsigned minor;
    bool random;
} devices[] = {{"null", "/dev/null", 3, false},
               {"zero", "/dev/zero", ZERO_MINOR, false},
               {"full", "/dev/full", 7, false},
               {"random", "/dev/random", 8, true},
               {"urandom", "/dev/urandom", 9, true}};

#define DEVICES ((int)(sizeof(devices) / sizeof(*devices)))

/* The number in a name that is not empty, of digits alone, without further zeros in front; UINT64_MAX when it is none.
 */
static uint64_t number_in(const char *name) {
    uint64_t number = 0;
    if (name[0] == '0' && name[1])
        return UINT64_MAX;
    for (; *name; name++) {
        if (*name < '0' || *name > '9' || number > UINT32_MAX / 10)
            return UINT64_MAX;
        number = number * 10 + (uint64_t)(*name - '0');
    }
    return number;
}

/* Whether the grants have anything to say about a name, "/dev" or beneath it. */
static bool is_granted(const bh_instance *instance, const char *name) {
    for (unsigned n = 0; n < instance->policy->grant_count; n++) {
        const char *grant = instance->policy->grants[n].guest_path;
        size_t size = strlen(grant);
        if (size && !strncmp(name, grant, size) && (!name[size] || name[size] == '/'))
            return true;
    }
    return false;
}

/* Whether there is a directory of this name already: above a grant, or where "/" is granted. */
static bool has_directory(const bh_instance *instance) {
    for (unsigned n = 0; n < instance->policy->grant_count; n++) {
        const char *grant = instance->policy->grants[n].guest_path;
        if (!*grant || !strncmp(grant, "/dev/", strlen("/dev/")))
            return true;
    }
    return false;
}

/* The path without what stands for nothing in it: false when it does not fit, or has "..". An absolute one comes out.
 */
static bool clean(const char *path, char name[LONGEST]) {
    size_t used = 0;
    while (*path) {
        path += strspn(path, "/");
        size_t length = strcspn(path, "/");
        if (length == 2 && !memcmp(path, "..", 2))
            return false;
        if (length && (length != 1 || *path != '.')) {
            if (used + 1 + length >= LONGEST)
                return false;
            name[used++] = '/';
            memcpy(name + used, path, length);
            used += length;
        }
        path += length;
    }
    name[used] = 0;
    return true;
}

static bool named(const char *name, struct bh_device *device) {
    static const char *const streams[] = {"stdin", "stdout", "stderr"};
    device->number = BH_DEVICE_DESCRIPTOR;
    for (device->fd = 0; device->fd < 3; device->fd++)
        if (!strcmp(name, streams[device->fd]))
            return true;
    if (!strncmp(name, "fd/", 3)) {
        device->fd = number_in(name + 3);
        return device->fd <= UINT32_MAX;
    }
    device->number = BH_DEVICE_TERMINAL;
    if (!strcmp(name, "tty"))
        return true;
    for (device->number = 0; device->number < DEVICES; device->number++)
        if (!strcmp(name, devices[device->number].name))
            return true;
    return false;
}

bool bh_device_find(const bh_instance *instance, int64_t directory, uint64_t path, struct bh_device *device) {
    char text[4 * LONGEST], name[LONGEST];
    int64_t length = bh_get_string(instance, text, path, sizeof(text));
    if (length <= 0)
        return false;
    const struct bh_directory *cwd = &instance->personality->cwd;
    if (text[0] != '/' && ((int32_t)directory != AT_FDCWD || cwd->fd != BH_NOWHERE || cwd->depth))
        return false;
    bool slash = text[length - 1] == '/';
    if (!clean(text, name))
        return false;
    *device = (struct bh_device){.number = BH_DEVICE_DIRECTORY};
    if (!strcmp(name, "/dev"))
        return !has_directory(instance) && !is_granted(instance, name);
    return !slash && !strncmp(name, "/dev/", 5) && named(name + 5, device) && !is_granted(instance, name);
}

/* An O_PATH descriptor of a device of the host, or -errno. */
static int look(int number, struct stat *info) {
    for (int n = 0; n < DEVICES; n++) {
        if (n != number)
            continue;
        int fd = bh_fd_open(devices[n].host, O_PATH | O_NOFOLLOW);
        if (fd < 0)
            return -errno;
        if (!fstat(fd, info) && S_ISCHR(info->st_mode) && info->st_rdev == makedev(MEMORY_DEVICES, devices[n].minor))
            return fd;
        close(fd);
    }
    return -ENOENT;
}

static bool is_random(int number) { return number == DEVICES - 1 || number == DEVICES - 2; }

/* What of R_OK and W_OK the guest may do with it; -errno when it is not there. */
static int64_t allowed(bh_instance *instance, const struct bh_device *device, uint64_t wanted) {
    if (device->number == BH_DEVICE_DESCRIPTOR) {
        const struct bh_file *file = bh_file_get(instance, device->fd);
        int flags = file ? fcntl(file->host, F_GETFL) : -1;
        if (flags < 0)
            return -ENOENT;
        int mode = flags & O_ACCMODE;
        return (mode == O_WRONLY ? 0 : R_OK) | (mode == O_RDONLY ? 0 : W_OK);
    }
    if (is_random(device->number) && !(instance->policy->allowed & BH_GRANT_RANDOM) && wanted)
        return bh_refuse(instance, EACCES, "open", "a device of random numbers");
    return is_random(device->number) || device->number == BH_DEVICE_DIRECTORY ? R_OK : R_OK | W_OK;
}

static int64_t open_host(bh_instance *instance, int number, uint64_t flags) {
    struct stat info;
    int room = bh_descriptor_take();
    if (room)
        return room;
    int host = look(number, &info);
    if (host >= 0 && !(flags & O_PATH)) {
        int path_fd = host;
        host = bh_file_reopen(path_fd, (int)(flags & (O_ACCMODE | O_APPEND | O_NONBLOCK)));
        close(path_fd);
    }
    if (host < 0) {
        bh_descriptor_return();
        return host;
    }
    struct bh_file file = {.host = host, .kind = BH_FILE_DEVICE, .owned = true, .cloexec = flags & O_CLOEXEC};
    if (flags & O_PATH) {
        file.kind = BH_FILE_NAMED;
        file.named = true;
    }
    int64_t fd = bh_file_add(instance, &file, 0);
    if (fd < 0)
        bh_file_close(instance, &file);
    return fd;
}

int64_t bh_device_open(bh_instance *instance, const struct bh_device *device, uint64_t flags) {
    static const int needs[O_ACCMODE + 1] = {R_OK, W_OK, R_OK | W_OK, R_OK | W_OK};
    int wanted = needs[BH_BOUNDED(flags & O_ACCMODE, O_ACCMODE + 1)];
    if ((flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    if (device->number == BH_DEVICE_DIRECTORY)
        return flags & (O_CREAT | O_ACCMODE) ? -EISDIR : -EACCES;
    int64_t may = allowed(instance, device, flags & O_PATH ? 0 : (uint64_t)wanted);
    if (may < 0)
        return may;
    if (flags & O_DIRECTORY)
        return -ENOTDIR;
    if (!(flags & O_PATH) && (wanted & ~may))
        return -EACCES;
    if (device->number == BH_DEVICE_TERMINAL)
        return -ENXIO; /* guests have none to control them */
    if (device->number == BH_DEVICE_DESCRIPTOR)
        return bh_file_duplicate(instance, device->fd, 0, flags & O_CLOEXEC);
    return open_host(instance, device->number, flags);
}

int64_t bh_device_access(bh_instance *instance, const struct bh_device *device, uint64_t mode) {
    int64_t may = allowed(instance, device, mode);
    if (may < 0)
        return may;
    if (device->number == BH_DEVICE_DIRECTORY)
        return mode & W_OK ? -EROFS : 0;
    return mode & ~(uint64_t)may ? -EACCES : 0;
}

int bh_device_stat(bh_instance *instance, const struct bh_device *device, struct stat *info) {
    const struct bh_file *file;
    int fd;
    *info = (struct stat){.st_nlink = 1, .st_uid = 0, .st_gid = 0, .st_blksize = BH_PAGE_SIZE};
    switch (device->number) {
    case BH_DEVICE_DIRECTORY:
        info->st_mode = S_IFDIR | 0555;
        info->st_nlink = 2;
        return 0;
    case BH_DEVICE_TERMINAL:
        info->st_mode = S_IFCHR | 0666;
        info->st_rdev = makedev(5, 0);
        return 0;
    case BH_DEVICE_DESCRIPTOR:
        file = bh_file_get(instance, device->fd);
        return !file ? -ENOENT : fstat(file->host, info) ? -errno : 0;
    default:
        fd = look(device->number, info);
        if (fd >= 0)
            close(fd);
        return fd < 0 ? fd : 0;
    }
}

int bh_device_maps(const struct bh_file *file) {
    struct stat info;
    if (fstat(file->host, &info) || info.st_rdev != makedev(MEMORY_DEVICES, ZERO_MINOR))
        return -ENODEV;
    int flags = fcntl(file->host, F_GETFL);
    return flags < 0 || (flags & O_ACCMODE) == O_WRONLY ? -EACCES : 1;
}
