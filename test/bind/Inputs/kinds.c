/* The library, well behaved. */
#include "kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef sum

struct box { int value; void *user; char payload[8]; };

long sum(const int *values, size_t count) { long s = 0; for (size_t n = 0; n < count; n++) s += values[n]; return s; }
unsigned checksum(const void *data, unsigned rows, unsigned width) {
    unsigned s = 0;
    for (unsigned n = 0; n < rows * width + 1; n++) s += ((const unsigned char *)data)[n];
    return s;
}
void fill(int *to, int n, int value) { for (int k = 0; k < n; k++) to[k] = value + k; }
int half(char *to, int room, int want) { (void)room; if (want < 0) return want; memset(to, 'h', (size_t)want); return want; }
void twice(double *values, unsigned char n) { for (int k = 0; k < n; k++) values[k] *= 2; }
int encode(const char *from, size_t size, char *to, size_t *room) {
    if (*room < 2 * size) return -2;
    for (size_t n = 0; n < size; n++) to[2 * n] = to[2 * n + 1] = from[n];
    *room = 2 * size;
    return 0;
}
int dot(const int a[3], struct point b[], int rows[][2], int n) {
    int s = 0;
    for (int k = 0; k < n; k++) { s += a[0] * b[k].x + a[2] * b[k].y; rows[k][0] = k; rows[k][1] = b[k].x; b[k].x = 0; }
    return s;
}
bool split(double value, double *whole, float *part) {
    if (whole) *whole = (double)(long)value;
    *part = (float)(value - (double)(long)value);
    return value > 0;
}
size_t length(const char *text) { return text ? strlen(text) : 999; }
char *version(void) { return "kinds 1.0"; }
const char *greeting(const char *name) { static char text[64]; snprintf(text, sizeof text, "hello %s", name); return text; }
const char *color_name(color_t color) { return color == RED ? "red" : color == BLUE ? "blue" : NULL; }
char *copy_of(const char *text) { return strdup(text); }
void copy_free(char *copy) { free(copy); }
int describe(int number, char *to, size_t room) { return snprintf(to, room, "number %d", number); }
int *range(int from, int to, unsigned *count) {
    static int numbers[100];
    if (to < from) { *count = 0; return NULL; }
    for (*count = 0; from + (int)*count < to; ++*count) numbers[*count] = from + (int)*count;
    return numbers;
}
int render(unsigned char **image, size_t *size) { *size = 1000; *image = malloc(*size); memset(*image, 7, *size); return 0; }
struct point mirrored(struct point p) { return (struct point){p.y, p.x}; }
struct wide shifted(struct wide w, int by) { return (struct wide){w.a + by, w.b + by, w.c + by}; }
void move(struct shape *shape, int dx) { for (int n = 0; n < 3; n++) shape->corner[n].x += dx; shape->weight /= 2; shape->color = BLUE; }
int area(const struct shape *shapes, int n) { int s = 0; for (int k = 0; k < n; k++) s += shapes[k].corner[2].y * (int)shapes[k].weight; return s; }
const struct shape *unit_shape(void) { static const struct shape unit = {GREEN, {{0, 0}, {1, 0}, {0, 1}}, 1.5}; return &unit; }
int total_score(const struct person *people, int n) {
    int s = 0;
    for (int k = 0; k < n; k++) {
        s += (int)strlen(people[k].name) + (people[k].secret != NULL) * 1000;
        for (unsigned j = 0; j < people[k].count; j++) s += people[k].scores[j];
    }
    return s;
}
int team_size(struct team team) { return (int)strlen(team.lead.name) * 100 + team.tag[0] + (team.names[0] != NULL) + (team.names[1] != NULL); }
int best(const struct person *people, int n, struct person *winner) {
    static int scores[4] = {9, 8, 7, 6};
    *winner = (struct person){.name = people[n - 1].name ? "winner" : "", .scores = scores, .count = 4};
    return n;
}
int all_people(struct person *people, int n) {
    static int scores[2] = {5, 6};
    for (int k = 0; k < n; k++) people[k] = (struct person){k ? "next" : "first", scores, 2, NULL};
    return n;
}
int gather(const struct vector *parts, int n) { for (int k = 0; k < n; k++) memset(parts[k].base, 'a' + k, parts[k].size); return n; }
/* Whether all padding is zero: nothing of the host's comes along. */
static int clean(const struct gaps *g) {
    struct gaps known;
    memset(&known, 0, sizeof known);
    known.a = g->a, known.b = g->b, known.f = g->f, known.g = g->g, known.h = g->h;
    for (int n = 0; n < 2; n++) known.e[n].c = g->e[n].c, known.e[n].d[0] = g->e[n].d[0], known.e[n].d[1] = g->e[n].d[1];
    return !memcmp(&known, g, sizeof known) && g->a == 1 && g->b == 2 && g->e[1].c == 3 && g->e[1].d[1] == 4 && g->f == 5 && g->g == 300 && g->h == 6;
}
int gaps_clean(const struct gaps *one, struct padded two, struct gaps *three) {
    struct padded known;
    memset(&known, 0, sizeof known);
    known.a = two.a, known.b = two.b, known.c.c = two.c.c, known.c.d[0] = two.c.d[0], known.c.d[1] = two.c.d[1];
    int c = clean(one) + 2 * (!memcmp(&known, &two, sizeof known) && two.a == 1 && two.c.d[1] == 2) + 4 * clean(three); three->b = 77;
    return c;
}
int rename_person(struct person *person) { person->name = "renamed"; person->count = 1; return person->scores[0]; }
box *box_new(int value) { box *b = calloc(1, sizeof *b); b->value = value; return b; }
int box_open(box **result, int value) { *result = box_new(value); return 0; }
int box_value(const box *b) { return b ? b->value : -1; }
void box_free(box *b) { free(b); }
void *box_payload(box *b) { return b->payload; }
void box_set_user(box *b, void *user) { b->user = user; }
void *box_get_user(box *b) { return b->user; }
int box_sum(box *const *boxes, unsigned n) { int s = 0; for (unsigned k = 0; k < n; k++) s += boxes[k]->value; return s; }
int words(const char *const *list, int n) { int s = 0; for (int k = 0; k < n; k++) s += list[k] ? (int)strlen(list[k]) : 100; return s; }
int pick(const char **result, int which) { *result = which ? "other" : "one"; return which; }
int each(visit *function, void *user) {
    static const int values[3] = {1, 2, 3};
    char name[16] = "item";
    int s = 0;
    for (int n = 0; n <= 3; n++) { name[4] = (char)('0' + n); s += function(user, name, values, n); }
    return s;
}
void sort(int *values, size_t n, int (*compare)(const int *a, const int *b)) {
    qsort(values, n, sizeof *values, (int (*)(const void *, const void *))compare);
}
struct point apply(map_point map, struct point p) { return map ? map(p, (struct wide){1, 2, 3}) : p; }
long read_all(reader read, void *user) {
    char part[10];
    long s = 0;
    for (int n; (n = read(user, part, sizeof part)) > 0;) for (int k = 0; k < n; k++) s += part[k];
    return s;
}
int count_ticks(tick tick, int n) { int counter = 100; for (int k = 0; k < n; k++) tick(&counter); return counter; }
int stream_start(struct stream *s) { s->state = box_new(0); s->message = NULL; return 0; }
int stream_step(struct stream *s) {
    static struct stream *place;
    if (s->state->value++ == 0) place = s;
    if (place != s) return -1; /* it has moved */
    while (s->avail_in && s->avail_out) { *s->next_out++ = (unsigned char)(*s->next_in++ + 1); s->avail_in--; s->avail_out--; }
    s->message = s->avail_in ? "more room" : "more input";
    return s->state->value;
}
int stream_end(struct stream *s) { box_free(s->state); s->state = NULL; return 0; }
double mixed(signed char a, unsigned char b, short c, unsigned short d, long long e, float f, bool g, color_t h, long double i) {
    return a + b * 2 + c * 4 + d * 8 + (double)e + f + g + (int)h + (double)i;
}
int crash(void) { return *(volatile int *)16; }
void spin(void) { for (volatile int n = 0;; n++) ; }
