/* Policies in a text file: one grant a line, the words of docs/policy.md. A mistake anywhere means no policy at all. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/limit.h"
#include "guest/policy.h"

#define MAX_FILE 65536
#define MAX_WORDS 8
#define HEADER "bulkhead-policy 1"

struct reader {
    const char *path;
    unsigned line;
    bh_policy *policy;
    char *word[MAX_WORDS];
    unsigned count;
};

static bh_error wrong(const struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bh_error wrong(const struct reader *reader, const char *format, ...) {
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return bh_fail(BH_ERROR_POLICY, "%s:%u: %s", reader->path, reader->line, text);
}

/* A setter refused what the line says: its error, with the place in front. */
static bh_error refused(const struct reader *reader) {
    bh_error_detail detail = *bh_last_error();
    return bh_fail_number(detail.error, detail.system_errno, "%s:%u: %.250s", reader->path, reader->line, detail.text);
}

/* Cuts a line into words, in place. A word may be in double quotes, where \" and \\ stand for themselves; # begins a
 * comment where a word could begin. */
static bh_error split(struct reader *reader, char *at) {
    reader->count = 0;
    for (;;) {
        at += strspn(at, " \t\r");
        if (!*at || *at == '#')
            return BH_OK;
        if (reader->count == MAX_WORDS)
            return wrong(reader, "too many words; put a name that has spaces into double quotes");
        bool quoted = *at == '"';
        char *to = at += quoted;
        reader->word[reader->count++] = to;
        while (*at && (quoted ? *at != '"' : !strchr(" \t\r", *at))) {
            if (quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
                at++;
            *to++ = *at++;
        }
        if (quoted && *at != '"')
            return wrong(reader, "a double quote is not closed");
        if (quoted && at[1] && !strchr(" \t\r", at[1]))
            return wrong(reader, "a closing double quote must end the word");
        bool more = *at;
        *to = 0;
        at += more;
    }
}

static bh_error parse_number(const struct reader *reader, bool scaled, uint64_t most, uint64_t *value) {
    const char *text = reader->word[1];
    char *end;
    errno = 0;
    unsigned long long number = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : (end = (char *)text, 0);
    unsigned shift = 0;
    if (scaled && *end && !end[1])
        shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    end += shift != 0;
    if (errno || end == text || *end || !number || number > most >> shift)
        return wrong(reader, "'%s' wants a number from 1 to %llu%s, not '%s'", reader->word[0],
                     (unsigned long long)most, scaled ? " (K, M and G may follow)" : "", text);
    *value = (uint64_t)number << shift;
    return BH_OK;
}

/* directory read-only|read-write HOST [as GUEST] */
static bh_error read_directory(struct reader *reader) {
    char **word = reader->word;
    bool write = reader->count > 1 && !strcmp(word[1], "read-write");
    if (!(reader->count == 3 || (reader->count == 5 && !strcmp(word[3], "as"))) ||
        (!write && strcmp(word[1], "read-only")))
        return wrong(reader, "write: directory read-only|read-write HOST-DIRECTORY [as GUEST-DIRECTORY]");
    const char *guest = reader->count == 5 ? word[4] : word[2];
    if (!*word[2] || !*guest)
        return wrong(reader, "a directory needs a name");
    char host[PATH_MAX];
    const char *slash = *word[2] == '/' ? NULL : strrchr(reader->path, '/');
    int length =
        snprintf(host, sizeof(host), "%.*s%s", slash ? (int)(slash + 1 - reader->path) : 0, reader->path, word[2]);
    if (length < 0 || (size_t)length >= sizeof(host))
        return wrong(reader, "the directory's name is too long");
    return bh_policy_grant_directory(reader->policy, host, guest, write ? BH_READ_WRITE : BH_READ_ONLY)
               ? refused(reader)
               : BH_OK;
}

/* stream stdin|stdout|stderr: the host's own */
static bh_error read_stream(struct reader *reader) {
    static const char *const name[] = {"stdin", "stdout", "stderr"};
    for (int fd = 0; fd < 3; fd++) {
        if (strcmp(reader->word[1], name[fd]))
            continue;
        if (fcntl(fd, F_GETFD) == -1)
            return wrong(reader, "this process has no %s to grant; open it, or remove the line", name[fd]);
        return bh_policy_grant_stream(reader->policy, fd, fd) ? refused(reader) : BH_OK;
    }
    return wrong(reader, "'%s' is not a stream: stdin, stdout or stderr", reader->word[1]);
}

static bh_error read_line(struct reader *reader) {
    bh_policy *policy = reader->policy;
    const char *what = reader->word[0];
    uint64_t value;
    bh_error error;
    if (!strcmp(what, "directory"))
        return read_directory(reader);
    if (!strcmp(what, "clock") || !strcmp(what, "random")) {
        if (reader->count != 1)
            return wrong(reader, "'%s' stands alone on its line", what);
        return bh_policy_grant(policy, *what == 'c' ? BH_GRANT_CLOCK : BH_GRANT_RANDOM);
    }
    static const char *const with_value[] = {"stream",   "environment", "memory",      "stack",
                                             "mappings", "threads",     "descriptors", "deadline"};
    size_t n = 0;
    while (n < sizeof(with_value) / sizeof(*with_value) && strcmp(what, with_value[n]))
        n++;
    if (n == sizeof(with_value) / sizeof(*with_value))
        return wrong(
            reader,
            "'%s' is not known; a line begins with directory, clock, random, stream, environment, memory, stack, "
            "mappings, threads, descriptors or deadline",
            what);
    if (reader->count != 2)
        return wrong(reader, "'%s' wants one value", what);
    switch (n) {
    case 0: return read_stream(reader);
    case 1: return bh_policy_add_environment(policy, reader->word[1]) ? refused(reader) : BH_OK;
    case 2:
        error = parse_number(reader, true, BH_SLOT_SIZE, &value);
        return error ? error : bh_policy_set_memory_limit(policy, value);
    case 3:
        error = parse_number(reader, true, (uint64_t)1 << 30, &value);
        return error ? error : bh_policy_set_stack_size(policy, value);
    case 4:
        error = parse_number(reader, false, 1000000, &value);
        return error ? error : bh_policy_set_mapping_limit(policy, (unsigned)value);
    case 5:
        error = parse_number(reader, false, BH_MAX_THREADS, &value);
        return error ? error : bh_policy_set_thread_limit(policy, (unsigned)value);
    case 6:
        error = parse_number(reader, false, BH_MAX_FILES, &value);
        return error ? error : bh_policy_set_descriptor_limit(policy, (unsigned)value) ? refused(reader) : BH_OK;
    default: /* milliseconds */
        error = parse_number(reader, false, 1000000000, &value);
        return error ? error : bh_policy_set_deadline(policy, value * 1000000);
    }
}

/* bytes is NUL-terminated. */
static bh_error read_text(struct reader *reader, char *bytes, size_t size) {
    bool begun = false;
    if (strlen(bytes) != size) {
        reader->line = 1;
        for (const char *at = bytes; *at; at++)
            reader->line += *at == '\n';
        return wrong(reader, "a NUL byte: a policy is a text");
    }
    for (char *line = bytes, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        reader->line++;
        bh_error error = split(reader, line);
        if (error)
            return error;
        if (!reader->count)
            continue;
        if (!begun) {
            if (reader->count != 2 || strcmp(reader->word[0], "bulkhead-policy") || strcmp(reader->word[1], "1"))
                return wrong(reader, "the first line must be '" HEADER "'");
            begun = true;
            continue;
        }
        error = read_line(reader);
        if (error)
            return error;
    }
    return begun ? BH_OK : wrong(reader, "the file is empty; its first line must be '" HEADER "'");
}

static bh_error read_file(const char *path, char *bytes, size_t *size) {
    int fd = bh_fd_open(path, O_RDONLY | O_NONBLOCK);
    struct stat info;
    if (fd < 0)
        return bh_fail_open(BH_ERROR_UNREADABLE, "cannot open the policy '%s'", path);
    bh_error error = BH_OK;
    *size = 0;
    if (fstat(fd, &info) || !S_ISREG(info.st_mode))
        error = bh_fail(BH_ERROR_UNREADABLE, "the policy '%s' is not a regular file", path);
    while (!error && *size <= MAX_FILE) {
        ssize_t got = read(fd, bytes + *size, MAX_FILE + 1 - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            error = bh_fail_errno(BH_ERROR_UNREADABLE, "cannot read the policy '%s'", path);
        if (got <= 0)
            break;
        *size += (size_t)got;
    }
    close(fd);
    if (!error && *size > MAX_FILE)
        error = bh_fail(BH_ERROR_POLICY, "%s: a policy has at most %d bytes", path, MAX_FILE);
    bytes[*size] = 0;
    return error;
}

bh_error bh_policy_load(const char *path, bh_policy **result) {
    if (!path || !result)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_policy_load: a path and a place for the policy are needed");
    char *bytes = malloc(MAX_FILE + 2);
    struct reader reader = {.path = path};
    size_t size;
    bh_error error = bytes ? bh_policy_create(&reader.policy) : bh_fail(BH_ERROR_MEMORY, "no memory to read a policy");
    if (!error)
        error = read_file(path, bytes, &size);
    if (!error)
        error = read_text(&reader, bytes, size);
    free(bytes);
    if (error)
        bh_policy_destroy(reader.policy);
    else
        *result = reader.policy;
    return error;
}
