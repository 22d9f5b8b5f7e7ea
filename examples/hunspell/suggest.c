#include "suggest.h"

#include <string.h>

static int write_list(Hunhandle *speller, char **words, int count, char *text, size_t size) {
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        if (length + 2 > size - used)
            break;
        memcpy(text + used, words[i], length);
        used += length;
        text[used++] = '\n';
    }
    text[used] = '\0';
    Hunspell_free_list(speller, &words, count);
    return count;
}

int suggest(Hunhandle *speller, const char *word, char *text, size_t size) {
    char **words = NULL;
    int count = Hunspell_suggest(speller, &words, word);
    return write_list(speller, words, count, text, size);
}

int stem(Hunhandle *speller, const char *word, char *text, size_t size) {
    char **words = NULL;
    int count = Hunspell_stem(speller, &words, word);
    return write_list(speller, words, count, text, size);
}
