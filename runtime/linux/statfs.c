/* How much room there is. Of file systems that the host granted something of this tells sizes and what kind they are:
 * who may write there finds out anyhow. Of everything else nothing is told. */
#include "linux.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

bh_syscall bh_sys_statfs, bh_sys_fstatfs;

#define STATFS_VALID 0x20 /* of the kernel: f_flags says something */

static int64_t put_statfs(bh_instance *instance, uint64_t address, struct statfs *info, bool write) {
    _Static_assert(sizeof(*info) == 120, "struct statfs is not the kernel's");
    bool fixed = !write || (info->f_flags & ST_RDONLY);
    info->f_flags = STATFS_VALID | ST_NOSUID | ST_NODEV | (fixed ? ST_RDONLY : 0);
    memset(&info->f_fsid, 0, sizeof(info->f_fsid));
    return bh_put(instance, address, info, sizeof(*info)) ? 0 : -EFAULT;
}

/* What the runtime makes up: devices, pipes, what is above a grant. A stream's file system is the host's own matter. */
static int64_t put_made_up(bh_instance *instance, uint64_t address, bool write) {
    struct statfs info = {.f_type = TMPFS_MAGIC, .f_bsize = 4096, .f_namelen = NAME_MAX, .f_frsize = 4096};
    return put_statfs(instance, address, &info, write);
}

int64_t bh_sys_statfs(bh_instance *instance, const uint64_t a[6]) {
    struct bh_place place;
    struct bh_device device;
    struct stat object;
    struct statfs info;
    int change = 0;
    if (bh_device_find(instance, AT_FDCWD, a[0], &device)) {
        int error = bh_device_stat(instance, &device, &object);
        return error ? error : put_made_up(instance, a[1], true);
    }
    int fd = bh_place_find(instance, AT_FDCWD, a[0], &place, "statfs");
    if (!fd)
        fd = bh_place_look(instance, &place, false, &object, &change);
    bh_place_end(&place);
    if (fd == BH_ANCESTOR)
        return put_made_up(instance, a[1], false);
    if (fd < 0)
        return fd;
    int64_t result = fstatfs(fd, &info) ? -errno : 0;
    close(fd);
    return result ? result : put_statfs(instance, a[1], &info, !change);
}

int64_t bh_sys_fstatfs(bh_instance *instance, const uint64_t a[6]) {
    struct statfs info;
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if ((file->kind != BH_FILE_REGULAR && file->kind != BH_FILE_DIRECTORY) || file->memory)
        return put_made_up(instance, a[1], file->kind != BH_FILE_ANCESTOR);
    return fstatfs(file->host, &info) ? -errno : put_statfs(instance, a[1], &info, file->write);
}
