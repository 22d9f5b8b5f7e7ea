/* Uses the library as any host would: compiled against the wrapper it runs isolated, with -DNATIVE against the library. */
#ifdef NATIVE
#include "kinds.h"
#else
#include "kinds_bind.h"
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d: %s\n", __LINE__, #what)))

static void sizes(void) {
    int values[100], out[5] = {0};
    double d[3] = {1, 2.5, -3};
    char text[17] = "................", pair[8];
    size_t room = sizeof pair;
    for (int n = 0; n < 100; n++) values[n] = n;
    CHECK(sum(values, 100) == 4950);
    CHECK((sum)(values, 3) == 3 && sum(NULL, 0) == 0);
    CHECK(checksum("abcdefg", 2, 3) == 'a' + 'b' + 'c' + 'd' + 'e' + 'f' + 'g');
    fill(out, 4, 10);
    CHECK(out[0] == 10 && out[3] == 13 && out[4] == 0);
    CHECK(half(text, 8, 3) == 3 && !memcmp(text, "hhh.............", 16));
    CHECK(half(text, 8, -3) == -3 && text[3] == '.');
    twice(d, 2);
    CHECK(d[0] == 2 && d[1] == 5 && d[2] == -3);
    CHECK(encode("abc", 3, pair, &room) == 0 && room == 6 && !memcmp(pair, "aabbcc", 6));
    CHECK(encode("abcdef", 6, pair, &room) == -2 && room == 6);
    struct point points[2] = {{1, 2}, {3, 4}};
    int rows[2][2], three[3] = {1, 0, 10};
    CHECK(dot(three, points, rows, 2) == 64 && points[1].x == 0 && rows[1][0] == 1 && rows[1][1] == 3);
    float part = 0;
    double whole = 0;
    CHECK(split(2.5, &whole, &part) && whole == 2 && part == 0.5f);
    CHECK(!split(-1.25, NULL, &part) && part == -0.25f);
    /* More than the scratch memory holds. */
    int *many = calloc(200000, sizeof *many);
    fill(many, 200000, 1);
    CHECK(many[199999] == 200000 && sum(many, 200000) == 20000100000L);
    free(many);
}

static void strings(void) {
    char text[32];
    unsigned count = 99;
    CHECK(length("four") == 4 && length("") == 0 && length(NULL) == 999);
    char *first = version();
    CHECK(!strcmp(first, "kinds 1.0") && version() == first);
    CHECK(!strcmp(greeting("you"), "hello you") && !strcmp(greeting("me"), "hello me"));
    CHECK(!strcmp(color_name(RED), "red") && !strcmp(color_name(BLUE), "blue") && !color_name(GREEN));
    char *copy = copy_of("mine");
    CHECK(!strcmp(copy, "mine"));
    copy_free(copy);
    CHECK(describe(17, text, sizeof text) == 9 && !strcmp(text, "number 17"));
    int *numbers = range(3, 7, &count);
    CHECK(count == 4 && numbers[0] == 3 && numbers[3] == 6);
    CHECK(!range(3, 2, &count) && count == 0);
    unsigned char *image;
    size_t size;
    CHECK(render(&image, &size) == 0 && size == 1000 && image[0] == 7 && image[999] == 7);
    free(image);
}

static void structures(void) {
    struct point p = mirrored((struct point){3, 4});
    struct wide w = shifted((struct wide){1, 2, 3}, 10);
    struct shape shapes[2] = {{RED, {{1, 1}, {2, 2}, {3, 3}}, 8}, {GREEN, {{0, 0}, {0, 0}, {0, 5}}, 2}};
    CHECK(p.x == 4 && p.y == 3 && w.a == 11 && w.c == 13);
    CHECK(area(shapes, 2) == 34);
    move(&shapes[0], 5);
    CHECK(shapes[0].corner[2].x == 8 && shapes[0].weight == 4 && shapes[0].color == BLUE && shapes[1].weight == 2);
    const struct shape *unit = unit_shape();
    CHECK(unit->color == GREEN && unit->corner[2].y == 1 && unit->weight == 1.5);
    int a[] = {1, 2}, b[] = {10, 20, 30};
    struct person people[2] = {{"ann", a, 2, NULL}, {"bo", b, 3, NULL}}, winner;
    CHECK(total_score(people, 2) == 68);
    struct team team = {people[0], "T", {"x", NULL}};
    CHECK(team_size(team) == 300 + 'T' + 1);
    CHECK(best(people, 2, &winner) == 2 && !strcmp(winner.name, "winner") && winner.count == 4 && winner.scores[3] == 6);
    struct person all[3];
    CHECK(all_people(all, 3) == 3 && !strcmp(all[0].name, "first") && all[2].scores[1] == 6 && all[1].name == all[2].name);
    struct gaps one;
    memset(&one, 0x55, sizeof one); /* what a host's memory holds */
    one.a = 1, one.b = 2, one.e[1].c = 3, one.e[1].d[1] = 4, one.f = 5, one.g = 300, one.h = 6;
    struct gaps three = one;
    struct padded two;
    memset(&two, 0x55, sizeof two);
    two.a = 1, two.c.d[1] = 2;
#ifndef NATIVE
    CHECK(gaps_clean(&one, two, &three) == 7);
    CHECK(three.b == 77 && three.e[1].d[1] == 4 && three.g == 300 && three.h == 6);
#else
    (void)two, (void)three;
#endif
    char part[2][4] = {"...", "..."};
    struct vector parts[2] = {{part[0], 2}, {part[1], 3}};
    CHECK(gather(parts, 2) == 2 && !strcmp(part[0], "aa.") && !strcmp(part[1], "bbb"));
    CHECK(rename_person(&people[1]) == 10 && !strcmp(people[1].name, "renamed") && people[1].scores == b && people[1].count == 1);
}

static void handles(void) {
    int mine = 0;
    box *b = box_new(11), *c;
    CHECK(box_open(&c, 31) == 0 && box_value(b) == 11 && box_value(c) == 31 && box_value(NULL) == -1);
    CHECK(box_payload(b) && !box_get_user(b));
    box_set_user(b, &mine);
    CHECK(box_get_user(b) == &mine);
    box_set_user(b, NULL);
    CHECK(!box_get_user(b));
    box *both[] = {b, c};
    CHECK(box_sum(both, 2) == 42);
    box_free(b);
    box_free(c);
    const char *list[] = {"a", NULL, "ccc"}, *picked;
    CHECK(words(list, 3) == 104);
    CHECK(pick(&picked, 1) == 1 && !strcmp(picked, "other"));
}

static int visited(void *user, const char *name, const int *values, int n) {
    int *calls = user;
    ++*calls;
    int s = name[4] - '0';
    for (int k = 0; k < n; k++) s += values[k];
    return s + (int)sum(values, (size_t)n); /* the library again, from its own callback */
}
static int down(const int *a, const int *b) { return *b - *a; }
static struct point add(struct point p, struct wide w) { return (struct point){p.x + (int)w.a, p.y + (int)w.c}; }
static int feed(void *user, char *to, int room) {
    int *left = user, n = *left < room ? *left : room;
    memset(to, 2, (size_t)n);
    *left -= n;
    return n;
}
static void up(int *counter) { ++*counter; }

static void callbacks(void) {
    int calls = 0, left = 25, values[] = {3, 9, 1, 7};
    CHECK(each(visited, &calls) == 26 && calls == 4);
    for (int n = 0; n < 2000; n++) sort(values, 4, down);
    CHECK(values[0] == 9 && values[3] == 1);
    struct point p = apply(add, (struct point){10, 20}), q = apply(NULL, p);
    CHECK(p.x == 11 && p.y == 23 && q.x == 11);
    CHECK(read_all(feed, &left) == 50 && left == 0);
    CHECK(count_ticks(up, 5) == 105);
}

static void streams(void) {
    unsigned char in[10] = "abcdefghi", out[10] = {0};
    struct stream s = {in, 5, out, 3, NULL, NULL};
    CHECK(stream_start(&s) == 0 && s.state && !s.message && s.next_in == in);
    CHECK(stream_step(&s) == 1 && s.next_in == in + 3 && s.avail_in == 2 && s.next_out == out + 3 && s.avail_out == 0);
    CHECK(!strcmp(s.message, "more room") && !memcmp(out, "bcd\0", 4));
    char *other = copy_of("something between");
    copy_free(other);
    s.avail_out = 7;
    CHECK(stream_step(&s) == 2 && s.avail_in == 0 && !strcmp((char *)out, "bcdef") && !strcmp(s.message, "more input"));
    CHECK(stream_end(&s) == 0 && !s.state);
    /* Two at a time; a message outlives calls for the other. */
    struct stream a = {in, 9, out, 1, NULL, NULL}, b = {in, 1, out, 9, NULL, NULL};
    stream_start(&a);
    stream_start(&b);
    int first = stream_step(&a);
    for (int n = 0; n < 5; n++) stream_end(&b), stream_start(&b);
    CHECK(first == 1 && !strcmp(a.message, "more room"));
    b.message = NULL;
    stream_end(&b);
    CHECK(!strcmp(a.message, "more room"));
    stream_end(&a);
}

static void numbers(void) {
    CHECK(mixed(-1, 200, -300, 60000, -5000000000LL, 0.5f, true, BLUE, 2.25L) == -1 + 400 - 1200 + 480000 - 5e9 + 0.5 + 1 - 1 + 2.25);
    CHECK(plus_one(KINDS_ANSWER) == 43);
}

int main(int argc, char **argv) {
    int rounds = 1;
#ifndef NATIVE
    bh_bind_options options = {.struct_size = sizeof options, .per_thread = argc > 2};
    if (argc < 2 || kinds_bind_open(argv[1], &options)) {
        printf("open: %s\n", bh_last_error()->text);
        return 1;
    }
    rounds = 3;
#else
    (void)argc, (void)argv;
#endif
    for (int n = 0; n < rounds; n++) {
        sizes();
        strings();
        structures();
        handles();
        callbacks();
        streams();
        numbers();
    }
#ifndef NATIVE
    CHECK(kinds_bind_error()->kind == BH_BIND_OK);
    if (kinds_bind_error()->kind)
        printf("error: %s\n", kinds_bind_error()->text);
    CHECK(kinds_bind_close() == BH_OK);
#endif
    printf("%u failures\n", failures);
    return failures != 0;
}
