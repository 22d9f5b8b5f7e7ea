/* .note.bulkhead, by which a module says what it is; see layout.h. Built once for each combination of ISOLATE and FLAGS. SCHEME is
 * given for code that only measures an ingredient of the scheme: it says that no verifier accepts it. */
#include <bulkhead/layout.h>

#ifndef SCHEME
#define SCHEME BH_SCHEME_BUNDLE
#endif

    .section .note.bulkhead, "a", @note
    .p2align 2
    .long BH_NOTE_NAME_SIZE
    .long BH_NOTE_DESC_SIZE
    .long BH_NOTE_TYPE
    .asciz BH_NOTE_NAME
    .p2align 2
    .long BH_CONTRACT_VERSION
    .long SCHEME
    .long BH_BUNDLE_SIZE
    .long ISOLATE
    .long FLAGS
    .section .note.GNU-stack, "", @progbits
