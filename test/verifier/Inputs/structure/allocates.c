#include <stdlib.h>
void *block(size_t size) { return malloc(size); }
