/* Jumps to a function of the host: confined to the slot.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t fault 1
 */
#include "Inputs/attack.h"
    function attack
    andl $-32, %esi
    addq %gs:BH_CONTEXT_BASE, %rsi
    jmpq *%rsi
