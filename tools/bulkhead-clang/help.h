/* The text of --help: what the front adds to clang. */
#ifndef BULKHEAD_CLANG_HELP_H
#define BULKHEAD_CLANG_HELP_H

void print_help(void);

#endif
