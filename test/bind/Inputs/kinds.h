/* One function for each kind of contract. */
#ifndef KINDS_H
#define KINDS_H

#include <bulkhead/contracts.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KINDS_ANSWER 42
enum color { RED, GREEN = 5, BLUE = -1 };
typedef enum color color_t;
struct point { int x, y; };
struct shape { color_t color; struct point corner[3]; double weight; };
struct wide { long a, b, c; };
struct person { const char *name BH_STRING; int *scores BH_IN(count); unsigned count; void *secret BH_ZERO; };
struct team { struct person lead; char tag[4]; const char *names[2] BH_STRING BH_NULLABLE; };
struct vector { void *base BH_OUT_BYTES(size); size_t size; };
struct hole { short c; int d[2]; };
struct padded { char a; long b; struct hole c; };
struct gaps { char a; long b; struct hole e[2]; unsigned f : 3, g : 9; long double h; };
typedef struct box box; /* owned by the library */
struct stream {
    const unsigned char *next_in BH_IN_BYTES(avail_in) BH_CURSOR BH_NULLABLE;
    unsigned avail_in;
    unsigned char *next_out BH_OUT_BYTES(avail_out) BH_CURSOR;
    unsigned avail_out;
    const char *message BH_STRING BH_NULLABLE;
    box *state BH_HANDLE;
};

/* Sizes in other arguments. */
long sum(const int *values BH_IN(count), size_t count);
unsigned checksum(const void *data BH_IN_BYTES(rows * width + 1), unsigned rows, unsigned width);
void fill(int *to BH_OUT(n), int n, int value);
int half(char *to BH_OUT_BYTES(room) BH_USED(result), int room, int want) BH_ON_ERROR(-7);
void twice(double *values BH_INOUT(n), unsigned char n);
int encode(const char *from BH_IN(size), size_t size, char *to BH_OUT(*room) BH_USED(*room), size_t *room BH_INOUT1) BH_ON_ERROR(-1);
typedef int triple[3];
int dot(const triple a BH_IN(3), struct point b[] BH_INOUT(n), int rows[][2] BH_OUT(n), int n);
bool split(double value, double *whole BH_OUT1 BH_NULLABLE, float *part BH_OUT1);

/* Strings. */
size_t length(const char *text BH_STRING BH_NULLABLE);
char *version(void) BH_RESULT("string keep");
const char *greeting(const char *name BH_STRING_MAX(16)) BH_RESULT("string(64)");
const char *color_name(color_t color) BH_RESULT("string nullable");
char *copy_of(const char *text BH_STRING) BH_RESULT("string take");
void copy_free(char *copy BH_DISPOSE);
int describe(int number, char *to BH_OUT(room) BH_STRING, size_t room);

/* Buffers that come out. */
int *range(int from, int to, unsigned *count BH_OUT1) BH_RESULT("out(*count) nullable");
int render(unsigned char **image BH_OUT1 BH_OF("out bytes(*size) take"), size_t *size BH_OUT1) BH_ON_ERROR(-1);

/* Structures. */
struct point mirrored(struct point p);
struct wide shifted(struct wide w, int by);
void move(struct shape *shape BH_INOUT1, int dx);
int area(const struct shape *shapes BH_IN(n), int n);
const struct shape *unit_shape(void) BH_RESULT("out");
int total_score(const struct person *people BH_IN(n), int n);
int team_size(struct team team);
int best(const struct person *people BH_IN(n), int n, struct person *winner BH_OUT1);
int all_people(struct person *people BH_OUT(n), int n);
int gather(const struct vector *parts BH_IN(n), int n);
int gaps_clean(const struct gaps *one BH_IN1, struct padded two, struct gaps *three BH_INOUT1);
int rename_person(struct person *person BH_INOUT1);

/* Handles, and pointers of the host's. */
box *box_new(int value) BH_RESULT("handle");
int box_open(box **result BH_OUT1, int value);
int box_value(const box *b);
void box_free(box *b);
void *box_payload(box *b);
void box_set_user(box *b, void *user BH_USER BH_NULLABLE);
void *box_get_user(box *b) BH_RESULT("user nullable");
int box_sum(box *const *boxes BH_IN(n), unsigned n);

/* Arrays of strings. */
int words(const char *const *list BH_IN(n) BH_OF("string nullable"), int n);
int pick(const char **result BH_OUT1 BH_OF("string keep"), int which);

/* Callbacks. */
typedef int visit(void *user BH_USER, const char *name BH_STRING, const int *values BH_IN(n), int n);
int each(visit *function BH_CALLBACK, void *user BH_USER);
void sort(int *values BH_INOUT(n), size_t n, int (*compare)(const int *a BH_IN1, const int *b BH_IN1) BH_CALLBACK BH_SCOPED);
typedef struct point (*map_point)(struct point p, struct wide w);
struct point apply(map_point map BH_CALLBACK BH_NULLABLE, struct point p);
typedef int (*reader)(void *user BH_USER, char *to BH_OUT_BYTES(room) BH_USED(result), int room);
long read_all(reader read BH_CALLBACK, void *user BH_USER);
typedef void (*tick)(int *counter BH_INOUT1);
int count_ticks(tick tick BH_CALLBACK, int n);

/* A structure that keeps its place. */
int stream_start(struct stream *s BH_INOUT1 BH_PINNED);
int stream_step(struct stream *s BH_INOUT1 BH_PINNED);
int stream_end(struct stream *s BH_INOUT1 BH_PINNED BH_RELEASE);

/* What the numbers of every kind become. */
double mixed(signed char a, unsigned char b, short c, unsigned short d, long long e, float f, bool g, color_t h, long double i);
/* Trouble. */
int crash(void) BH_ON_ERROR(-99);
void spin(void);

static inline int plus_one(int x) { return x + 1; }
#define sum(values, count) sum(values, count)

#endif
