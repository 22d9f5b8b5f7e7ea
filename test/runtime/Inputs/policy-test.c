/* Mistakes in policy files, one at a time: policy-test DIRECTORY. Each makes an error with file, line and cure, and no policy; the same
 * file without it is one. */
#include <limits.h>
#include <unistd.h>

#include "check.h"

static char file[PATH_MAX];

static bh_error load(const char *text, size_t size) {
    bh_policy *policy = NULL;
    FILE *out = fopen(file, "we");
    REQUIRE(out && fwrite(text, 1, size, out) == size && !fclose(out));
    bh_error error = bh_policy_load(file, &policy);
    CHECK(error ? !policy : policy != NULL);
    bh_policy_destroy(policy);
    return error;
}

static bh_error load_line(const char *line) {
    char text[2 * PATH_MAX];
    int size = snprintf(text, sizeof(text), "# a policy\nbulkhead-policy 1\n\n%s\n", line);
    return load(text, (size_t)size);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    snprintf(file, sizeof(file), "%s/policy", argv[1]);
    static const char *const good[] = {
        "", "clock", "random # and a comment", "\tclock\t\r", "memory 4096", "memory 4G", "memory 1K", "stack 1G", "mappings 1000000",
        "threads 4096", "threads 1", "deadline 1000000000", "environment A=", "environment \"A=b \\\" \\\\ # c\"", "stream stdout",
        "directory read-only .", "directory read-write \".\" as \"/a b\"",
    };
    for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++)
        if (load_line(good[n])) {
            printf("'%s': %s\n", good[n], bh_last_error()->text);
            failures++;
        }
    static const struct {
        const char *line, *text;
    } bad[] = {
        {"a b c d e f g h i j k l m n o p q r", "too many words"},
        {"environment \"A=b", "is not closed"},
        {"environment \"A=b\"c", "must end the word"},
        {"directory read-only \".\"x", "must end the word"},
        {"clocks", "is not known"},
        {"clock on", "stands alone"},
        {"random on", "stands alone"},
        {"memory", "wants one value"},
        {"memory 1 2", "wants one value"},
        {"environment", "wants one value"},
        {"environment =b", "is not NAME=VALUE"},
        {"environment b", "is not NAME=VALUE"},
        {"memory 0", "wants a number"},
        {"memory 0K", "wants a number"},
        {"memory K", "wants a number"},
        {"memory \"\"", "wants a number"},
        {"memory -1", "wants a number"},
        {"memory +1", "wants a number"},
        {"memory 1x", "wants a number"},
        {"memory 1KK", "wants a number"},
        {"memory 5G", "wants a number"},
        {"memory 4294967297", "wants a number"},
        {"memory 18446744073709551616", "wants a number"},
        {"memory 18446744073709551617", "wants a number"},
        {"stack 1073741825", "wants a number"},
        {"mappings 1K", "wants a number"},
        {"mappings 1000001", "wants a number"},
        {"threads 4097", "wants a number"},
        {"deadline 1000000001", "wants a number"},
        {"stream stdnone", "is not a stream"},
        {"directory", "write: directory"},
        {"directory read-only", "write: directory"},
        {"directory readonly .", "write: directory"},
        {"directory read-only . as", "write: directory"},
        {"directory read-only . is /a", "write: directory"},
        {"directory read-only . as /a b", "write: directory"},
        {"directory read-only \"\"", "needs a name"},
        {"directory read-only . as \"\"", "needs a name"},
        {"directory read-only /nothing/there", "No such file"},
        {"directory read-only . as /a/../b", "must not contain '..'"},
        {"directory read-only . as ..", "must not contain '..'"},
    };
    char place[PATH_MAX + 8];
    snprintf(place, sizeof(place), "%s:4: ", file);
    for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
        bh_error error = load_line(bad[n].line);
        const char *text = bh_last_error()->text;
        if (!error || strncmp(text, place, strlen(place)) || !strstr(text, bad[n].text)) {
            printf("'%s': error %d, '%s', not '%s'\n", bad[n].line, error, error ? text : "", bad[n].text);
            failures++;
        }
    }
    /* A name that has no room behind the file's directory. */
    static char longest[PATH_MAX + 64] = "directory read-only ";
    memset(longest + 20, 'x', PATH_MAX - 25);
    for (int n = 100; n < PATH_MAX - 25; n += 100)
        longest[20 + n] = '/';
    CHECK(load_line(longest) == BH_ERROR_POLICY && strstr(bh_last_error()->text, "too long"));
    /* The guest's name: what no path could say. */
    memcpy(longest, "directory read-only . as /", 26);
    memset(longest + 26, 'x', NAME_MAX + 1);
    longest[26 + NAME_MAX + 1] = 0;
    CHECK(load_line(longest) == BH_ERROR_ARGUMENT && strstr(bh_last_error()->text, "more than 255 bytes"));
    longest[26 + NAME_MAX] = 0;
    CHECK(!load_line(longest));
    memset(longest + 26, 'x', PATH_MAX - 1);
    for (int n = 100; n < PATH_MAX - 1; n += 100)
        longest[25 + n] = '/';
    longest[25 + PATH_MAX] = 0;
    CHECK(load_line(longest) == BH_ERROR_ARGUMENT && strstr(bh_last_error()->text, "more than 4095 bytes"));
    longest[24 + PATH_MAX] = 0;
    CHECK(!load_line(longest));
    /* Headers. */
    static const char *const headers[] = {"", "\n# nothing\n", "bulkhead-policy\n", "bulkhead-policy 2\n", "bulkhead 1\n",
                                          "bulkhead-policy 1 2\n", "clock\n"};
    for (size_t n = 0; n < sizeof(headers) / sizeof(*headers); n++)
        CHECK(load(headers[n], strlen(headers[n])) == BH_ERROR_POLICY && strstr(bh_last_error()->text, "first line must be"));
    CHECK(load("bulkhead-policy 1\nclock\0\n", 25) == BH_ERROR_POLICY && strstr(bh_last_error()->text, "NUL"));
    CHECK(!load("bulkhead-policy 1", 17)); /* the last line need not end */
    /* A stream that is not open. */
    close(STDIN_FILENO);
    CHECK(load_line("stream stdin") == BH_ERROR_POLICY && strstr(bh_last_error()->text, "has no stdin"));
    return failures != 0;
}
