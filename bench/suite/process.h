/* Runs programs: measured ones, with the times that the kernel accounts to them, and helpers whose output is wanted.
 *
 * Children are in a process group of their own. SIGINT, SIGTERM and SIGHUP end it, and are remembered in
 * process_interrupted(). */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base.h"

struct command {
    struct strings words;
    char *directory; /* NULL: the driver's */
    char *input;     /* file for standard input; NULL: /dev/null */
};

struct sample {
    double user, system, wall;   /* seconds; user and system of the process and all it waited for */
    double instructions, cycles; /* in user mode; negative where the machine does not count them */
    long max_rss;                /* KiB */
};

/* From now on interruptions are remembered instead of ending the driver. Once, at the start. */
void process_catch_interruptions(void);
bool process_interrupted(void);

/* Pins what process_measure starts to one processor; a negative number, the default, to none. */
void process_pin(int cpu);

/* Runs the command to its end, with standard output to the file `output` (NULL: discarded).
 * Returns NULL and fills the sample, or a sentence why there is none, which the caller frees. */
char *process_measure(const struct command *command, const char *output, struct sample *sample);

/* Runs the words and returns their standard output, which the caller frees; its length, without the added zero byte,
 * goes to `length` when that is not NULL. Standard input is the file `input` (NULL: /dev/null). `status` gets the exit
 * status, 128 + the number for a signal, 127 when the program could not be started. */
char *process_output(char *const *words, const char *input, size_t *length, int *status);

#endif
