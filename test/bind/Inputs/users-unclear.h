/* Pointers of the host's of which nobody can say where they may come back, and how that is said. */
#include <bulkhead/contracts.h>
typedef int visit(void *user BH_USER);
int two_of_each(visit *f BH_CALLBACK, void *a BH_USER, visit *g BH_CALLBACK, void *b BH_USER);
int only_function(visit *f BH_CALLBACK);
struct ops { int (*read)(void *user BH_USER) BH_CALLBACK; int mode; };
int members(const struct ops *o BH_IN1);
void clear_set_first(void *user BH_USER);
void clear_set_second(void *user BH_USER);
void *get_first(void) BH_RESULT("user");
struct job; struct job *get_job(void) BH_RESULT("user");

typedef int named(void *user BH_USER_OF(a), void *other BH_USER_OF(b));
int clear_two(named *f BH_CALLBACK, void *a BH_USER_OF(a), named *g BH_CALLBACK, void *b BH_USER_OF(b));
int clear_function(named *f BH_CALLBACK);
struct run { int (*step)(void *user BH_USER) BH_CALLBACK; void *user BH_USER; };
int clear_members(const struct run *r BH_IN1);
void clear_set_a(void *user BH_USER_OF(a));
void *clear_get_a(void) BH_RESULT("user(a)");
struct task; void clear_set_task(struct task *t BH_USER); struct task *clear_get_task(void) BH_RESULT("user");
