/* Failures: every one is noted for the calling thread, with what bh_last_error says of it. */
#ifndef BULKHEAD_RUNTIME_FAIL_H
#define BULKHEAD_RUNTIME_FAIL_H

#include "bulkhead/bulkhead.h"

/* Fills the thread's detail, if there is memory for one, and returns error. */
bh_error bh_fail(bh_error error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with errno and its text appended. */
bh_error bh_fail_errno(bh_error error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same with system_errno = number, of which the text says nothing. */
bh_error bh_fail_number(bh_error error, int number, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What bh_last_error shows, to be added to; NULL when there was no memory for it. */
bh_error_detail *bh_error_slot(void);
/* Makes that now, so that an error for lack of memory finds it. */
void bh_error_prepare(void);
/* Makes *detail, which bh_last_error had, the last error again. */
void bh_error_restore(const bh_error_detail *detail);

#endif
