/* A module of a contract that does not exist yet. */
#include "guest.h"
    bulkhead_note 0, 99
    function _start
    hlt
