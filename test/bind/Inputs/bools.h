/* Bools in every kind of memory that a library writes. */
#ifndef BOOLS_H
#define BOOLS_H

#include <bulkhead/contracts.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __clang__
enum truth : bool { NO, YES };
#define ATOMIC_BOOL _Atomic bool
#else
typedef bool truth_t;
#define ATOMIC_BOOL bool
#endif
typedef bool flag;
struct small { bool a; flag b[3]; };
struct large { int n; struct small in[2][2]; struct { long pad; bool deep[2][3]; }; struct { bool x; } named; bool end; };
struct mixed { long n; union { bool known; char other; } either; bool bit : 1; bool last; };
struct named { const char *name BH_STRING; bool yes; bool *more BH_OUT(count); unsigned count; struct small *of BH_OUT_BYTES(size); size_t size; };
struct moved { bool *at BH_OUT(left) BH_CURSOR; unsigned left; };

/* What the library writes from now on for each bool. */
void write_as(unsigned char byte);

void one(bool *to BH_OUT1, bool *and BH_INOUT1, flag *maybe BH_OUT1 BH_NULLABLE);
int many(bool *to BH_OUT(n) BH_USED(result), bool (*rows)[2] BH_INOUT(n), int n, ATOMIC_BOOL *atomic BH_OUT(n));
int some(bool *to BH_OUT(room) BH_USED(*used), unsigned room, unsigned *used BH_OUT1);
void bytes(struct small *to BH_OUT_BYTES(size), size_t size);
void structures(struct small *a BH_OUT(n), struct large *b BH_INOUT(n), struct mixed *c BH_OUT(n), int n);
void holders(struct named *in BH_IN1, struct named *both BH_INOUT1, struct moved *moved BH_INOUT1);
struct small by_registers(void);
struct large by_memory(void);
struct small *lent(int n) BH_RESULT("out(n)");
bool *taken(int n) BH_RESULT("out(n) take");
const struct large *kept(void) BH_RESULT("out keep");
void pick(bool **to BH_OUT1 BH_OF("out(3) take"));

typedef bool seen(struct small a, struct large b, const bool *list BH_IN(n), int n, bool *one BH_INOUT1, struct small *both BH_INOUT1);
bool call(seen *function BH_CALLBACK);
/* A size that is a bool is 0 or 1, too. */
typedef int counted(struct small s, const int *values BH_IN(n), bool n);
int count(counted *function BH_CALLBACK);
#ifdef __clang__
void truths(enum truth *to BH_OUT(n), int n);
#endif

#endif
