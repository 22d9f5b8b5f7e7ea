/* Contracts from a file beside the header, one a line:
 *
 *     argument FUNCTION NAME CONTRACT     (NAME may be the argument's number, from 1; FUNCTION may be a typedef of a
 * function result FUNCTION CONTRACT             pointer, or FUNCTION.ARGUMENT or STRUCTURE.MEMBER that is one) member
 * STRUCTURE NAME CONTRACT      (a tag or a typedef) on-error FUNCTION EXPRESSION omit FUNCTION
 *
 * Empty lines and what follows '#' do not count.
 */
#ifndef BULKHEAD_BIND_SIDEFILE_H
#define BULKHEAD_BIND_SIDEFILE_H

#include <stdbool.h>
#include <stddef.h>

struct side_line {
    const char *where; /* file:line */
    char *kind, *path, *name, *rest;
    bool used;
};

/* Reads path; problems are reported with their lines and counted. */
void side_read(const char *path);
/* The line of that kind, marked as used; NULL when there is none. name NULL: the kind has none. */
const struct side_line *side_find(const char *kind, const char *path, const char *name);
/* Reports lines that nothing used. */
void side_report_unused(void);

#endif
