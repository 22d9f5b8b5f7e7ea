/* What attributes promise about a function that a wrapper cannot keep. docs/binding.md has the table. */
#ifndef BULKHEAD_BIND_ATTRIBUTES_H
#define BULKHEAD_BIND_ATTRIBUTES_H

#include <clang-c/Index.h>

#include "model.h"

/* Adds what one declaration of function says: problem, where no wrapper can do what it says; promise, the first
 * attribute that the host's compiler must not see of a function that can fail. */
void attributes_read(struct function *function, CXCursor declaration);
/* The same for a function type, of which nobody relies on more than that it can be called. */
void attributes_read_type(struct function *function, CXType type);
/* Attributes that clang does not know may be promises to another compiler: those that it warned of are added to the
 * functions whose declarations have them. */
void attributes_read_unknown(CXTranslationUnit unit);
/* Whether a declaration with internal linkage only stands for another symbol. */
bool attributes_name_another(CXCursor declaration);

#endif
