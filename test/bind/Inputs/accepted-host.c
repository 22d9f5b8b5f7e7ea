/* Prints what the library does with values; the same natively and isolated. */
#ifdef NATIVE
#include "accepted.h"
#else
#include "accepted_bind.h"
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int square(int x) { return x * x; }
static int with_opaque(int x, unary *opaque) { return x + (opaque != NULL) * 1000; }
static void bytes(const char *what, const void *at, size_t size) {
    printf("%s", what);
    for (size_t n = 0; n < size; n++)
        printf(" %02x", ((const unsigned char *)at)[n]);
    printf("\n");
}
#define PRINT(call) printf("%s = %lld\n", #call, (long long)(call))

static void functions(void) {
    PRINT(f_function(3, square));
    PRINT(f_typedef(4, square));
    PRINT(f_pointer(5, square));
    PRINT(f_nested(6, with_opaque));
    PRINT(f_by_typedef(7));
    PRINT(f_parentheses(8));
    PRINT(f_takes_back(f_gives(1)));
    PRINT(f_gives(0) == NULL);
    PRINT(n_label(6));
    PRINT(n_unnamed(1, "abc", (int[]){4, 5}));
    PRINT(n_bh_c(1, 2, 3, 4));
    PRINT(n_static(1, 2, 3, 4, 5));
}

static void arrays(void) {
    int a[6] = {1, 2, 3, 4, 5, 6}, b[2][3] = {{1, 2, 3}, {4, 5, 6}};
    PRINT(a_plain(a, 6));
    PRINT(a_sized(a));
    PRINT(a_qualified(a));
    PRINT(a_typedef(a));
    PRINT(a_const_typedef(a));
    PRINT(a_const_of_typedef(a));
    PRINT(a_rows(b, 2));
    PRINT(a_row_pointer(b, 2));
    PRINT(a_typedef_rows(b, 2));
    PRINT(a_volatile(a, 2));
    PRINT(a_restrict(a, 3));
    bytes("a", a, sizeof a);
    bytes("b", b, sizeof b);
}

static void structures(void) {
    struct s_anonymous a = {.a = 1, .i = 0x1234, .p = 3, .q = 4};
    a = s_anonymous(a);
    bytes("s_anonymous", &a, sizeof a);
    struct s_hole hole[2] = {{1, {2}, 3, 4, 1}, {5, {6}, 7, 8, 2}};
    PRINT(s_hole(hole, 2));
    PRINT(hole[0].i);
    struct s_holes holes = {1, {hole[0], hole[1]}, 9};
    PRINT(s_holes(&holes));
    PRINT(holes.in[1].i * 100 + holes.b);
    PRINT(s_gap((struct s_gap){1, {2}, 3}).i);
    union u_mixed m = u_mixed((union u_mixed){.d = 2.5});
    bytes("u_mixed", &m, sizeof m);
    struct s_union u = s_union((struct s_union){{.b = 6}, {1, 2, 3, 4}});
    bytes("s_union", &u, sizeof u);
    PRINT(u_small((union u_small){.s = 0x1fe}, 3).s);
    struct s_inner inner = {{1, 2}, {{3, 4}, {5, 6}}, 7};
    PRINT(s_inner(inner));
    PRINT(s_inner_pointer(&inner));
    PRINT(inner.two[0].x);
    vector3 v = s_floats((vector3){1, 2, 3}, (vector3){0.5f, 0.25f, 8});
    bytes("s_floats", &v, sizeof v);
    mixed x = s_mixed((mixed){2.9, -4});
    printf("s_mixed %g %d\n", x.d, x.i);
    struct s_big big = s_big((struct s_big){{1, 2, 3, 4, 5}}, 3, (struct s_big){{5, 4, 3, 2, 1}});
    bytes("s_big", &big, sizeof big);
    printf("s_long_double %.15Lg\n", s_long_double((struct s_long_double){2.25L}).l);
    PRINT(s_const((struct s_const){4, 5}));
    PRINT(s_array((struct s_array){{1, 2, 3}}).v[0]);
    PRINT(s_qualified((struct s_qualified){40}, 2));
    PRINT(e_all(E_A, E_BIG, E_T));
    PRINT(e_big());
    PRINT(s_enum((struct s_enum){E_T, E_A}).p);
}

static void numbers(void) {
    bool b[7];
    printf("x_long_double %.18Lg\n", x_long_double(1.0L, 3));
    PRINT(x_bool(true, false));
    PRINT(x_char(-100, -100, 250));
    PRINT(x_short(-30000, 65535));
    PRINT(x_wide(L'x'));
    PRINT(x_long(-5, ~0ULL, 1UL << 63));
    printf("x_many %g\n", (double)x_many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20));
    PRINT(x_bool_out(b, 7));
    bytes("b", b, sizeof b);
}

static void pointers(void) {
    struct p_bits bits = {2, 3, 4};
    struct p_packed packed = {5, 6};
    struct p_pragma pragma[2] = {{1, 2}, {3, 4}};
    struct p_aligned aligned = {'x', 21};
    __int128 wide[2] = {(__int128)1 << 60, -3};
    p_vector vector[2] = {{1, 2, 3, 4}, {5, 6, 7, 8}};
    struct p_vectors vectors = {{1, 2, 3, 4}, 5};
    double _Complex z = 1.5 + 2i;
    _Float16 half[2] = {1.5, -2};
    _Atomic(int) atom = 8;
    PRINT(p_bits(&bits));
    PRINT(bits.c);
    PRINT(p_packed(&packed));
    PRINT(p_pragma(pragma, 2));
    PRINT(pragma[0].i);
    PRINT(p_aligned(&aligned));
    PRINT(aligned.i);
    PRINT(p_int128(wide, 2));
    bytes("wide", wide, sizeof wide);
    PRINT(p_volatile_struct(&bits));
    PRINT(p_vector_in(vector, 2));
    bytes("vector", vector, sizeof vector);
    PRINT(p_vectors(&vectors));
    PRINT(p_complex(&z));
    bytes("z", &z, sizeof z);
    PRINT(p_half(half, 2));
    bytes("half", half, sizeof half);
    PRINT(p_atomic(&atom));
    PRINT(atom);
    struct p_opaque *o = p_opaque(NULL, NULL, 0);
    PRINT(p_opaque(o, (void *[]){o}, 1) == o);
}

static void promises(void) {
    puts(h_returns_nonnull(1));
    bytes("h_malloc", h_malloc(5), 5);
    PRINT(h_pure(1));
    PRINT(h_const(1));
    PRINT(h_nonnull(&(int){6}));
    PRINT(h_leaf(1));
    PRINT(h_weak(1));
    PRINT(h_target(1));
    PRINT(h_section(1));
    PRINT(h_access("x"));
    PRINT(h_later(1));
    PRINT(h_for_gcc(1));
    puts(h_by_typedef(1));
    PRINT(k_known(1));
}

#ifndef NATIVE
/* The host's own: the library's symbols are not names in the host. */
int accepted_other_name(void);
int accepted_other_name(void) { return 99; }

static unsigned failures;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d: %s\n", __LINE__, #what)))
static bool failed(void) {
    bool is = accepted_bind_error()->kind == BH_BIND_CALL;
    accepted_bind_clear_error();
    if (accepted_bind_restart(accepted_bind_default()))
        abort();
    return is;
}
/* The compiler sees every one of these calls and must not know better. */
static void failing(void) {
    const char *text = h_returns_nonnull(1);
    if (text)
        CHECK(text == NULL);
    CHECK(failed());
    CHECK(h_malloc(64) == NULL && failed());
    (void)h_pure(1);
    CHECK(failed());
    h_const(1); /* nobody uses the result, or it is that of before */
    CHECK(failed());
    CHECK(h_const(1) == 0 && failed() && h_const(1) == 0 && failed());
    CHECK(h_nonnull(NULL) == 0 && accepted_bind_error()->kind == BH_BIND_HOST);
    accepted_bind_clear_error();
    (void)h_later(1);
    CHECK(failed());
    h_for_gcc(1);
    CHECK(failed());
    text = h_by_typedef(1);
    if (text)
        CHECK(text == NULL);
    CHECK(failed());
    printf("%u failures\n", failures);
}
#endif

int main(int argc, char **argv) {
    (void)argc, (void)argv;
#ifndef NATIVE
    if (argc < 2 || accepted_bind_open(argv[1], NULL))
        return printf("open: %s\n", bh_last_error()->text), 1;
    if (argc > 2)
        return failing(), failures != 0;
#endif
    functions();
    arrays();
    structures();
    numbers();
    pointers();
    promises();
#ifndef NATIVE
    if (accepted_bind_error()->kind)
        return puts(accepted_bind_error()->text), 1;
#endif
    return 0;
}
