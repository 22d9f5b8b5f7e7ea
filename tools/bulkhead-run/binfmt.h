/* bulkhead-run --binfmt: a command of the host's for which modules are programs like any other. */
#ifndef BULKHEAD_RUN_BINFMT_H
#define BULKHEAD_RUN_BINFMT_H

#include "options.h"

/* Becomes argv[command], in namespaces where starting a module starts this program with argv[1], .. up to the command.
 * Returns a status to exit with, and only then. */
int binfmt_run(char **argv, int command);

/* If the kernel started this program for a module, *argc and *argv become what would have run the module by hand; they
 * live until exit, as what is put into *options. Exits where that cannot be. */
void binfmt_started(int *argc, char ***argv, struct options *options);

#endif
