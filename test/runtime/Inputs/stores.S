/* Loads are not isolated here. */
#include "guest.h"
    bulkhead_note 0, BH_CONTRACT_VERSION, BH_ISOLATE_STORES
    function _start
    movq (%rsp), %rax
    leaq 8(%rsp), %rdx
    movq (%rdx), %rcx
    exit_with 3
