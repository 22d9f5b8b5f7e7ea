/* Checks the spelling of words with hunspell, a library in C++. Compiled as it is, it calls the library directly. With
 * -DISOLATED it does so through the wrapper that bulkhead-bind wrote, and the library runs in a module that may read the
 * dictionary's directory and nothing else. examples/build hunspell builds both. */
#ifdef ISOLATED
#include "suggest_bind.h"
#else
#include "suggest.h"
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef ISOLATED
static bh_policy *policy;

/* Every call of the library that fails comes here first, so that none needs a check of its own. */
static void failed(void *context, bh_bind *bind, const bh_bind_error *error) {
    fprintf(stderr, "host: contained: %s\n", error->text);
    exit(1);
}

/* The module sees `directory` as /dictionary. */
static void open_library(const char *module, const char *directory) {
    bh_bind_options options = {.struct_size = sizeof options, .deadline = 10000000000, .handler = failed};
    if (bh_policy_create(&policy) == BH_OK &&
        bh_policy_grant_directory(policy, directory, "/dictionary", BH_READ_ONLY) == BH_OK) {
        options.policy = policy;
        if (suggest_bind_open(module, &options) == BH_OK)
            return;
    }
    fprintf(stderr, "host: %s\n", bh_last_error()->text);
    exit(1);
}
#endif

static Hunhandle *open_dictionary(const char *directory, const char *name) {
    char affixes[4096], words[4096];
    if (snprintf(affixes, sizeof affixes, "%s/%s.aff", directory, name) >= (int)sizeof affixes ||
        snprintf(words, sizeof words, "%s/%s.dic", directory, name) >= (int)sizeof words) {
        fprintf(stderr, "host: the dictionary's name is too long\n");
        exit(1);
    }
    return Hunspell_create(affixes, words);
}

static void print_list(const char *what, char *list) {
    for (char *word = strtok(list, "\n"); word; word = strtok(NULL, "\n"))
        printf("%s %s", what, word), what = ",";
}

int main(int argc, char **argv) {
    char word[256], list[4096];
#ifdef ISOLATED
    const char *module = argc == 4 ? argv[1] : NULL;
    const int arguments = 4;
#else
    const int arguments = 3;
#endif
    if (argc != arguments) {
        fprintf(stderr, "usage: host MODULE DIRECTORY DICTIONARY <WORDS, native DIRECTORY DICTIONARY <WORDS\n"
                        "The dictionary is DIRECTORY/DICTIONARY.aff and .dic, the words one a line.\n");
        return 2;
    }
    const char *directory = argv[arguments - 2], *name = argv[arguments - 1];
#ifdef ISOLATED
    open_library(module, directory);
    directory = "/dictionary";
#endif
    Hunhandle *speller = open_dictionary(directory, name);
    printf("dictionary in %s\n", Hunspell_get_dic_encoding(speller));
    while (scanf("%255s", word) == 1) {
        printf("%s:", word);
        if (Hunspell_spell(speller, word)) {
            printf(" correct");
            if (stem(speller, word, list, sizeof list) > 0)
                print_list(", from", list);
        } else if (suggest(speller, word, list, sizeof list) > 0) {
            print_list(" perhaps", list);
        } else {
            printf(" unknown");
        }
        printf("\n");
    }
    Hunspell_destroy(speller);
#ifdef ISOLATED
    suggest_bind_close();
    bh_policy_destroy(policy);
#endif
    return 0;
}
