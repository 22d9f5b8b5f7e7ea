#define LIBRARY
#include "accepted.h"
#include <stdlib.h>
#include <string.h>

/* FAILS: a library that stops in each of these. */
#ifdef FAILS
#define MAY_FAIL abort()
#else
#define MAY_FAIL (void)0
#endif

int f_function(int n, int visit(int)) { return visit(n) + visit(n + 1); }
int f_typedef(int n, unary visit) { return visit(n) * 2; }
int f_pointer(int n, unary *const visit) { return visit(n) * 3; }
static int own(int x) { return x * 100; }
int f_nested(int n, int visit(int x, unary *opaque)) { return visit(n, own); }
int f_by_typedef(int x) { return x + 1; }
int f_parentheses(int x) { return x + 2; }
int (*f_gives(int which))(int) { return which ? own : NULL; }
int f_takes_back(int (*handle)(int)) { return handle ? handle(3) : -1; }

static int sum(const volatile int *a, int n) { int s = 0; while (n--) s = s * 10 + a[n]; return s; }
int a_plain(int a[], int n) { return sum(a, n); }
int a_sized(int a[3]) { return sum(a, 3); }
int a_qualified(const int a[restrict static 3]) { return sum(a, 3); }
int a_typedef(three a) { a[1]++; return sum(a, 3); }
int a_const_typedef(const_three a) { return sum(a, 3); }
int a_const_of_typedef(const three a) { return sum(a, 3); }
int a_rows(int a[][3], int n) { a[n - 1][2] += 5; return sum(a[0], n * 3); }
int a_row_pointer(int (*a)[3], int n) { a[n - 1][1] += 5; return sum(a[0], n * 3); }
int a_typedef_rows(three *a, int n) { a[n - 1][0] += 5; return sum(a[0], n * 3); }
int a_volatile(volatile int *a, int n) { a[0] = 9; return sum(a, n); }
int a_restrict(int *restrict a, int n) { return sum(a, n); }

int n_label(int x) { return x * 7; }
int n_unnamed(int a, const char *b, int c[]) { return a + (int)strlen(b) * 10 + sum(c, 2) * 100; }
int n_bh_c(int a, int b, int c, int d) { return a + b * 10 + c * 100 + d * 1000; }
int n_static(int x, int value, int t_x, int g_x, int result) { return x + value * 10 + t_x * 100 + g_x * 1000 + result * 10000; }

struct s_anonymous s_anonymous(struct s_anonymous s) { s.a++; s.i ^= 0x55; s.p += s.q; return s; }
int s_hole(struct s_hole *s, int n) { for (int k = 0; k < n; k++) s[k].i += s[k].a + s[k].b; return s[n - 1].i; }
int s_holes(struct s_holes *s) { s->b++; return s_hole(s->in, 2); }
struct s_gap s_gap(struct s_gap s) { s.i += s.a + s.c; return s; }
union u_mixed u_mixed(union u_mixed u) { u.m ^= 0xff00ff; return u; }
struct s_union s_union(struct s_union s) { s.u.a++; s.rest[2] = 9; return s; }
union u_small u_small(union u_small u, int x) { u.s = (unsigned short)(u.s + x); return u; }
int s_inner(struct s_inner s) { return s.one.x + s.one.c + s.two[1].x * 10 + (int)s.l; }
int s_inner_pointer(struct s_inner *s) { s->two[0].x = 77; return s_inner(*s); }
vector3 s_floats(vector3 a, vector3 b) { return (vector3){a.x + b.x, a.y - b.y, a.z * b.z}; }
mixed s_mixed(mixed m) { return (mixed){m.i, (int)m.d}; }
struct s_big s_big(struct s_big a, int i, struct s_big b) { for (int n = 0; n < 5; n++) a.v[n] = a.v[n] * i - b.v[4 - n]; return a; }
struct s_long_double s_long_double(struct s_long_double a) { a.l = a.l * 3 - 1; return a; }
int s_const(struct s_const s) { return s.c * 10 + s.d; }
struct s_array s_array(struct s_array s) { short t = s.v[0]; s.v[0] = s.v[2]; s.v[2] = t; return s; }
int s_qualified(const struct s_qualified s, const int x) { return s.v + x; }
enum e_plain e_all(enum e_plain a, enum e_big b, e_typedef c) { return a == E_A && b == E_BIG && c == E_T ? E_B : E_A; }
enum e_big e_big(void) { return E_BIG; }
struct s_enum s_enum(struct s_enum s) { s.p = s.p == E_A ? E_B : E_A; return s; }

long double x_long_double(long double a, int b) { return a / b; }
bool x_bool(bool a, bool b) { return a && !b; }
char x_char(char a, signed char b, unsigned char c) { return (char)(a + b - c); }
short x_short(short a, unsigned short b) { return (short)(a + b); }
wchar_t x_wide(wchar_t a) { return a + 1; }
long long x_long(long long a, unsigned long long b, unsigned long c) { return a + (long long)(b >> 3) - (long long)c; }
float x_many(float a, double b, int c, float d, double e, int f, float g, double h, int i, float j, double k, int l, float m, double n,
             int o, float p, double q, int r, int s, int t) {
    return a + (float)b * 2 + (float)c * 3 + d * 4 + (float)e * 5 + (float)f * 6 + g * 7 + (float)h * 8 + (float)i * 9 + j * 10 + (float)k * 11 + (float)l * 12 + m * 13 + (float)n * 14 +
           (float)o * 15 + p * 16 + (float)q * 17 + (float)r * 18 + (float)s * 19 + (float)t * 20;
}
int x_bool_out(bool *b, int n) { for (int k = 0; k < n; k++) b[k] = k % 3 == 0; return n; }

int p_bits(struct p_bits *b) { b->a--; b->c = 0x12345; return b->a + b->b; }
int p_packed(struct p_packed *p) { p->i += p->c; return p->i; }
int p_pragma(struct p_pragma *p, int n) { for (int k = 0; k < n; k++) p[k].i += p[k].c; return p[n - 1].i; }
int p_aligned(struct p_aligned *p) { p->i *= 2; return p->c; }
int p_int128(__int128 *v, int n) { for (int k = 0; k < n; k++) v[k] = v[k] * v[k] + 1; return n; }
int p_volatile_struct(volatile struct p_bits *b) { return b->a + b->b * 10; }
int p_vector_in(p_vector *v, int n) { for (int k = 0; k < n; k++) v[k] += v[k]; return n; }
int p_vectors(const struct p_vectors *v) { return (int)v->v[3] + v->i; }
int p_complex(double _Complex *z) { *z = *z * *z; return 1; }
int p_half(_Float16 *h, int n) { _Float16 first = h[0]; h[0] = h[n - 1]; h[n - 1] = first; return n; }
int p_atomic(_Atomic(int) *a) { return ++*a; }
struct p_opaque { int x; };
struct p_opaque *p_opaque(struct p_opaque *o, void **list, int n) {
    static struct p_opaque one;
    if (n && list[0] != o) abort();
    return o ? o : &one;
}

const char *h_returns_nonnull(int n) { MAY_FAIL; static const char *const t[] = {"zero", "one"}; return t[n]; }
void *h_malloc(size_t n) { MAY_FAIL; void *p = aligned_alloc(64, (n + 63) & ~(size_t)63); memset(p, 'm', n); return p; }
int h_pure(int n) { MAY_FAIL; return n + 1; }
int h_const(int n) { MAY_FAIL; return n + 2; }
int h_nonnull(const int *p) { MAY_FAIL; return *p; }
int h_leaf(int n) { MAY_FAIL; return n + 3; }
int h_weak(int n) { return n + 4; }
int h_target(int n) { return n + 5; }
int h_section(int n) { return n + 6; }
int h_constructor(void) { return 7; }
int h_access(const char *p) { return p[0]; }
int h_later(int n) { MAY_FAIL; return n + 8; }
int h_for_gcc(int n) { MAY_FAIL; return n + 9; }
const char *h_by_typedef(int n) { MAY_FAIL; return n ? "typedef" : ""; }
int k_known(int n) { return n + 10; }
