/* An untrusted library: it counts words, and has a bug that an attacker could use. */
#include <ctype.h>
#include <string.h>

int count_words(const char *text) {
    int words = 0;
    for (const char *p = text; *p; p++)
        words += !isspace((unsigned char)*p) && (p == text || isspace((unsigned char)p[-1]));
    return words;
}

/* Writes wherever it is told. */
void poke(char **where) { **where = 0; }
