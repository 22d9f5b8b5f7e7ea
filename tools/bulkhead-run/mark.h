/* How a module is told from a program of the host by its first bytes, which is all that binfmt_misc looks at:
 * bulkhead-ld writes this into e_flags, which x86-64 has no use for. Nothing that is trusted reads it. */
#ifndef BULKHEAD_MARK_H
#define BULKHEAD_MARK_H

#define MODULE_ELF_FLAGS 0x6b6c7562 /* "bulk" */

#endif
