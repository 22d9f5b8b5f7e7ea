/* What the workloads name of POSIX and WASI has not, included before every file: declared here, refused in ../posix.c.
 * The runs that are measured get to none of it, or are refused it under bulkhead-run as well. Includes nothing, because
 * a file's feature macros come after it; the types are the C library's own, spelled out. */
#ifndef BENCH_WASI_POSIX_H
#define BENCH_WASI_POSIX_H

struct _IO_FILE;

int chmod(const char *, unsigned);
int chown(const char *, unsigned, unsigned);
int fchmod(int, unsigned);
int fchown(int, unsigned, unsigned);
unsigned umask(unsigned);
unsigned geteuid(void);
int dup(int);
int system(const char *);
struct _IO_FILE *tmpfile(void);
struct _IO_FILE *popen(const char *, const char *);
int pclose(struct _IO_FILE *);
char *tmpnam(char *);
#define L_tmpnam 20
int mkstemp(char *);

/* One thread: these have nothing to do. */
void flockfile(struct _IO_FILE *);
void funlockfile(struct _IO_FILE *);

/* The one that is granted: WASI has random bytes. */
long getrandom(void *, unsigned long, unsigned);

/* File locks: fcntl knows no such command here and says EINVAL. */
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7

#endif
