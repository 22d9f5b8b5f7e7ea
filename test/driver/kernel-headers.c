// The kernel's headers are there, also for native twins, as Debian packages them and with none of the host's C library.
// RUN: %bulkhead-clang -O2 -Wall -Werror %s -o %t && %bulkhead-run %t | FileCheck %s
// RUN: %native-clang -O2 -Wall -Werror %s -o %t && %t | FileCheck %s
// RUN: %bulkhead-clang -H -fsyntax-only %s 2>&1 | FileCheck %s --check-prefix=PLACES --implicit-check-not=/usr/include
// PLACES-DAG: /sysroot/include/linux/futex.h
// PLACES-DAG: /sysroot/include/asm/types.h
#include <asm-generic/errno.h>
#include <asm/unistd.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/input.h>
#include <linux/limits.h>
#include <linux/perf_event.h>
#include <linux/stat.h>
#include <linux/types.h>
#include <linux/version.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 6, 0)
#error "headers older than the oldest kernel that is supported"
#endif

int main(void) {
  __u64 wide = 1;
  printf("%d %d %d\n", FUTEX_WAIT_PRIVATE, __NR_getpid == SYS_getpid, (int)(wide << 32 >> 32));
  // CHECK: 128 1 1
}
