/* Whether this process is the child of a fork. */
#include "base/fork.h"

#include <stdatomic.h>

atomic_bool bh_forked;
