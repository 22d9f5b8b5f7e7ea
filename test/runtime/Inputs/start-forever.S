/* A library whose start code never comes back. */
#include "guest.h"
    bulkhead_note BH_NOTE_FLAG_LIBRARY

    function _start
    jmp start_forever

    function start_forever
1:  jmp 1b
