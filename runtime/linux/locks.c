/* Locks of files and of records in them. */
#include "linux.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

bh_syscall bh_sys_flock;

/* Whether the descriptor serves for a lock: one for writing needs a descriptor that can write. */
static bool serves(const struct bh_file *file, const struct flock *lock) {
    int mode = fcntl(file->host, F_GETFL) & O_ACCMODE;
    return lock->l_type == F_UNLCK || mode == O_RDWR || mode == (lock->l_type == F_WRLCK ? O_WRONLY : O_RDONLY);
}

/* Record locks of POSIX belong to the whole host process: two guests would never exclude each other, and a close()
 * anywhere in the host would drop them. Those of an open file belong to what was opened, and would exclude a guest from
 * what it locked itself. So the locks of one file go to one descriptor of the instance, whichever of its own the guest
 * names. */
static struct bh_file *locked_by(bh_instance *instance, struct bh_file *file, const struct flock *lock) {
    const struct bh_linux *state = instance->personality;
    struct stat own, other;
    if (file->locks || fstat(file->host, &own))
        return file;
    for (unsigned fd = 0; fd < state->file_count; fd++) {
        struct bh_file *holder = &state->file[fd];
        if (holder->kind == BH_FILE_REGULAR && holder->locks && !fstat(holder->host, &other) &&
            other.st_dev == own.st_dev && other.st_ino == own.st_ino && serves(holder, lock))
            return holder;
    }
    return file;
}

int64_t bh_file_lock(bh_instance *instance, struct bh_file *file, int command, uint64_t address) {
    struct flock lock;
    if (!bh_get(instance, &lock, address, sizeof(lock)))
        return -EFAULT;
    if (file->kind != BH_FILE_REGULAR)
        return -EINVAL;
    lock.l_pid = 0;
    struct bh_file *holder = locked_by(instance, file, &lock);
    holder->locks |= command != F_GETLK;
    int ofd = command == F_GETLK ? F_OFD_GETLK : command == F_SETLK ? F_OFD_SETLK : F_OFD_SETLKW;
    int64_t result = bh_blocking(instance, holder->host, SYS_fcntl, (uint64_t)ofd, (uint64_t)(uintptr_t)&lock, 0);
    if (result < 0)
        return result;
    if (command == F_GETLK) {
        lock.l_pid = lock.l_type == F_UNLCK ? 0 : BH_GUEST_PID + 1;
        if (!bh_put(instance, address, &lock, sizeof(lock)))
            return -EFAULT;
    }
    return 0;
}

int64_t bh_sys_flock(bh_instance *instance, const uint64_t a[6]) {
    struct bh_file *file = bh_file_get(instance, a[0]);
    if (!file)
        return -EBADF;
    if (file->kind == BH_FILE_STREAM || file->kind == BH_FILE_DEVICE)
        return -EINVAL;
    return bh_blocking(instance, file->host, SYS_flock, (uint32_t)a[1], 0, 0);
}
