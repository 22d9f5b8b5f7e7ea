/* A library whose bss is too large to come from the file, so that its data is two mappings. */
#include "library.S"
    .bss
    .skip 0x100000
