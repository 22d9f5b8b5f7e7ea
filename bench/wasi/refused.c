/* What the C library links in but no workload depends on: refused, as by a host that granted no such right. A program
 * that needs another call fails to link, with its name, and one that needs one of these fails in its comparison with
 * native. */
#include "host.h"

#define REFUSED(name, ...)                                                                                             \
    uint32_t WASI(name)(host_t * host, ##__VA_ARGS__) { return WASI_NOTCAPABLE; }

REFUSED(fd_advise, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice)
REFUSED(fd_fdstat_set_flags, uint32_t fd, uint32_t flags)
REFUSED(fd_filestat_set_size, uint32_t fd, uint64_t size)
REFUSED(fd_filestat_set_times, uint32_t fd, uint64_t accessed, uint64_t modified, uint32_t flags)
REFUSED(fd_pread, uint32_t fd, uint32_t table, uint32_t count, uint64_t offset, uint32_t result)
REFUSED(fd_pwrite, uint32_t fd, uint32_t table, uint32_t count, uint64_t offset, uint32_t result)
REFUSED(fd_readdir, uint32_t fd, uint32_t buffer, uint32_t size, uint64_t cookie, uint32_t result)
REFUSED(fd_renumber, uint32_t from, uint32_t to)
REFUSED(fd_sync, uint32_t fd)
REFUSED(path_create_directory, uint32_t fd, uint32_t path, uint32_t size)
REFUSED(path_filestat_set_times, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t size, uint64_t accessed,
        uint64_t modified, uint32_t flags)
REFUSED(path_link, uint32_t from, uint32_t lookup, uint32_t path, uint32_t size, uint32_t to, uint32_t new_path,
        uint32_t new_size)
REFUSED(path_readlink, uint32_t fd, uint32_t path, uint32_t size, uint32_t buffer, uint32_t buffer_size,
        uint32_t result)
REFUSED(path_remove_directory, uint32_t fd, uint32_t path, uint32_t size)
REFUSED(path_rename, uint32_t from, uint32_t path, uint32_t size, uint32_t to, uint32_t new_path, uint32_t new_size)
REFUSED(path_symlink, uint32_t path, uint32_t size, uint32_t fd, uint32_t new_path, uint32_t new_size)
REFUSED(path_unlink_file, uint32_t fd, uint32_t path, uint32_t size)
REFUSED(poll_oneoff, uint32_t subscriptions, uint32_t events, uint32_t count, uint32_t result)
REFUSED(sched_yield)
