/* Parses XML by expat, natively and isolated, and compares what the handlers were told, to the byte. The handlers are functions
 * of the host in both cases. Isolated they are callbacks: expat calls them, and one of them calls expat back to ask for the
 * line. Pointers that expat hands out are read with bounds. examples/build expat builds it. */
#include <bulkhead/bulkhead.h>
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNK = 4096, MAX_NAME = 1024, MAX_ATTRIBUTES = 64, MAX_TEXT = 1 << 16, TOO_LONG = 1 };
enum { PARSE_S = 20 };

/* What the handlers saw, as text. */
struct transcript {
    char *text;
    size_t size;
    FILE *stream;
};

static void die(const char *what) {
    fprintf(stderr, "host: %s: %s\n", what, bh_last_error()->text);
    exit(1);
}

static void open_transcript(struct transcript *transcript) {
    transcript->stream = open_memstream(&transcript->text, &transcript->size);
    if (!transcript->stream) {
        perror("host");
        exit(1);
    }
}

/* koi8-r's letters, which expat does not know: 0xc0 to 0xff are Cyrillic in an order of their own. */
static void fill_koi8(int map[256]) {
    static const unsigned char order[32] = {30, 0,  1,  22, 4,  5,  20, 3,  21, 8,  9,  10, 11, 12, 13, 14,
                                            15, 31, 16, 17, 18, 19, 6,  2,  28, 27, 7,  24, 29, 25, 23, 26};
    for (int i = 0; i < 256; i++)
        map[i] = i < 128 ? i : i < 192 ? -1 : i < 224 ? 0x430 + order[i - 192] : 0x410 + order[i - 224];
}

/* ---- Natively ---- */

struct native {
    XML_Parser parser;
    struct transcript *transcript;
};

static void native_start(void *data, const char *name, const char **attributes) {
    struct native *native = data;
    fprintf(native->transcript->stream, "%lu: <%s", XML_GetCurrentLineNumber(native->parser), name);
    for (; *attributes; attributes += 2)
        fprintf(native->transcript->stream, " %s=[%s]", attributes[0], attributes[1]);
    fprintf(native->transcript->stream, ">\n");
}
static void native_end(void *data, const char *name) {
    fprintf(((struct native *)data)->transcript->stream, "</%s>\n", name);
}
static void native_text(void *data, const char *text, int length) {
    fprintf(((struct native *)data)->transcript->stream, "[%.*s]\n", length, text);
}
static int native_encoding(void *data, const char *name, XML_Encoding *info) {
    if (strcmp(name, "koi8-r") != 0)
        return XML_STATUS_ERROR;
    fill_koi8(info->map);
    info->data = NULL, info->convert = NULL, info->release = NULL;
    return XML_STATUS_OK;
}

static void parse_natively(const char *document, size_t size, struct transcript *transcript) {
    struct native native = {XML_ParserCreate(NULL), transcript};
    enum XML_Status status = XML_STATUS_OK;
    if (!native.parser)
        exit(1);
    XML_SetHashSalt(native.parser, 1);
    XML_SetUserData(native.parser, &native);
    XML_SetElementHandler(native.parser, native_start, native_end);
    XML_SetCharacterDataHandler(native.parser, native_text);
    XML_SetUnknownEncodingHandler(native.parser, native_encoding, &native);
    for (size_t done = 0; status == XML_STATUS_OK && done < size; done += CHUNK) {
        size_t part = size - done < CHUNK ? size - done : CHUNK;
        status = XML_Parse(native.parser, document + done, (int)part, done + part == size);
    }
    if (status != XML_STATUS_OK)
        fprintf(transcript->stream, "error: %s\n", XML_ErrorString(XML_GetErrorCode(native.parser)));
    XML_ParserFree(native.parser);
}

/* ---- Isolated ---- */

static bh_module *module;
static bh_instance *instance;
static bh_function create, set_salt, set_elements, set_text, set_encoding, parse, line, error_code, error_string, release;
static bh_address on_start, on_end, on_text, on_encoding, buffer, parser;

/* Handlers get the transcript as their context, not by way of expat's user data, which a guest could exchange. A string that
 * is longer than it may be, or lies where nothing is, ends the parse. */
static int isolated_start(void *context, bh_instance *guest, const bh_value *arguments, bh_value *result) {
    struct transcript *transcript = context;
    char text[MAX_NAME], value[MAX_NAME];
    bh_address pair[2];
    bh_value number;
    if (bh_copy_string(guest, text, arguments[1].as.p, sizeof text) != BH_OK ||
        bh_invoke(guest, &line, &number, parser) != BH_OK) /* a call into the guest that called us */
        return TOO_LONG;
    fprintf(transcript->stream, "%lu: <%s", (unsigned long)number.as.m, text);
    for (bh_address next = arguments[2].as.p;; next += sizeof pair) {
        if (next - arguments[2].as.p > MAX_ATTRIBUTES * sizeof pair || bh_copy_out(guest, pair, next, sizeof *pair) != BH_OK)
            return TOO_LONG;
        if (pair[0] == 0)
            break;
        if (bh_copy_out(guest, pair, next, sizeof pair) != BH_OK ||
            bh_copy_string(guest, text, pair[0], sizeof text) != BH_OK ||
            bh_copy_string(guest, value, pair[1], sizeof value) != BH_OK)
            return TOO_LONG;
        fprintf(transcript->stream, " %s=[%s]", text, value);
    }
    fprintf(transcript->stream, ">\n");
    return 0;
}
static int isolated_end(void *context, bh_instance *guest, const bh_value *arguments, bh_value *result) {
    char name[MAX_NAME];
    if (bh_copy_string(guest, name, arguments[1].as.p, sizeof name) != BH_OK)
        return TOO_LONG;
    fprintf(((struct transcript *)context)->stream, "</%s>\n", name);
    return 0;
}
static int isolated_text(void *context, bh_instance *guest, const bh_value *arguments, bh_value *result) {
    static char text[MAX_TEXT];
    int length = arguments[2].as.i;
    if (length < 0 || length > MAX_TEXT || bh_copy_out(guest, text, arguments[1].as.p, (size_t)length) != BH_OK)
        return TOO_LONG;
    fprintf(((struct transcript *)context)->stream, "[%.*s]\n", length, text);
    return 0;
}
static int isolated_encoding(void *context, bh_instance *guest, const bh_value *arguments, bh_value *result) {
    char name[MAX_NAME];
    XML_Encoding info = {0};
    result->as.i = XML_STATUS_ERROR;
    if (bh_copy_string(guest, name, arguments[1].as.p, sizeof name) != BH_OK)
        return TOO_LONG;
    if (strcmp(name, "koi8-r") != 0)
        return 0;
    fill_koi8(info.map);
    result->as.i = XML_STATUS_OK;
    return bh_copy_in(guest, arguments[2].as.p, &info, sizeof info) == BH_OK ? 0 : TOO_LONG;
}

static void new_instance(struct transcript *transcript) {
    struct {
        const char *name, *signature;
        bh_function *function;
    } functions[] = {{"XML_ParserCreate", "p(p)", &create},
                     {"XML_SetHashSalt", "i(pm)", &set_salt},
                     {"XML_SetElementHandler", "v(ppp)", &set_elements},
                     {"XML_SetCharacterDataHandler", "v(pp)", &set_text},
                     {"XML_SetUnknownEncodingHandler", "v(ppp)", &set_encoding},
                     {"XML_Parse", "i(ppii)", &parse},
                     {"XML_GetCurrentLineNumber", "m(p)", &line},
                     {"XML_GetErrorCode", "i(p)", &error_code},
                     {"XML_ErrorString", "p(i)", &error_string},
                     {"XML_ParserFree", "v(p)", &release}};
    if (bh_instance_create(module, NULL, &instance) != BH_OK || bh_instance_set_deadline(instance, PARSE_S * 1000000000ull) != BH_OK)
        die("instance");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (bh_instance_function(instance, functions[i].name, functions[i].signature, functions[i].function) != BH_OK)
            die(functions[i].name);
    if (bh_callback_create(instance, "v(ppp)", isolated_start, transcript, &on_start) != BH_OK ||
        bh_callback_create(instance, "v(pp)", isolated_end, transcript, &on_end) != BH_OK ||
        bh_callback_create(instance, "v(ppi)", isolated_text, transcript, &on_text) != BH_OK ||
        bh_callback_create(instance, "i(ppp)", isolated_encoding, transcript, &on_encoding) != BH_OK ||
        bh_allocate(instance, CHUNK, &buffer) != BH_OK)
        die("callbacks");
}

/* False when the guest failed; bh_last_error() says how. */
static bool parse_isolated(const char *document, size_t size, struct transcript *transcript) {
    bh_value value, status = {.as.i = XML_STATUS_OK};
    if (bh_invoke(instance, &create, &value, (bh_address)0) != BH_OK)
        return false;
    parser = value.as.p;
    if (bh_invoke(instance, &set_salt, NULL, parser, (uint64_t)1) != BH_OK ||
        bh_invoke(instance, &set_elements, NULL, parser, on_start, on_end) != BH_OK ||
        bh_invoke(instance, &set_text, NULL, parser, on_text) != BH_OK ||
        bh_invoke(instance, &set_encoding, NULL, parser, on_encoding, (bh_address)0) != BH_OK)
        return false;
    for (size_t done = 0; status.as.i == XML_STATUS_OK && done < size; done += CHUNK) {
        size_t part = size - done < CHUNK ? size - done : CHUNK;
        if (bh_copy_in(instance, buffer, document + done, part) != BH_OK ||
            bh_invoke(instance, &parse, &status, parser, buffer, (int)part, (int)(done + part == size)) != BH_OK)
            return false;
    }
    if (status.as.i != XML_STATUS_OK) {
        char message[200];
        if (bh_invoke(instance, &error_code, &value, parser) != BH_OK ||
            bh_invoke(instance, &error_string, &value, value.as.i) != BH_OK ||
            bh_copy_string(instance, message, value.as.p, sizeof message) != BH_OK)
            return false;
        fprintf(transcript->stream, "error: %s\n", message);
    }
    return bh_invoke(instance, &release, NULL, parser) == BH_OK;
}

/* ---- Comparing ---- */

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool compare(const char *name, const char *document, size_t size, long repeat, bool print) {
    double native_time = 0, isolated_time = 0;
    bool equal = true;
    for (long i = 0; equal && i < repeat; i++) {
        struct transcript native, isolated;
        open_transcript(&native);
        open_transcript(&isolated);
        new_instance(&isolated);
        double start = seconds();
        parse_natively(document, size, &native);
        double middle = seconds();
        bool contained = !parse_isolated(document, size, &isolated);
        native_time += middle - start;
        isolated_time += seconds() - middle;
        if (contained)
            fprintf(isolated.stream, "contained: %s\n", bh_last_error()->text);
        fclose(native.stream);
        fclose(isolated.stream);
        equal = native.size == isolated.size && memcmp(native.text, isolated.text, native.size) == 0;
        if (print && i == 0)
            fwrite(isolated.text, 1, isolated.size, stdout);
        if (!equal)
            printf("%s: natively:\n%.2000s%s: isolated:\n%.2000s", name, native.text, name, isolated.text);
        else if (i == 0)
            printf("%s: %zu bytes of events, the same natively and isolated\n", name, native.size);
        free(native.text);
        free(isolated.text);
        bh_instance_destroy(instance);
    }
    if (equal && repeat > 1)
        printf("%s: %.2f ms natively, %.2f ms isolated, ratio %.3f\n", name, native_time * 1e3 / (double)repeat,
               isolated_time * 1e3 / (double)repeat, isolated_time / native_time);
    return equal;
}

/* A document with many elements, attributes, entities and letters of several bytes. */
static char *long_document(size_t *size) {
    char *text = NULL;
    FILE *stream = open_memstream(&text, size);
    if (!stream)
        exit(1);
    fprintf(stream, "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE list [<!ENTITY who 'w&#246;rld'>]>\n<list>\n");
    for (int i = 0; i < 2000; i++)
        fprintf(stream, "  <item id='%d' class=\"c%d\"><name>n&amp;%d</name> hello &who; \xe2\x82\xac%d <![CDATA[<raw>]]></item>\n", i, i % 7,
                i * i, i);
    fprintf(stream, "</list>\n");
    fclose(stream);
    return text;
}

int main(int argc, char **argv) {
    static const char small[] = "<a one='1' two='&lt;2&gt;'>text<b/>\n<c>more</c></a>";
    static const char broken[] = "<a><b>text</a>";
    static const char koi8[] = "<?xml version='1.0' encoding='koi8-r'?><a>\xed\xc9\xd2</a>";
    static const char unknown[] = "<?xml version='1.0' encoding='klingon'?><a/>";
    static const char laughs[] = "<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]><l>&b;&b;</l>";
    bh_engine *engine;
    bool good = true;
    long repeat = 1;
    int next = 1;

    if (argc > 2 && strcmp(argv[1], "--repeat") == 0) {
        repeat = strtol(argv[2], NULL, 10);
        next = 3;
    }
    if (argc != next + 1 || argv[next][0] == '-' || repeat < 1) {
        fprintf(stderr, "usage: host [--repeat N] MODULE <FILE.xml\n"
                        "Parses documents of its own, then standard input if that is not empty, by expat natively and isolated,\n"
                        "and compares the handlers' events. --repeat also measures processor time, over N times.\n");
        return 2;
    }
    if (bh_engine_create(NULL, &engine) != BH_OK)
        die("engine");
    if (bh_module_load(engine, argv[next], NULL, &module) != BH_OK)
        die("module");

    size_t size;
    char *document = long_document(&size);
    good &= compare("small", small, sizeof small - 1, 1, true);
    good &= compare("broken", broken, sizeof broken - 1, 1, true);
    good &= compare("koi8-r", koi8, sizeof koi8 - 1, 1, true);
    good &= compare("unknown encoding", unknown, sizeof unknown - 1, 1, true);
    good &= compare("entities", laughs, sizeof laughs - 1, 1, false);
    good &= compare("long", document, size, repeat, false);
    free(document);

    char *input = NULL;
    FILE *stream = open_memstream(&input, &size);
    for (int c; stream && (c = getchar()) != EOF;)
        putc(c, stream);
    if (stream)
        fclose(stream);
    if (input && size > 0)
        good &= compare("standard input", input, size, repeat, false);
    free(input);
    bh_module_destroy(module);
    bh_engine_destroy(engine);
    return good ? 0 : 1;
}
