#include "foreign.h"
unsigned foreign(void) { return FOREIGN; }
