/* A declaration that the host must not see is under another name while the wrapper's header includes the library's. */
#ifndef BULKHEAD_BIND_HIDE_H
#define BULKHEAD_BIND_HIDE_H

#include <clang-c/Index.h>

#include "model.h"

/* Sets hidden of functions whose declaration promises what a wrapper cannot keep, or problem where their name has other
 * meanings in the header and what it includes. */
void hide_promises(CXTranslationUnit unit);

#endif
