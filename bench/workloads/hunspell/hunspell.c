/* Checks the spelling of words, or asks what misspelled ones may have meant, by hunspell. */
#include "driver.h"

#include <hunspell.h>
#include <string.h>

static const char usage[] =
    "Usage: hunspell check TIMES AFFIXES DICTIONARY WORDS    how many words are right\n"
    "       hunspell suggest COUNT AFFIXES DICTIONARY WORDS  suggestions for the first COUNT that are not\n"
    "WORDS has one a line.\n";

static void check(Hunhandle *speller, char **words, size_t count, int times) {
    size_t right = 0;
    for (int i = 0; i < times; i++)
        for (size_t w = 0; w < count; w++)
            right += Hunspell_spell(speller, words[w]) != 0;
    printf("%zu of %zu words are right\n", right / (size_t)times, count);
}

static void suggest(Hunhandle *speller, char **words, size_t count, int wanted) {
    for (size_t w = 0; w < count && wanted > 0; w++) {
        char **list;
        if (Hunspell_spell(speller, words[w]))
            continue;
        wanted--;
        int found = Hunspell_suggest(speller, &list, words[w]);
        printf("%s:", words[w]);
        for (int i = 0; i < found; i++)
            printf(" %s", list[i]);
        printf("\n");
        Hunspell_free_list(speller, &list, found);
    }
}

int main(int argc, char **argv) {
    if (argc != 6 || (strcmp(argv[1], "check") != 0 && strcmp(argv[1], "suggest") != 0)) {
        fputs(usage, stderr);
        return 1;
    }
    struct bytes text = read_file(argv[5]);
    char **words = allocate((text.size + 1) * sizeof *words);
    size_t count = 0;
    if (text.size == 0 || text.data[text.size - 1] != '\n')
        die("the last line of the words does not end");
    text.data[text.size - 1] = '\0';
    for (char *word = strtok((char *)text.data, "\n"); word; word = strtok(NULL, "\n"))
        words[count++] = word;
    Hunhandle *speller = Hunspell_create(argv[3], argv[4]);
    (strcmp(argv[1], "check") == 0 ? check : suggest)(speller, words, count, count_argument(argv[2]));
    Hunspell_destroy(speller);
    free(words);
    free(text.data);
    return 0;
}
