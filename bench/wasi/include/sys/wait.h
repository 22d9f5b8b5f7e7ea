/* There are no processes to wait for; what system() and pclose() return is never a status (../posix.c). */
#ifndef BENCH_WASI_SYS_WAIT_H
#define BENCH_WASI_SYS_WAIT_H
#define WEXITSTATUS(status) ((status) >> 8 & 0xff)
#define WIFEXITED(status) (((status) & 0x7f) == 0)
#define WIFSIGNALED(status) (!WIFEXITED(status))
#define WTERMSIG(status) ((status) & 0x7f)
#endif
