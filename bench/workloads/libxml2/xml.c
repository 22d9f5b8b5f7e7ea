/* libxml2 on one document: read as a stream, parsed into a tree and written out, or searched by XPath.
 *
 * Usage: libxml2 read|write TIMES FILE    what was seen, or what was written, and its checksum
 *        libxml2 xpath EXPRESSION FILE    the number that the expression yields */
#include "driver.h"

#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <libxml/xpath.h>
#include <string.h>

enum { KINDS = 32 }; /* of nodes that a reader knows; fewer are used */

struct seen {
    unsigned long kinds[KINDS], attributes, deepest;
    unsigned long long hash;
};

static void hash_text(struct seen *seen, const xmlChar *text) {
    for (; text && *text; text++)
        seen->hash = (seen->hash ^ *text) * 0x100000001b3u;
}

static void read_stream(struct bytes in, struct seen *seen) {
    xmlTextReaderPtr reader = xmlReaderForMemory((const char *)in.data, (int)in.size, NULL, NULL, 0);
    if (!reader)
        die("no reader");
    int more;
    while ((more = xmlTextReaderRead(reader)) == 1) {
        seen->kinds[xmlTextReaderNodeType(reader) % KINDS]++;
        unsigned long depth = (unsigned long)xmlTextReaderDepth(reader);
        if (depth > seen->deepest)
            seen->deepest = depth;
        hash_text(seen, xmlTextReaderConstName(reader));
        hash_text(seen, xmlTextReaderConstValue(reader));
        while (xmlTextReaderMoveToNextAttribute(reader) == 1) {
            seen->attributes++;
            hash_text(seen, xmlTextReaderConstValue(reader));
        }
    }
    xmlFreeTextReader(reader);
    if (more != 0)
        die("the document is damaged");
}

static xmlDocPtr parse(struct bytes in) {
    xmlDocPtr document = xmlReadMemory((const char *)in.data, (int)in.size, NULL, NULL, 0);
    if (!document)
        die("the document is damaged");
    return document;
}

static int read_times(int times, struct bytes in) {
    struct seen seen = {.hash = 0xcbf29ce484222325u};
    for (int i = 0; i < times; i++)
        read_stream(in, &seen);
    for (int kind = 0; kind < KINDS; kind++) {
        if (seen.kinds[kind])
            printf("%lu nodes of kind %d\n", seen.kinds[kind], kind);
    }
    printf("%lu attributes, %lu deep, checksum %016llx\n", seen.attributes, seen.deepest, seen.hash);
    return 0;
}

static int write_times(int times, struct bytes in) {
    for (int i = 0; i < times; i++) {
        xmlDocPtr document = parse(in);
        xmlChar *text;
        int size;
        xmlDocDumpMemory(document, &text, &size);
        if (!text)
            die("out of memory");
        if (i == times - 1)
            report("written", text, (size_t)size);
        xmlFree(text);
        xmlFreeDoc(document);
    }
    return 0;
}

static int xpath(const char *expression, struct bytes in) {
    xmlDocPtr document = parse(in);
    xmlXPathContextPtr context = xmlXPathNewContext(document);
    xmlXPathObjectPtr result = context ? xmlXPathEvalExpression((const xmlChar *)expression, context) : NULL;
    if (!result || result->type != XPATH_NUMBER)
        die("the expression yields no number");
    printf("%.17g\n", result->floatval);
    xmlXPathFreeObject(result);
    xmlXPathFreeContext(context);
    xmlFreeDoc(document);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs("usage: libxml2 read|write TIMES FILE, or libxml2 xpath EXPRESSION FILE\n", stderr);
        return 2;
    }
    struct bytes in = read_file(argv[3]);
    int status = 2;
    if (strcmp(argv[1], "read") == 0)
        status = read_times(count_argument(argv[2]), in);
    else if (strcmp(argv[1], "write") == 0)
        status = write_times(count_argument(argv[2]), in);
    else if (strcmp(argv[1], "xpath") == 0)
        status = xpath(argv[2], in);
    else
        fprintf(stderr, "libxml2: no command '%s'\n", argv[1]);
    free(in.data);
    xmlCleanupParser();
    return status;
}
