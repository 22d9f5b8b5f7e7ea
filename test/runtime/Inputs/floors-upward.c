#include "guest/call.h"

bh_error bh_upward(bh_instance *instance);

bh_error bh_upward(bh_instance *instance) {
    struct bh_frame frame;
    return bh_call_begin(instance, &frame);
}
