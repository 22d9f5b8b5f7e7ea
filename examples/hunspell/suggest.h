/* Part of the library's side, natively and in the module: hunspell.h's lists of words, arrays of strings that the
 * library allocates, become text in a buffer of the caller's. */
#ifndef SUGGEST_H
#define SUGGEST_H

#include <bulkhead/contracts.h>
#include <hunspell.h>
#include <stddef.h>

/* Writes the words that `word` may have meant into text, each followed by a newline, as many as fit. Returns how many
 * there are. */
int suggest(Hunhandle *speller, const char *word BH_STRING, char *text BH_OUT(size) BH_STRING, size_t size);
/* The same with the words that `word` is a form of. */
int stem(Hunhandle *speller, const char *word BH_STRING, char *text BH_OUT(size) BH_STRING, size_t size);

#endif
