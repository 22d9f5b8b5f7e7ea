/* --list-instructions: the table of instructions for people and programs. */
#ifndef BULKHEAD_VERIFY_INSTRUCTIONS_H
#define BULKHEAD_VERIFY_INSTRUCTIONS_H

#include "tool.h"

/* Prints the table as text, with options->json as one JSON object a line of the table, with options->markdown as the
 * page docs/instructions.md. Returns an exit code. */
int list_instructions(const struct options *options);

#endif
