/* A program that exits with status 7. */
#include "guest.h"
    bulkhead_note
    function _start
    exit_with 7
