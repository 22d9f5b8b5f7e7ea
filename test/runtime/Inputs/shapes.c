/* The guest of shapes-test. */
#define LINKAGE
#include "shapes.h"
#define ALL(name, signature) FUNCTIONS(name)
SHAPES(ALL)
SCALARS(SCALAR_FUNCTIONS)
