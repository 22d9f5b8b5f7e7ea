#include <string.h>
int fits_page(const char *bytes)
{
    char page[8192];
    memcpy(page, bytes, sizeof page);
    return page[17];
}
