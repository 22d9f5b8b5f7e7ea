/* Host calls that the personality serves; hostcall.S calls these on the host's stack. */
#ifndef BULKHEAD_RUNTIME_HOSTCALL_H
#define BULKHEAD_RUNTIME_HOSTCALL_H

struct bh_frame;

extern const char bh_stub_syscall[];
/* Where the fault handler continues, with rcx = frame and rsp = its host_rsp, when the guest has a handler for the
 * fault: its general registers are in the frame, its vector and x87 state is where it was. */
extern const char bh_fault_caught[];
/* The same when the guest is to look at its signals. */
extern const char bh_guest_interrupted[];

/* Zero: go back to the guest; GO_EXACTLY; else leave it. */
int bh_hostcall_syscall(struct bh_frame *frame);
int bh_hostcall_fault(struct bh_frame *frame);
int bh_hostcall_interrupted(struct bh_frame *frame);

#endif
