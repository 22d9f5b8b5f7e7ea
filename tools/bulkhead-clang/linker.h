/* bulkhead-ld: what clang calls to link. The linker, and what it does not know of modules. */
#ifndef BULKHEAD_CLANG_LINKER_H
#define BULKHEAD_CLANG_LINKER_H

#include "args.h"

/* How bulkhead-clang tells it, among the linker's own arguments, what it links. Without the first it only runs the
 * linker. */
#define LINK_LIBRARIES "--bulkhead-libraries=" /* where libc.a is, and threads/libc.a */
#define LINK_PTHREAD "--bulkhead-pthread"      /* threads are asked for */
#define LINK_LIBRARY "--bulkhead-library"      /* a module without main */
#define LINK_STORES "--bulkhead-stores"        /* of stores-only isolation */
#define LINK_FOREIGN "--bulkhead-foreign"      /* with objects that others have made */

/* Links; the arguments are those behind the program's name. Returns the exit status. */
int linker_main(const struct args *args);

#endif
