/* What is told of an object, by its name or its descriptor. */
#include "linux.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

bh_syscall bh_sys_stat, bh_sys_lstat, bh_sys_fstat, bh_sys_newfstatat, bh_sys_statx;

#define NOBODY 65534

static int64_t put_stat(bh_instance *instance, uint64_t address, const struct stat *info) {
    _Static_assert(sizeof(*info) == 144, "struct stat is not the kernel's");
    return bh_put(instance, address, info, sizeof(*info)) ? 0 : -EFAULT;
}

static int stat_directory(const bh_instance *instance, const struct bh_directory *directory, struct stat *info) {
    if (directory->fd != BH_NOWHERE)
        return fstat(directory->fd, info) ? -errno : 0;
    bh_ancestor_stat(instance, directory, info);
    return 0;
}

static int stat_descriptor(bh_instance *instance, uint64_t fd, struct stat *info) {
    struct bh_file *file = bh_file_get(instance, fd);
    if (!file)
        return -EBADF;
    const struct bh_directory directory = bh_file_directory(file);
    return stat_directory(instance, &directory, info);
}

bool bh_path_is_empty(bh_instance *instance, uint64_t path, uint64_t flags) {
    char first;
    return (flags & AT_EMPTY_PATH) && bh_get(instance, &first, path, 1) && !first;
}

static int stat_place(bh_instance *instance, int64_t directory, uint64_t path, bool nofollow, struct stat *info) {
    struct bh_place place;
    struct bh_device device;
    if (bh_device_find(instance, directory, path, &device))
        return bh_device_stat(instance, &device, info);
    int fd = bh_place_find(instance, directory, path, &place, "stat");
    if (!fd)
        fd = bh_place_look(instance, &place, nofollow, info, NULL);
    bh_place_end(&place);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || fd == BH_ANCESTOR ? 0 : fd;
}

/* Of users and groups a guest knows itself, and nobody. */
static void own(struct stat *info) { info->st_uid = info->st_gid = bh_guest_owns(info) ? BH_GUEST_ID : NOBODY; }

static int stat_at(bh_instance *instance, uint64_t directory, uint64_t path, uint64_t flags, struct stat *info) {
    int error;
    if (!bh_path_is_empty(instance, path, flags))
        error = stat_place(instance, (int64_t)directory, path, flags & AT_SYMLINK_NOFOLLOW, info);
    else if ((int32_t)directory == AT_FDCWD)
        error = stat_directory(instance, &instance->personality->cwd, info);
    else
        error = stat_descriptor(instance, directory, info);
    if (!error)
        own(info);
    return error;
}

static int64_t put_stat_at(bh_instance *instance, uint64_t directory, uint64_t path, uint64_t address, uint64_t flags) {
    struct stat info;
    int error = stat_at(instance, directory, path, flags, &info);
    return error ? error : put_stat(instance, address, &info);
}

int64_t bh_sys_stat(bh_instance *instance, const uint64_t a[6]) {
    return put_stat_at(instance, (uint64_t)AT_FDCWD, a[0], a[1], 0);
}

int64_t bh_sys_lstat(bh_instance *instance, const uint64_t a[6]) {
    return put_stat_at(instance, (uint64_t)AT_FDCWD, a[0], a[1], AT_SYMLINK_NOFOLLOW);
}

int64_t bh_sys_fstat(bh_instance *instance, const uint64_t a[6]) {
    struct stat info;
    int error = stat_descriptor(instance, a[0], &info);
    if (error)
        return error;
    own(&info);
    return put_stat(instance, a[1], &info);
}

int64_t bh_sys_newfstatat(bh_instance *instance, const uint64_t a[6]) {
    if ((uint32_t)a[3] & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
        return -EINVAL;
    return put_stat_at(instance, a[0], a[1], a[2], a[3]);
}

static struct statx_timestamp time_of(const struct timespec *time) {
    return (struct statx_timestamp){.tv_sec = time->tv_sec, .tv_nsec = (uint32_t)time->tv_nsec};
}

/* What stat tells, and nothing beyond it: no time of birth, no attributes, no mount. */
int64_t bh_sys_statx(bh_instance *instance, const uint64_t a[6]) {
    const uint32_t flags = (uint32_t)a[2], sync = AT_STATX_SYNC_TYPE;
    struct stat info;
    if (((uint32_t)a[3] & STATX__RESERVED) || (flags & sync) == sync ||
        (flags & ~(sync | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)))
        return -EINVAL;
    int error = stat_at(instance, a[0], a[1], flags, &info);
    if (error)
        return error;
    const struct statx told = {
        .stx_mask = STATX_BASIC_STATS,
        .stx_blksize = (uint32_t)info.st_blksize,
        .stx_nlink = (uint32_t)info.st_nlink,
        .stx_uid = info.st_uid,
        .stx_gid = info.st_gid,
        .stx_mode = (uint16_t)info.st_mode,
        .stx_ino = info.st_ino,
        .stx_size = (uint64_t)info.st_size,
        .stx_blocks = (uint64_t)info.st_blocks,
        .stx_atime = time_of(&info.st_atim),
        .stx_ctime = time_of(&info.st_ctim),
        .stx_mtime = time_of(&info.st_mtim),
        .stx_rdev_major = major(info.st_rdev),
        .stx_rdev_minor = minor(info.st_rdev),
        .stx_dev_major = major(info.st_dev),
        .stx_dev_minor = minor(info.st_dev),
    };
    _Static_assert(sizeof(told) == 256, "struct statx is not the kernel's");
    return bh_put(instance, a[4], &told, sizeof(told)) ? 0 : -EFAULT;
}
