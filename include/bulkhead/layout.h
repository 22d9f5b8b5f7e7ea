/* The constants of the contract between compiler, verifier and runtime.
 *
 * Every number that more than one part must agree on is defined here and nowhere else; docs/contract.md explains them.
 * The file is read by C, C++ and assembly, so it holds plain macros: no casts, no suffixes that an assembler rejects.
 * All BH_*_OFFSET values are offsets from B, the first address of a slot.
 */
#ifndef BULKHEAD_LAYOUT_H
#define BULKHEAD_LAYOUT_H

/* The contract. A module carries these in its note; the verifier and the runtime refuse any other value. */
#define BH_CONTRACT_VERSION 1
#define BH_SCHEME_BUNDLE 1
#define BH_SCHEME_UNVERIFIABLE                                                                                         \
    0x6f6e6c79 /* -bulkhead-only: made to be measured by bench/, refused by every verifier                             \
                */
#define BH_BUNDLE_SIZE 32
#define BH_BUNDLE_MASK_IMM8 0xE0 /* the imm8 of `andl $-32, %eR` */

/* .note.bulkhead: name "Bulkhead" (9 bytes with its NUL), one note of this type, and a descriptor of five 32-bit words:
 * contract version, scheme, bundle size, isolation, flags. */
#define BH_NOTE_SECTION ".note.bulkhead"
#define BH_NOTE_NAME "Bulkhead"
#define BH_NOTE_NAME_SIZE 9
#define BH_NOTE_TYPE 1
#define BH_NOTE_DESC_SIZE 20
#define BH_ISOLATE_FULL 1      /* loads, stores, control flow */
#define BH_ISOLATE_STORES 2    /* stores and control flow; loads may read the host */
#define BH_NOTE_FLAG_THREADS 1 /* thread pointer in r14 instead of the context page */
#define BH_NOTE_FLAG_LIBRARY 2 /* e_entry initialises and returns; there is no main */

/* What an object says of itself to whoever links it: bytes whose bits add up, one or more (`-r` appends those of
 * several objects). The section is not part of a module, and nothing that is trusted reads it. */
#define BH_OBJECT_SECTION ".bulkhead.object"
#define BH_OBJECT_BUILT 1            /* always */
#define BH_OBJECT_PTHREAD 2          /* built with -pthread */
#define BH_OBJECT_NEEDS_THREADS 4    /* takes r14 for the thread pointer */
#define BH_OBJECT_NEEDS_NO_THREADS 8 /* uses r14 for something else, or the thread pointer in the context page */
#define BH_OBJECT_STORES 16          /* stores-only isolation */

/* The slot. */
#define BH_SLOT_SHIFT 32
#define BH_SLOT_SIZE 0x100000000
#define BH_PAGE_SIZE 0x1000
#define BH_NULL_GUARD_SIZE 0x10000 /* [0, 64K) is never mapped */
#define BH_CONTEXT_OFFSET 0x10000  /* context page, read-only to the guest */
#define BH_GATE_OFFSET 0x11000     /* executable stubs written by the runtime */
#define BH_GATE_SIZE                                                                                                   \
    0xf000                     /* up to the image, unused space between would be one more mapping: two stubs to return \
                                  by, the callbacks' thunks, hlt */
#define BH_CALLBACK_COUNT 1022 /* thunks of 32 bytes each */
#define BH_IMAGE_OFFSET 0x20000      /* the image's virtual address 0 */
#define BH_TAIL_GUARD_SIZE 0x1000000 /* the last 16 MiB are never mapped */

/* The context page. The disp32 of every confining sequence is BH_CONTEXT_BASE. */
#define BH_CONTEXT_BASE 0x10000   /* word 0: B itself */
#define BH_CONTEXT_TP 0x10008     /* word 1: thread pointer of a module without threads */
#define BH_HOSTCALL_TABLE 0x10100 /* 8 bytes an entry, to the end of the page */
#define BH_HOSTCALL_TABLE_END 0x11000
#define BH_HOSTCALL_COUNT 480 /* (BH_HOSTCALL_TABLE_END - BH_HOSTCALL_TABLE) / 8 */

/* Host calls, as indices into the table. */
#define BH_HOSTCALL_SYSCALL 0  /* Linux system call ABI; r11 holds the bundle-aligned return address */
#define BH_HOSTCALL_RETURN 1   /* ends the innermost call into the guest; rax, rdx, xmm0, xmm1, st0 hold its results */
#define BH_HOSTCALL_CALLBACK 2 /* callback; the thunk in the gate pages puts its number in r11d */

/* The stack pointer. */
#define BH_STACK_DISP_MAX 0x4000 /* |disp| of an M3 operand, and the sum of constants before a touch (S1, S2) */
/* The compiler side may use [rsp-256, rsp-128) as scratch between two instructions: whoever builds a frame on a guest
 * stack at an arbitrary instruction (a signal frame, say) keeps clear of it. */
#define BH_STACK_SCRATCH_SIZE 256

/* Padding: redundant CS prefixes that an instruction without memory operand may begin with. */
#define BH_PADDING_PREFIX 0x2E
#define BH_PADDING_PREFIX_MAX 4

#endif
