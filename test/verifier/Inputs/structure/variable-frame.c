#include <string.h>
int all_zero(const char *bytes, unsigned n)
{
    char zeros[n + 1];
    memset(zeros, 0, n + 1);
    return !memcmp(bytes, zeros, n);
}
