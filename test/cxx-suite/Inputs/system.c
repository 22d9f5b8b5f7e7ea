// system(3) for guests, which make no processes: the three commands by which
// libcxx/test/support/filesystem_test_helper.h makes and removes a test's directory.
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int permit(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)place;
    return type == FTW_SL || type == FTW_SLN ? 0 : chmod(path, 0777);
}

static int discard(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

static const char *after(const char *text, const char *start) {
    size_t length = strlen(start);
    return strncmp(text, start, length) ? NULL : text + length;
}

int system(const char *command) {
    const char *path;
    if (!command)
        return 0; // There is no shell.
    if ((path = after(command, "mkdir -p ")))
        return mkdir(path, 0777) ? 1 << 8 : 0;
    if ((path = after(command, "chmod -R 777 ")))
        return nftw(path, permit, 16, FTW_PHYS) ? 1 << 8 : 0;
    if ((path = after(command, "rm -rf ")))
        return nftw(path, discard, 16, FTW_PHYS | FTW_DEPTH) ? 1 << 8 : 0;
    return 127 << 8;
}
