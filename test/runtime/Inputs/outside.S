/* A library whose symbols are not where its image is. */
#include "../../attacks/Inputs/attack.h"
    function attack
    return
    function trap
    ud2
    .globl outside, before
    .set outside, 0x7fff12345678
    .set before, 0xffffffffffff0000
