/* See archive.h. */
#include "archive.h"

#include <stdio.h>
#include <string.h>

enum { MAGIC = 8 };

struct header {
    char name[16], date[12], uid[6], gid[6], mode[8], size[10], end[2];
};

bool is_archive(const uint8_t *data, size_t size) { return size >= MAGIC && !memcmp(data, "!<arch>\n", MAGIC); }

bool is_thin_archive(const uint8_t *data, size_t size) { return size >= MAGIC && !memcmp(data, "!<thin>\n", MAGIC); }

void archive_open(struct archive *archive, const uint8_t *data, size_t size) {
    *archive = (struct archive){.data = data, .size = size, .at = MAGIC};
}

/* A decimal field: digits, then spaces to its end. At most ten digits, so nothing overflows. */
static bool parse_decimal(const char *field, size_t width, uint64_t *value) {
    size_t i = 0;
    *value = 0;
    for (; i < width && field[i] >= '0' && field[i] <= '9'; i++)
        *value = *value * 10 + (uint64_t)(field[i] - '0');
    if (!i)
        return false;
    while (i < width && field[i] == ' ')
        i++;
    return i == width;
}

static void copy_name(struct archive_member *member, const uint8_t *text, size_t length) {
    if (length >= sizeof member->name)
        length = sizeof member->name - 1;
    memcpy(member->name, text, length);
    member->name[length] = 0;
}

static size_t length_to(const uint8_t *text, size_t limit, const char *stops) {
    size_t n = 0;
    while (n < limit && text[n] && !strchr(stops, text[n]))
        n++;
    return n;
}

/* Names longer than 15 bytes: "/123" (GNU) is an offset into the table of names, "#1/20" (BSD) says that the name is
 * the first 20 bytes of the member. */
static bool take_name(const struct archive *archive, const struct header *header, struct archive_member *member) {
    uint64_t number;
    if (header->name[0] == '/' && parse_decimal(header->name + 1, sizeof header->name - 1, &number)) {
        if (number >= archive->names_size)
            return false;
        const uint8_t *text = archive->data + archive->names + number;
        copy_name(member, text, length_to(text, archive->names_size - number, "/\n"));
    } else if (!memcmp(header->name, "#1/", 3) && parse_decimal(header->name + 3, sizeof header->name - 3, &number)) {
        if (number > member->size)
            return false;
        copy_name(member, member->data, length_to(member->data, number, ""));
        member->data += number;
        member->size -= number;
    } else {
        size_t length = length_to((const uint8_t *)header->name, sizeof header->name, "/");
        while (length && header->name[length - 1] == ' ')
            length--;
        copy_name(member, (const uint8_t *)header->name, length);
    }
    return true;
}

static bool is_own_table(const struct header *header, const struct archive_member *member) {
    return !memcmp(header->name, "/ ", 2) || !memcmp(header->name, "/SYM64/ ", 8) ||
           !strncmp(member->name, "__.SYMDEF", 9);
}

bool archive_next(struct archive *archive, struct archive_member *member, const char **error) {
    *error = NULL;
    while (archive->at < archive->size) {
        struct header header;
        uint64_t size;
        if (archive->size - archive->at < sizeof header) {
            *error = "the archive is cut off in a member's header";
            return false;
        }
        memcpy(&header, archive->data + archive->at, sizeof header);
        if (memcmp(header.end, "`\n", 2) || !parse_decimal(header.size, sizeof header.size, &size)) {
            *error = "a member's header is malformed";
            return false;
        }
        archive->at += sizeof header;
        if (size > archive->size - archive->at) {
            *error = "the archive is cut off in a member";
            return false;
        }
        member->data = archive->data + archive->at;
        member->size = size;
        archive->at += size;
        if (archive->at % 2 && archive->at < archive->size)
            archive->at++;
        if (!memcmp(header.name, "// ", 3)) {
            archive->names = (uint64_t)(member->data - archive->data);
            archive->names_size = size;
            continue;
        }
        if (!memcmp(header.name, "/ ", 2))
            continue;
        if (!take_name(archive, &header, member)) {
            *error = "a member's name lies outside the archive's table of names";
            return false;
        }
        if (!is_own_table(&header, member))
            return true;
    }
    return false;
}
