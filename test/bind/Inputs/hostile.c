/* The same library in an attacker's hands: each function breaks a contract in the way that the host asked for last. */
#include "kinds.h"

#include <stdlib.h>
#include <string.h>

#undef sum

static int how;
void hostile(int what) { how = what; }

static char *outside(void) { return (char *)((((uintptr_t)&how >> 32) + 3) << 32); }      /* another slot */
static char *guard(void) { return (char *)((((uintptr_t)&how >> 32) << 32) + 64); }          /* not mapped */
static char *slot_end(void) { return (char *)((((uintptr_t)&how >> 32) << 32) + 0xffffffff); }
static char endless[3 << 20]; /* longer than any string may be */

static char *evil(void) {
    switch (how) {
    case 1: return outside();
    case 2: return guard();
    case 3: return slot_end();
    case 4: memset(endless, 'x', sizeof endless); return endless;
    case 5: return NULL;
    case 6: return (char *)0x7fffffffe000;       /* the host's stack, perhaps */
    case 7: return (char *)0x8000000000000000;
    default: return "harmless";
    }
}

char *version(void) { return evil(); }
const char *greeting(const char *name) { (void)name; return evil(); }
const char *color_name(color_t color) { (void)color; return evil(); }
char *copy_of(const char *text) { return how ? evil() : strdup(text); }
int describe(int number, char *to, size_t room) { (void)number; memset(to, 'x', room); return -1; }
int *range(int from, int to, unsigned *count) { (void)from, (void)to; *count = how == 8 ? 0xffffffff : 5; return how == 8 ? (int *)endless : (int *)evil(); }
int render(unsigned char **image, size_t *size) { *size = how == 8 ? (size_t)-1 : 100; *image = (unsigned char *)evil(); return 0; }
int half(char *to, int room, int want) { (void)to; return how == 9 ? room + 1 : want; }
int encode(const char *from, size_t size, char *to, size_t *room) { (void)from, (void)size, (void)to; *room = how == 8 ? (size_t)-1 : *room + 1; return 0; }
const struct shape *unit_shape(void) { return (const struct shape *)evil(); }
int best(const struct person *people, int n, struct person *winner) {
    (void)people, (void)n;
    winner->name = how < 8 ? evil() : "fine";
    winner->scores = (int *)endless;
    winner->count = how == 8 ? 0xffffffff : 1;
    return 0;
}
int all_people(struct person *people, int n) {
    for (int k = 0; k < n; k++) people[k] = (struct person){"x", (int *)endless, sizeof endless / sizeof(int), NULL};
    return n;
}
int rename_person(struct person *person) { person->name = how < 8 ? evil() : person->name; person->count += how == 8; return 0; }
box *box_new(int value) { (void)value; return (box *)evil(); }
int box_open(box **result, int value) { (void)value; *result = (box *)evil(); return 0; }
void *box_get_user(box *b) { (void)b; return how == 8 ? (void *)77 : evil(); }
int pick(const char **result, int which) { (void)which; *result = evil(); return 0; }
int box_value(const box *b) { return (int)(uintptr_t)b; }
void box_set_user(box *b, void *user) { (void)b, (void)user; }
int stream_start(struct stream *s) {
    switch (how) {
    case 1: s->next_in = (unsigned char *)outside(); break;
    case 2: s->next_in--; break;
    case 3: s->next_out += s->avail_out + 1; break;
    case 4: s->avail_out++; break;              /* the host would believe that its buffer is larger */
    case 5: s->next_in += 2; break;             /* moved on, but nothing was used up */
    case 6: s->message = endless; memset(endless, 'x', sizeof endless); break;
    case 7: s->state = (box *)outside(); break;
    case 8: s->next_in = NULL; s->avail_in = 0; break;
    case 9: s->next_in = (unsigned char *)4; s->avail_in = 4; break; /* where the host had NULL */
    case 10: s->avail_in = 4; break;
    default: break;
    }
    return 1;
}

static visit *kept;
static void *kept_user;
static char name[] = "name";
static int values[4] = {1, 2, 3, 4};
/* Called back by the host in the middle of its callback: changes what it was given. */
void spin(void) {
    if (how == 11) {
        memset(name, 'z', sizeof name); /* no NUL any more */
        memset(values, 0xff, sizeof values);
        return;
    }
    for (volatile int n = 0;; n++) ;
}
int each(visit *function, void *user) {
    kept = function;
    kept_user = user;
    switch (how) {
    case 1: return function(user, outside(), values, 4);
    case 4: return function(user, evil(), values, 4);
    case 8: return function(user, name, values, -1);
    case 9: return function(user, name, (int *)slot_end(), 100);
    case 10: return function((void *)12345, name, values, 4);  /* a pointer that the host never gave */
    case 12: return function(user, name, values, 0x7fffffff);
    case 13: return function(outside(), name, values, 4);
    default: return function(user, name, values, 4);
    }
}
/* Calls functions that are not, or no longer, registered. */
static int (*scoped)(const int *a, const int *b);
void sort(int *v, size_t n, int (*compare)(const int *a, const int *b)) { (void)n; scoped = compare; v[0] = compare(&v[0], &v[1]); }
int crash(void) {
    if (how == 14) return scoped(values, values);
    if (how == 15) return ((int (*)(int))((((uintptr_t)&how >> 32) << 32) + 0x11040 + 32 * 500))(1);
    if (how == 16) return ((int (*)(int))outside())(1);
    if (how == 17) exit(3);
    if (how == 18) abort();
    return kept(kept_user, name, values, 4);
}
long read_all(reader read, void *user) { return how == 9 ? read(user, outside(), 10) : read(user, (char *)values, 0x7fffffff); }
int count_ticks(tick tick, int n) { (void)n; tick(how == 1 ? (int *)outside() : (int *)guard()); return 0; }
