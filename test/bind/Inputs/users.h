/* Pointers of the host's in every place where a contract can have them. */
#ifndef USERS_H
#define USERS_H

#include <bulkhead/contracts.h>
#include <stddef.h>

typedef int visit(void *user BH_USER, int v);
typedef void done(void *user BH_USER);
typedef void *opener(const char *name BH_STRING) BH_RESULT("user(file) nullable");
typedef int closer(void *file BH_USER_OF(file));
typedef int order(const void *a BH_USER, const void *b BH_USER);
struct job { int number; };

/* Beside callbacks: scoped, and not. */
int each(visit *f BH_CALLBACK BH_SCOPED, void *user BH_USER BH_NULLABLE) BH_ON_ERROR(-1);
int both(visit *f BH_CALLBACK BH_SCOPED, done *d BH_CALLBACK, void *user BH_USER) BH_ON_ERROR(-1);
int on(int event, visit *f BH_CALLBACK BH_NULLABLE, void *user BH_USER) BH_ON_ERROR(-1);
int on_done(done *f BH_CALLBACK, void *user BH_USER) BH_ON_ERROR(-1);
struct pair { visit *f BH_CALLBACK; void *user BH_USER; };
int pairs(const struct pair *list BH_IN(n), int n) BH_ON_ERROR(-1);
int pair_changes(struct pair *one BH_INOUT1) BH_ON_ERROR(-1);
int get_pair(struct pair *one BH_OUT1) BH_ON_ERROR(-1);
int sort(void **items BH_INOUT(n) BH_OF("user"), int n, order *by BH_CALLBACK BH_SCOPED) BH_ON_ERROR(-1);
/* By their names. */
int files(opener *open BH_CALLBACK, closer *close BH_CALLBACK) BH_ON_ERROR(-1);
int attach(void *f BH_USER_OF(file)) BH_ON_ERROR(-1);
int attach_now(void *f BH_USER_OF(file) BH_SCOPED, void *other BH_USER_OF(other)) BH_ON_ERROR(-1);
/* By their type. */
int set_job(struct job *j BH_USER BH_NULLABLE) BH_ON_ERROR(-1);
struct job *get_job(void) BH_RESULT("user nullable");

/* What the library does next: calls what it was given with any number at all. */
enum { EVENT_0, EVENT_1, DONE, CLOSE, OPEN };
long last(void);            /* the number that it got last */
void use(long number);      /* instead of what it got, in what follows; 0: the right one; NOTHING: NULL */
#define NOTHING (-0x7fffffffL)
int fire(int event) BH_ON_ERROR(-1);
int nest(visit *f BH_CALLBACK BH_SCOPED, void *user BH_USER) BH_ON_ERROR(-1);
const char *label(int n) BH_RESULT("string keep");
int labels(const char **list BH_OUT(n) BH_OF("string"), int n) BH_ON_ERROR(-1); /* empty ones */

#ifdef USERS_THREADS
/* On a thread of the library's, which may last beyond the call; patient: does not return before a thread is in the function. */
int later(closer *close BH_CALLBACK, void *file BH_USER_OF(file) BH_SCOPED, int patient) BH_ON_ERROR(-1);
int join(void) BH_ON_ERROR(-1);
#endif
#endif
