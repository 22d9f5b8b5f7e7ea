/* The Linux personality, as the runtime knows it. */
#ifndef BULKHEAD_RUNTIME_LINUX_PERSONALITY_H
#define BULKHEAD_RUNTIME_LINUX_PERSONALITY_H

#include "guest/personality.h"

extern const struct bh_personality bh_linux_personality;

#endif
