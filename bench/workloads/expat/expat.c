/* Parses an XML document with expat again and again and adds up what the handlers see.
 *
 * Usage: expat FILE TIMES */
#include <expat.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { piece = 64 * 1024 };

struct counts {
    unsigned long elements, attributes, characters, comments;
    unsigned depth, deepest;
    uint64_t sum;
};

static void add(struct counts *c, const char *text) {
    for (; *text; text++) {
        c->sum = (c->sum ^ (unsigned char)*text) * 1099511628211u;
    }
}

static void XMLCALL start(void *data, const XML_Char *name, const XML_Char **attributes) {
    struct counts *c = data;
    c->elements++;
    if (++c->depth > c->deepest) {
        c->deepest = c->depth;
    }
    add(c, name);
    for (; attributes[0]; attributes += 2) {
        c->attributes++;
        add(c, attributes[0]);
        add(c, attributes[1]);
    }
}

static void XMLCALL end(void *data, const XML_Char *name) {
    struct counts *c = data;
    c->depth--;
    c->sum += (unsigned char)name[0];
}

static void XMLCALL characters(void *data, const XML_Char *text, int length) {
    struct counts *c = data;
    c->characters += (unsigned long)length;
    if (length > 0) {
        c->sum = c->sum * 31 + (unsigned char)text[length - 1];
    }
}

static void XMLCALL comment(void *data, const XML_Char *text) {
    struct counts *c = data;
    c->comments++;
    add(c, text);
}

static int parse(const char *text, size_t size, struct counts *counts) {
    XML_Parser parser = XML_ParserCreateNS(NULL, '|');
    if (!parser) {
        fprintf(stderr, "expat: out of memory\n");
        return 1;
    }
    XML_SetHashSalt(parser, 12345); /* always the same tables */
    XML_SetUserData(parser, counts);
    XML_SetElementHandler(parser, start, end);
    XML_SetCharacterDataHandler(parser, characters);
    XML_SetCommentHandler(parser, comment);
    for (size_t done = 0; done < size;) {
        size_t length = size - done < piece ? size - done : piece;
        if (XML_Parse(parser, text + done, (int)length, done + length == size) != XML_STATUS_OK) {
            fprintf(stderr, "expat: line %lu: %s\n", (unsigned long)XML_GetCurrentLineNumber(parser),
                    XML_ErrorString(XML_GetErrorCode(parser)));
            XML_ParserFree(parser);
            return 1;
        }
        done += length;
    }
    XML_ParserFree(parser);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: expat FILE TIMES\n");
        return 2;
    }
    FILE *file = fopen(argv[1], "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(argv[1]);
        return 1;
    }
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    if (!text || fread(text, 1, size, file) != size) {
        fprintf(stderr, "expat: cannot read %s\n", argv[1]);
        return 1;
    }
    fclose(file);
    for (unsigned long t = strtoul(argv[2], NULL, 10); t > 0; t--) {
        struct counts c = {0};
        if (parse(text, size, &c) != 0) {
            return 1;
        }
        printf("%lu elements, %lu attributes, %lu characters, %lu comments, depth %u, sum %016" PRIx64 "\n", c.elements,
               c.attributes, c.characters, c.comments, c.deepest, c.sum);
    }
    free(text);
    return 0;
}
