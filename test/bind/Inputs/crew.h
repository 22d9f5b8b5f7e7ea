/* A library that calls its host's functions on threads of its own. */
#ifndef CREW_H
#define CREW_H

#include <bulkhead/contracts.h>
#include <stddef.h>

typedef int crew_work(void *user BH_USER, int number, const char *name BH_STRING);
typedef int crew_fill(void *user BH_USER, char *to BH_OUT_BYTES(room) BH_USED(result), int room);
typedef const char *crew_title(int number) BH_RESULT("string keep");

/* Numbers 0 to count - 1 on so many threads at once; the sum of the results. */
long crew_for_each(int threads, int count, crew_work *work BH_CALLBACK BH_SCOPED, void *user BH_USER) BH_ON_ERROR(-1);
/* Bytes that threads got from the host, added up. */
long crew_read(int threads, crew_fill *fill BH_CALLBACK, void *user BH_USER) BH_ON_ERROR(-1);
/* Lengths of titles. */
long crew_titles(int threads, crew_title *title BH_CALLBACK) BH_ON_ERROR(-1);
/* One thread that calls until it is stopped; how often it did. */
int crew_start(crew_work *work BH_CALLBACK, void *user BH_USER) BH_ON_ERROR(-1);
long crew_stop(void) BH_ON_ERROR(-1);

/* Breaches: returns while a thread is in the function or, unless patient, before that; calls it later, by its old address; gives it a
 * pointer that is none. */
int crew_return_early(crew_work *work BH_CALLBACK BH_SCOPED, void *user BH_USER, int patient) BH_ON_ERROR(-1);
int crew_remember(crew_work *work BH_CALLBACK BH_SCOPED, void *user BH_USER) BH_ON_ERROR(-1);
int crew_call_remembered(void) BH_ON_ERROR(-1);
int crew_lie(crew_work *work BH_CALLBACK, void *user BH_USER) BH_ON_ERROR(-1);
int crew_lie_later(crew_work *work BH_CALLBACK, void *user BH_USER) BH_ON_ERROR(-1);

#endif
