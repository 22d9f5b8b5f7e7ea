#include "both.h"
int both(int x) { return x + 1; }
