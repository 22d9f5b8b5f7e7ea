/* Parses XML by expat, natively and isolated, and compares what the handlers were told, to the byte. The handlers are
 * functions of the host in both cases. Isolated they are callbacks: expat calls them, and one of them calls expat back
 * to ask for the line. Pointers that expat hands out are read with bounds. examples/build expat builds it. */
#include <expat.h>

#include "../compare.h"

enum { CHUNK = 4096, MAX_NAME = 1024, MAX_ATTRIBUTES = 64, MAX_TEXT = 1 << 16, TOO_LONG = 1 };
enum { PARSE_S = 20 };

/* koi8-r's letters, which expat does not know: 0xc0 to 0xff are Cyrillic in an order of their own. */
static void fill_koi8(int map[256]) {
    static const unsigned char order[32] = {30, 0,  1,  22, 4,  5,  20, 3, 21, 8,  9, 10, 11, 12, 13, 14,
                                            15, 31, 16, 17, 18, 19, 6,  2, 28, 27, 7, 24, 29, 25, 23, 26};
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
    struct native native = {allocated(XML_ParserCreate(NULL)), transcript};
    enum XML_Status status = XML_STATUS_OK;
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
static bh_function create, set_salt, set_elements, set_text, set_encoding, parse, line, error_code, error_string,
    release;
static bh_address on_start, on_end, on_text, on_encoding, buffer, parser;

/* Handlers get the transcript as their context, not by way of expat's user data, which a guest could exchange. A string
 * that is longer than it may be, or lies where nothing is, ends the parse. */
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
        if (next - arguments[2].as.p > MAX_ATTRIBUTES * sizeof pair ||
            bh_copy_out(guest, pair, next, sizeof *pair) != BH_OK)
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

static const struct import imports[] = {{"XML_ParserCreate", "p(p)", &create},
                                        {"XML_SetHashSalt", "i(pm)", &set_salt},
                                        {"XML_SetElementHandler", "v(ppp)", &set_elements},
                                        {"XML_SetCharacterDataHandler", "v(pp)", &set_text},
                                        {"XML_SetUnknownEncodingHandler", "v(ppp)", &set_encoding},
                                        {"XML_Parse", "i(ppii)", &parse},
                                        {"XML_GetCurrentLineNumber", "m(p)", &line},
                                        {"XML_GetErrorCode", "i(p)", &error_code},
                                        {"XML_ErrorString", "p(i)", &error_string},
                                        {"XML_ParserFree", "v(p)", &release}};

static bool parse_in(const char *document, size_t size, struct transcript *transcript) {
    bh_value value, status = {.as.i = XML_STATUS_OK};
    if (bh_callback_create(instance, "v(ppp)", isolated_start, transcript, &on_start) != BH_OK ||
        bh_callback_create(instance, "v(pp)", isolated_end, transcript, &on_end) != BH_OK ||
        bh_callback_create(instance, "v(ppi)", isolated_text, transcript, &on_text) != BH_OK ||
        bh_callback_create(instance, "i(ppp)", isolated_encoding, transcript, &on_encoding) != BH_OK ||
        bh_allocate(instance, CHUNK, &buffer) != BH_OK || bh_invoke(instance, &create, &value, (bh_address)0) != BH_OK)
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

/* A fresh instance for each document: none can learn from another. */
static bool parse_isolated(const char *document, size_t size, struct transcript *transcript) {
    if (bh_instance_create(module, NULL, &instance) != BH_OK ||
        bh_instance_set_deadline(instance, PARSE_S * 1000000000ull) != BH_OK)
        die("instance");
    find_functions(instance, imports, sizeof imports / sizeof *imports);
    bool good = parse_in(document, size, transcript);
    bh_instance_destroy(instance);
    return good;
}

/* ---- Comparing ---- */

/* A document with many elements, attributes, entities and letters of several bytes. */
static void long_document(struct transcript *document) {
    open_transcript(document);
    fprintf(document->stream,
            "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE list [<!ENTITY who 'w&#246;rld'>]>\n<list>\n");
    for (int i = 0; i < 2000; i++)
        fprintf(
            document->stream,
            "  <item id='%d' class=\"c%d\"><name>n&amp;%d</name> hello &who; \xe2\x82\xac%d <![CDATA[<raw>]]></item>\n",
            i, i % 7, i * i, i);
    fprintf(document->stream, "</list>\n");
    close_transcript(document);
}

int main(int argc, char **argv) {
    static const char small[] = "<a one='1' two='&lt;2&gt;'>text<b/>\n<c>more</c></a>";
    static const char broken[] = "<a><b>text</a>";
    static const char koi8[] = "<?xml version='1.0' encoding='koi8-r'?><a>\xed\xc9\xd2</a>";
    static const char unknown[] = "<?xml version='1.0' encoding='klingon'?><a/>";
    static const char laughs[] =
        "<!DOCTYPE l [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]><l>&b;&b;</l>";
    const struct comparison show = {parse_natively, parse_isolated, true},
                            hide = {parse_natively, parse_isolated, false};
    bh_engine *engine;
    bool good = true;
    long repeat;
    int name =
        parse_options(argc, argv, 0,
                      " <FILE.xml\n"
                      "Parses documents of its own, then standard input if that is not empty, by expat natively and\n"
                      "isolated, and compares the handlers' events.",
                      &repeat);

    if (bh_engine_create(NULL, &engine) != BH_OK)
        die("engine");
    if (bh_module_load(engine, argv[name], NULL, &module) != BH_OK)
        die("module");

    struct transcript document;
    long_document(&document);
    good &= compare(&show, "small", small, sizeof small - 1, 1);
    good &= compare(&show, "broken", broken, sizeof broken - 1, 1);
    good &= compare(&show, "koi8-r", koi8, sizeof koi8 - 1, 1);
    good &= compare(&show, "unknown encoding", unknown, sizeof unknown - 1, 1);
    good &= compare(&hide, "entities", laughs, sizeof laughs - 1, 1);
    good &= compare(&hide, "long", document.text, document.size, repeat);
    free(document.text);

    struct transcript input;
    open_transcript(&input);
    for (int c; (c = getchar()) != EOF;)
        putc(c, input.stream);
    close_transcript(&input);
    if (input.size > 0)
        good &= compare(&hide, "standard input", input.text, input.size, repeat);
    free(input.text);
    bh_module_destroy(module);
    bh_engine_destroy(engine);
    return good ? 0 : 1;
}
