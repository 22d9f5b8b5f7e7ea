/* Ways to declare things that C knows and headers use: a wrapper compiles, and passes what was meant. */
#ifndef ACCEPTED_H
#define ACCEPTED_H

#include <bulkhead/contracts.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>
#ifdef __cplusplus
#define ATOMIC(type) type
#define RESTRICT __restrict
#define QUALIFIED(n) n
extern "C" {
#else
#define ATOMIC(type) _Atomic type
#define RESTRICT restrict
#define QUALIFIED(n) restrict static n
#endif

/* Functions as arguments. */
typedef int unary(int x);
int f_function(int n, int visit(int) BH_CALLBACK);
int f_typedef(int n, unary visit BH_CALLBACK);
int f_pointer(int n, unary *const visit BH_CALLBACK);
int f_nested(int n, int visit(int x, unary *opaque) BH_CALLBACK BH_SCOPED);
unary f_by_typedef;
int (f_parentheses)(int (x));
int (*f_gives(int which))(int);
int f_takes_back(int (*handle)(int) BH_HANDLE);

/* Arrays as arguments. */
typedef int three[3];
typedef const int const_three[3];
int a_plain(int a[] BH_IN(n), int n);
int a_sized(int a[3] BH_IN(3));
int a_qualified(const int a[QUALIFIED(3)] BH_IN(3));
int a_typedef(three a BH_INOUT(3));
int a_const_typedef(const_three a BH_IN(3));
int a_const_of_typedef(const three a BH_IN(3));
int a_rows(int a[][3] BH_INOUT(n), int n);
int a_row_pointer(int (*a)[3] BH_INOUT(n), int n);
int a_typedef_rows(three *a BH_INOUT(n), int n);
int a_volatile(volatile int *a BH_INOUT(n), int n);
int a_restrict(int *RESTRICT a BH_IN(n), int n);

/* Names that nobody expects. */
int n_label(int x) __asm__("accepted_other_name");
int n_unnamed(int, const char * BH_STRING, int [] BH_IN(2));
int n_bh_c(int bh_c, int bh_v, int bh_r, int bh_b);
int n_static(int x, int value, int t_x, int g_x, int result);

/* Structures and unions by value. */
struct s_anonymous { int a; union { int i; float f; }; struct { short p, q; }; };
struct s_anonymous s_anonymous(struct s_anonymous s);
struct s_hole { char a; union { int i; float f; }; char c; long l; unsigned : 3; unsigned b : 2; };
int s_hole(struct s_hole *s BH_INOUT(n), int n);
struct s_holes { char a; struct s_hole in[2]; char b; };
int s_holes(struct s_holes *s BH_INOUT1);
struct s_gap { char a; union { int i; float f; }; char c; };
struct s_gap s_gap(struct s_gap s);
union u_mixed { double d; uint64_t m; unsigned char bytes[8]; };
union u_mixed u_mixed(union u_mixed u);
struct s_union { union { int a; int b; } u; unsigned char rest[4]; };
struct s_union s_union(struct s_union s);
union u_small { unsigned char c; unsigned short s; };
union u_small u_small(union u_small u, int x);
struct s_inner { struct { int x; char c; } one, two[2]; long l; };
int s_inner(struct s_inner s);
int s_inner_pointer(struct s_inner *s BH_INOUT1);
typedef struct { float x, y, z; } vector3;
vector3 s_floats(vector3 a, vector3 b);
typedef struct { double d; int i; } mixed;
mixed s_mixed(mixed m);
struct s_big { int64_t v[5]; };
struct s_big s_big(struct s_big a, int i, struct s_big b);
struct s_long_double { long double l; };
struct s_long_double s_long_double(struct s_long_double a);
struct s_const { const int c; int d; };
int s_const(struct s_const s);
struct s_array { short v[3]; };
struct s_array s_array(struct s_array s);
struct s_qualified { volatile int v; };
int s_qualified(const struct s_qualified s, const int x);
enum e_plain { E_A = -3, E_B = 7 };
enum e_big { E_BIG = 0x100000000 };
typedef enum { E_T = 2 } e_typedef;
enum e_plain e_all(enum e_plain a, enum e_big b, e_typedef c);
enum e_big e_big(void);
struct s_enum { e_typedef t; enum e_plain p; };
struct s_enum s_enum(struct s_enum s);

/* Numbers. */
long double x_long_double(long double a, int b);
bool x_bool(bool a, bool b);
char x_char(char a, signed char b, unsigned char c);
short x_short(short a, unsigned short b);
wchar_t x_wide(wchar_t a);
long long x_long(long long a, unsigned long long b, unsigned long c);
float x_many(float a, double b, int c, float d, double e, int f, float g, double h, int i, float j, double k, int l, float m,
             double n, int o, float p, double q, int r, int s, int t);
int x_bool_out(bool *b BH_OUT(n), int n);

/* By pointer only. */
struct p_bits { int a : 3, b : 5; unsigned c : 20; };
int p_bits(struct p_bits *b BH_INOUT1);
struct p_packed { char c; int i; } __attribute__((packed));
int p_packed(struct p_packed *p BH_INOUT1);
#pragma pack(push, 2)
struct p_pragma { char c; int i; };
#pragma pack(pop)
int p_pragma(struct p_pragma *p BH_INOUT(n), int n);
struct p_aligned { char c __attribute__((aligned(16))); int i; };
int p_aligned(struct p_aligned *p BH_INOUT1);
int p_int128(__int128 *v BH_INOUT(n), int n);
int p_volatile_struct(volatile struct p_bits *b BH_IN1);
typedef float p_vector __attribute__((vector_size(16)));
int p_vector_in(p_vector *v BH_INOUT(n), int n);
struct p_vectors { p_vector v; int i; };
int p_vectors(const struct p_vectors *v BH_IN1);
#ifndef __cplusplus
int p_complex(double _Complex *z BH_INOUT1);
int p_half(_Float16 *h BH_INOUT(n), int n);
int p_atomic(ATOMIC(int) *a BH_INOUT1);
#endif
struct p_opaque;
struct p_opaque *p_opaque(struct p_opaque *o, void **list BH_IN(n), int n);

/* GCC has them in types, clang ignores them there. */
#if !defined(__clang__) || defined(__bulkhead_bind__)
typedef __attribute__((returns_nonnull)) const char *h_getter(int n) BH_RESULT("string");
#else
typedef const char *h_getter(int n) BH_RESULT("string");
#endif
#ifdef LIBRARY
#define FOR_HOST(attribute)
#else
#define FOR_HOST(attribute) __attribute__((attribute))
#endif
/* Promises that a library which fails does not keep: the host's compiler does not see them. */
const char *h_returns_nonnull(int n) __attribute__((returns_nonnull)) BH_RESULT("string");
void *h_malloc(size_t n) __attribute__((malloc, alloc_size(1), assume_aligned(64))) BH_RESULT("out bytes(n)");
int h_pure(int n) __attribute__((pure));
int h_const(int n) __attribute__((__const__));
int h_nonnull(const int *p BH_IN1) __attribute__((__nonnull__(1)));
int h_leaf(int n) __attribute__((leaf));
int h_weak(int n) __attribute__((weak));
int h_target(int n) FOR_HOST(target("avx512f"));
int h_section(int n) FOR_HOST(section("odd"));
int h_constructor(void) __attribute__((constructor));
#if defined(__clang__) && !defined(__bulkhead_bind__)
#define ACCESS
#else
#define ACCESS __attribute__((access(read_only, 1))) /* which clang does not know */
#endif
int h_access(const char *p BH_STRING) ACCESS;
int h_later(int n);
int h_later(int n) __attribute__((pure));
#if defined(__GNUC__) && __GNUC__ >= 10
#define FOR_GCC __attribute__((const))
#else
#define FOR_GCC
#endif
int h_for_gcc(int n) FOR_GCC;
h_getter h_by_typedef BH_RESULT("string");
/* And what does no harm. */
int k_known(int n) __attribute__((deprecated("why not"), nothrow, warn_unused_result, visibility("default"), cold));

#ifdef __cplusplus
}
#endif
#endif
