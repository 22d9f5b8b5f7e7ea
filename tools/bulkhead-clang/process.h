/* Running the tools behind the front, and the temporary files between them. */
#ifndef BULKHEAD_CLANG_PROCESS_H
#define BULKHEAD_CLANG_PROCESS_H

#include "args.h"

/* A path for a temporary file called `name`, in a directory of our own that process_clean_up removes. */
char *temporary_file(const char *name);
void process_clean_up(void);

/* Runs the command and returns its exit status, 128+signal if a signal ended it. Uses a response file when the
 * arguments are too long for exec and the tool is clang. */
int process_run(const struct args *command);
/* Runs the command and returns what it prints, on either stream; NULL if it fails. */
char *process_output(const struct args *command);
/* As process_run; what the command prints to its standard output is put into *output. */
int process_capture(const struct args *command, char **output);
/* As process_run, in place of this process, when nothing is left to do afterwards. */
_Noreturn void process_exec(const struct args *command);
/* Prints the command as a shell would read it, to stderr. */
void process_print(const struct args *command);

#endif
