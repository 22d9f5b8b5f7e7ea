/* Contracts of a library's pointers, written into its header and read by bulkhead-bind. To every compiler these macros
 * are nothing. docs/binding.md says what each one means; a file beside the header can say the same (bulkhead-bind
 * --contracts).
 *
 *     int lib_sum(const int *values BH_IN(count), size_t count);
 *     char *lib_name(struct lib *lib) BH_RESULT("string nullable");
 */
#ifndef BULKHEAD_CONTRACTS_H
#define BULKHEAD_CONTRACTS_H

#ifdef __bulkhead_bind__
#define BH_CONTRACT(words) __attribute__((annotate("bulkhead:" words)))
#else
#define BH_CONTRACT(words)
#endif

/* Behind an argument, a member of a structure, or an argument of a function pointer's type. n is how many elements the
 * pointer stands for, or bytes: a number, an argument's (or member's) name, *name, or sums and products of these.
 * Several macros in a row make one contract: `char *name BH_OUT(room) BH_STRING`. */
#define BH_IN1 BH_CONTRACT("in")
#define BH_OUT1 BH_CONTRACT("out")
#define BH_INOUT1 BH_CONTRACT("inout")
#define BH_IN(n) BH_CONTRACT("in(" #n ")")
#define BH_OUT(n) BH_CONTRACT("out(" #n ")")
#define BH_INOUT(n) BH_CONTRACT("inout(" #n ")")
#define BH_IN_BYTES(n) BH_CONTRACT("in bytes(" #n ")")
#define BH_OUT_BYTES(n) BH_CONTRACT("out bytes(" #n ")")
#define BH_INOUT_BYTES(n) BH_CONTRACT("inout bytes(" #n ")")
#define BH_USED(n) BH_CONTRACT("used(" #n ")") /* with an out: how much of it holds something after the call */
#define BH_STRING BH_CONTRACT("string")
#define BH_STRING_MAX(n) BH_CONTRACT("string(" #n ")") /* the most bytes, with its NUL; a number */
#define BH_NULLABLE BH_CONTRACT("nullable")
#define BH_HANDLE BH_CONTRACT("handle") /* owned by the guest: the host only passes it back */
#define BH_USER BH_CONTRACT("user")     /* owned by the host: the guest only passes it back, to what it was given for */
#define BH_USER_OF(name)                                                                                               \
    BH_CONTRACT("user(" #name ")") /* of one kind in the whole library: passed back where the name is the same */
#define BH_CALLBACK BH_CONTRACT("callback")
#define BH_SCOPED                                                                                                      \
    BH_CONTRACT("scoped") /* a callback, or a user pointer, that is not used after the function has returned */
#define BH_KEEP BH_CONTRACT("keep")               /* stays valid until the instance is restarted */
#define BH_TAKE BH_CONTRACT("take")               /* the host owns it: malloc'ed memory that it frees */
#define BH_OF(words) BH_CONTRACT("of(" words ")") /* the contract of elements that are pointers themselves */
#define BH_PINNED BH_CONTRACT("pinned")   /* a structure that keeps its address in the guest from call to call */
#define BH_RELEASE BH_CONTRACT("release") /* the last call with a pinned structure */
#define BH_CURSOR BH_CONTRACT("cursor")   /* a member that the library moves on within its buffer */
#define BH_ZERO BH_CONTRACT("zero")       /* a member that the guest gets as NULL, and the host keeps */
#define BH_DISPOSE BH_CONTRACT("dispose") /* frees what the host got by take */

/* Behind a function's declaration, or that of a typedef of a function pointer: its result, in the words of a contract,
 * and what its wrapper returns after an error. */
#define BH_RESULT(words) BH_CONTRACT("result " words)
#define BH_ON_ERROR(value) BH_CONTRACT("on-error " #value)
/* Left out of the wrapper on purpose. */
#define BH_OMIT BH_CONTRACT("omit")

#endif
