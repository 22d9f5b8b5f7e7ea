/* GS, whose base every access of a guest begins with: set, and known to be set, before each entry.
 *
 * Without FSGSBASE only the kernel can set it, and a filter of system calls, or something that only looks like Linux,
 * may refuse or do nothing. The guest would then read and write wherever GS pointed before: most often the first 4 GiB
 * of the host. */
#include "cross/gs.h"

#include <asm/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/guarded.h"
#include "cross/enter.h"
#include "cross/frame.h"

static uint64_t read_by_call(uint64_t otherwise) {
    syscall(SYS_arch_prctl, ARCH_GET_GS, &otherwise);
    return otherwise;
}

/* A call that fails and one that does nothing are the same to what reads it back. */
static bool set_by_call(uint64_t base) {
    syscall(SYS_arch_prctl, ARCH_SET_GS, base);
    return read_by_call(~base) == base;
}

bool bh_set_gs(const struct bh_frame *frame) {
    if (!(frame->flags & FRAME_FLAG_NO_FSGSBASE)) { /* an instruction, which nobody can refuse */
        if (bh_read_gs() != frame->base)
            __asm__ volatile("wrgsbase %0" : : "r"(frame->base));
        return true;
    }
    /* Not what a kernel says, but what the processor does: the context page's first word is its slot's base. */
    return set_by_call(frame->base) && bh_guarded_gs_word() == frame->base;
}

bh_error bh_fail_gs(const char *where) {
    return bh_fail(BH_ERROR_HOST,
                   "the segment base GS, with which guests address their memory, cannot be set%s: the system call "
                   "arch_prctl is refused or does nothing (a seccomp filter on this thread?), and this CPU, kernel or "
                   "engine does without FSGSBASE; allow ARCH_SET_GS and ARCH_GET_GS",
                   where);
}

bh_error bh_gs_check(bool fsgsbase, uint64_t base) {
    if (fsgsbase)
        return BH_OK;
    uint64_t before = read_by_call(0);
    bool good = set_by_call(base);
    good &= set_by_call(before);
    return good ? BH_OK : bh_fail_gs("");
}
