/* What cannot be wrapped, each with its reason. One declaration a line; NO says what the message is about. */
#include <bulkhead/contracts.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef void fatal(int) __attribute__((noreturn));
typedef void (*fatal_pointer)(int) __attribute__((noreturn));
fatal r_typedef;                                        // NO-DAG: r_typedef: it does not return
void r_attribute(int) __attribute__((noreturn));        // NO-DAG: r_attribute: it does not return
void r_underscores(int) __attribute__((__noreturn__));  // NO-DAG: r_underscores: it does not return
_Noreturn void r_specifier(int);                        // NO-DAG: r_specifier: it does not return
[[noreturn]] void r_standard(int);                      // NO-DAG: r_standard: it does not return
[[gnu::noreturn]] void r_gnu(int);                      // NO-DAG: r_gnu: it does not return
[[clang::analyzer_noreturn]] void r_analyzer(int);      // NO-DAG: r_analyzer: it does not return
void r_later(int);                                      // NO-DAG: r_later: it does not return
void r_later(int) __attribute__((noreturn));
#if defined(__GNUC__) && __GNUC__ >= 10
#define GCC_NORETURN __attribute__((noreturn))
#else
#define GCC_NORETURN
#endif
void r_gcc(int) GCC_NORETURN;                           // NO-DAG: r_gcc: it does not return
void r_callback(fatal *f BH_CALLBACK);                  // NO-DAG: r_callback: callback 'f': it does not return
void r_callback_pointer(fatal_pointer f BH_CALLBACK);   // NO-DAG: r_callback_pointer: callback 'f': it does not return
void r_callback_function(fatal f BH_CALLBACK);          // NO-DAG: r_callback_function: callback 'f': it does not return
struct r_ops { fatal *f BH_CALLBACK; };
void r_member(const struct r_ops *o BH_IN1);            // NO-DAG: r_member: member 'f' of 'struct r_ops': it does not return
int r_twice(int) __attribute__((returns_twice));        // NO-DAG: r_twice: it returns twice
static int r_weakref(int) __attribute__((weakref("w"))); // NO-DAG: r_weakref: it is only another name
int r_overload(int) __attribute__((overloadable));      // NO-DAG: r_overload: it is overloaded
int r_enable(int a) __attribute__((enable_if(a > 0, ""))); // NO-DAG: r_enable: it is overloaded
int r_size(void *const p __attribute__((pass_object_size(0)))); // NO-DAG: r_size: its callers pass sizes
int r_convention(int) __attribute__((ms_abi));          // NO-DAG: r_convention: its calling convention is not C's
int r_error(int) __attribute__((error("no")));          // NO-DAG: r_error: it must not be called
#pragma redefine_extname r_pragma r_pragma_renamed
int r_pragma(int);                                      // NO-DAG: r_pragma: a pragma calls it 'r_pragma_renamed'
struct r_user { int r_shared; };
int r_shared(int) __attribute__((pure));                // NO-DAG: r_shared: the host's compiler would rely on its declaration (pure), which cannot be hidden: {{.*}}refused.h:38 has the name, too
int r_inlined(int) __attribute__((const));              // NO-DAG: r_inlined: the host's compiler would rely on its declaration (const)
static inline int r_caller(int x) { return r_inlined(x); }
int r_macro(int) __attribute__((const));                // NO-DAG: r_macro: the host's compiler would rely on its declaration (const)
#define r_macro(x) (r_macro)(x)

void r_list(struct r_later_struct *l);                  // NO-DAG: r_list: argument 1: 'struct r_later_struct' is declared in a list of arguments
struct r_later_struct { int z; };
void r_unnamed(struct { int q; } *n);                   // NO-DAG: r_unnamed: argument 1: its type has no name
void r_unnamed_value(struct { int q; } n);              // NO-DAG: r_unnamed_value: argument 1: its type has no name
void r_unnamed_union(union { int q; } *n);              // NO-DAG: r_unnamed_union: argument 1: its type has no name
void r_unnamed_enum(enum { R_A } e);                    // NO-DAG: r_unnamed_enum: argument 1: its type has no name
void r_list_enum(enum r_in_list { R_B } e);             // NO-DAG: r_list_enum: argument 1: 'enum r_in_list' is declared in a list
void r_list_function(int (*f)(struct r_unseen *x));     // NO-DAG: r_list_function: argument 1: 'struct r_unseen' is declared in a list
struct { int q; } r_unnamed_result(void);               // NO-DAG: r_unnamed_result: its result: its type has no name
typedef void r_unseen_callback(struct r_unseen2 *x);
void r_list_callback(r_unseen_callback *f BH_CALLBACK); // NO-DAG: r_list_callback: callback 'f': argument 1: 'struct r_unseen2' is declared in a list
void r_vla(int n, int a[n][n]);                         // NO-DAG: r_vla: argument 2: its type is an array of a size that is not known
void r_vla_pointer(int n, int (*a)[n]);                 // NO-DAG: r_vla_pointer: argument 2: its type is an array of a size

int r_variadic(int n, ...);                             // NO-DAG: r_variadic: variable arguments
int r_va_list(va_list l);                               // NO-DAG: r_va_list: argument 1: a list of variable arguments
int r_va_list_pointer(va_list *l);                      // NO-DAG: r_va_list_pointer: argument 1: a list of variable arguments
int r_old();                                            // NO-DAG: r_old: it has no prototype
__int128 r_int128(void);                                // NO-DAG: r_int128: its result: the type '__int128' cannot be passed by value
int r_int128_argument(__int128 x);                      // NO-DAG: r_int128_argument: argument 1: the type '__int128' cannot be passed
int r_bit_int(_BitInt(17) x);                           // NO-DAG: r_bit_int: argument 1: the type '_BitInt(17)' cannot be passed
double _Complex r_complex(void);                        // NO-DAG: r_complex: its result: the type '_Complex double' cannot be passed
int r_half(_Float16 h);                                 // NO-DAG: r_half: argument 1: the type '_Float16' cannot be passed
int r_atomic(_Atomic int a);                            // NO-DAG: r_atomic: argument 1: the type '_Atomic(int)' cannot be passed
typedef float r_vector __attribute__((vector_size(16)));
int r_vector_argument(r_vector v);                      // NO-DAG: r_vector_argument: argument 1: the type 'r_vector' cannot be passed
int r_block(int (^b)(int));                             // NO-DAG: r_block: argument 1: the type {{.*}} cannot be passed by value{{$}}
struct r_vectors { r_vector v; }; int r_vectors(struct r_vectors v); // NO-DAG: r_vectors: argument 1: member 'v': the type
struct r_bits { int a : 3; }; int r_bits(struct r_bits b); // NO-DAG: r_bits: argument 1: bit fields ('a')
struct r_packed { char c; int i; } __attribute__((packed)); int r_packed(struct r_packed p); // NO-DAG: r_packed: argument 1: packed
struct r_offset { char a; short b __attribute__((packed)); short c; char d; }; int r_offset(struct r_offset o); // NO-DAG: r_offset: argument 1: packed
struct r_alignment { long a, b; } __attribute__((aligned(16))); int r_alignment(struct r_alignment a); // NO-DAG: r_alignment: argument 1: packed
#pragma pack(push, 1)
struct r_pack1 { char c; int i; }; int r_pack1(struct r_pack1 p); // NO-DAG: r_pack1: argument 1: packed
#pragma pack(pop)
struct r_inside { struct r_pack1 p; }; int r_inside(struct r_inside i); // NO-DAG: r_inside: argument 1: packed
struct r_aligned { int i; } __attribute__((aligned(16))); int r_aligned(struct r_aligned a); // NO-DAG: r_aligned: argument 1: packed
struct r_aligned_member { int i __attribute__((aligned(8))); }; int r_aligned_member(struct r_aligned_member a); // NO-DAG: r_aligned_member: argument 1: packed
typedef int r_int8 __attribute__((aligned(8)));
struct r_aligned_type { char c; r_int8 i; }; int r_aligned_type(struct r_aligned_type a); // NO-DAG: r_aligned_type: argument 1: packed
typedef union { int i; float f; } r_transparent __attribute__((transparent_union));
int r_transparent_union(r_transparent t);               // NO-DAG: r_transparent_union: argument 1: a union with attributes
struct r_empty {}; int r_empty(struct r_empty e);       // NO-DAG: r_empty: argument 1: an empty structure
struct r_flexible { int n; char rest[]; }; int r_flexible(struct r_flexible *f BH_INOUT1); // NO-DAG: r_flexible: 'struct r_flexible': member 'rest' is a flexible
struct r_zero { int n; char rest[0]; }; int r_zero(struct r_zero *f BH_INOUT1); // NO-DAG: r_zero: 'struct r_zero': member 'rest' is a flexible
union r_pointers { char *p; long l; }; int r_pointers(union r_pointers u); // NO-DAG: r_pointers: 'union r_pointers': it is, or holds, a union with pointers
struct r_hidden { int k; union { void *p; long l; }; }; int r_hidden(struct r_hidden *h BH_INOUT1); // NO-DAG: r_hidden: 'struct r_hidden': it holds pointers in a member without a name
struct r_unnamed_member { struct { char *p BH_STRING; } in; };
int r_unnamed_member(struct r_unnamed_member *m BH_IN1); // NO-DAG: r_unnamed_member: 'struct r_unnamed_member': it holds pointers, and its type has no name
struct r_unnamed_target { struct { int x; } *p BH_HANDLE; };
int r_unnamed_target(struct r_unnamed_target *m BH_IN1); // NO-DAG: r_unnamed_target: 'struct r_unnamed_target': member 'p': its type has no name
typedef void r_saver(int) __attribute__((no_caller_saved_registers));
int r_callback_attribute(r_saver *f BH_CALLBACK);       // NO-DAG: r_callback_attribute: callback 'f': its type has the attribute 'no_caller_saved_registers'
struct r_blocks { int (^b)(int); int n; }; int r_blocks(struct r_blocks *b BH_INOUT1); // NO-DAG: r_blocks: 'struct r_blocks': member 'b': the type
struct r_va { va_list *l; int n; }; int r_va(struct r_va *v BH_INOUT1); // NO-DAG: r_va: 'struct r_va': member 'l': a list of variable arguments
typedef double *r_aligned_pointer __attribute__((align_value(64)));
r_aligned_pointer r_align_value(void);                  // NO-DAG: r_align_value: its result: its type promises how what it points to is aligned
typedef int r_int64 __attribute__((aligned(64)));
int r_over_aligned(r_int64 *p BH_OUT1);                 // NO-DAG: r_over_aligned: 'p' points to what is aligned to 64 bytes
struct r_line { char c[64]; } __attribute__((aligned(64))); int r_line(struct r_line *p BH_INOUT1); // NO-DAG: r_line: 'p' points to what is aligned to 64 bytes
// STATUS: status 3
