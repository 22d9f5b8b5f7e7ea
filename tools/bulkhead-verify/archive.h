/* Archives (.a): GNU and BSD member names, read as carefully as everything else. */
#ifndef BULKHEAD_VERIFY_ARCHIVE_H
#define BULKHEAD_VERIFY_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct archive {
    const uint8_t *data;
    size_t size;
    uint64_t at;                /* the next member's header */
    uint64_t names, names_size; /* the table of long names */
};

struct archive_member {
    char name[256]; /* cut off if it is longer; any bytes but NUL */
    const uint8_t *data;
    size_t size;
};

bool is_archive(const uint8_t *data, size_t size);
bool is_thin_archive(const uint8_t *data, size_t size);

void archive_open(struct archive *archive, const uint8_t *data, size_t size);
/* The next member that is not a table of the archive itself: true, false at the end or, with *error set to the reason,
 * when the archive is malformed. */
bool archive_next(struct archive *archive, struct archive_member *member, const char **error);

#endif
