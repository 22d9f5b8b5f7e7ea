/* Where the first thread's stack lies, as interpreters and garbage collectors ask: musl finds its end by mremap, which says ENOMEM while there
 * is stack and EFAULT below it.
 *
 * RUN: %bulkhead-clang -O1 %s -o %t
 * RUN: %bulkhead-run %t | FileCheck %s --check-prefixes=CHECK,DEFAULT
 * RUN: %bulkhead-run --stack 1 %t | FileCheck %s --check-prefixes=CHECK,SMALL
 * RUN: %bulkhead-clang -O1 -pthread -DTHREADS %s -o %t.threads
 * RUN: %bulkhead-run --threads 2 %t.threads | FileCheck %s --check-prefixes=CHECK,DEFAULT,THREADS
 * CHECK: a local lies inside: 1
 * DEFAULT: stack: {{(7|8)}}...
 * SMALL: stack: {{(0|1)}}...
 * CHECK: depth reached: 100 of 100
 * CHECK: below it: EFAULT, the last page of it: ENOMEM, two pages of it: ENOMEM
 * CHECK: as it is: 1, smaller and larger: 1
 * THREADS: another thread: 1 1
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#define PAGE 4096

static char *limit;

static int depth(int n) {
    volatile char frame[1000];
    frame[0] = (char)n;
    if ((char *)frame < limit)
        return n;
    return n == 100 ? n : depth(n + 1) + (frame[0] & 0);
}

static const char *grow(char *at, size_t size) {
    errno = 0;
    if (mremap(at, size, size + PAGE, 0) != MAP_FAILED)
        return "it grew";
    return errno == ENOMEM ? "ENOMEM" : errno == EFAULT ? "EFAULT" : "another error";
}

static int inside(void) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    return (char *)&size >= (char *)low && (char *)&size < (char *)low + size;
}

#ifdef THREADS
static void *thread(void *argument) {
    *(int *)argument = inside();
    return argument;
}

static void other_thread(void) {
    pthread_t other;
    int result = 0;
    void *joined;
    pthread_create(&other, NULL, thread, &result);
    pthread_join(other, &joined);
    printf("another thread: %d %d\n", result, inside());
}
#endif

int main(void) {
    pthread_attr_t attributes;
    void *stack;
    size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &stack, &size);
    char *low = stack;
    limit = low + 1024;
    printf("a local lies inside: %d\n", inside());
    printf("stack: %zu...\n", size >> 20);
    printf("depth reached: %d of 100\n", depth(0));
    printf("below it: %s, ", grow(low - PAGE, PAGE));
    printf("the last page of it: %s, two pages of it: %s\n", grow(low, PAGE), grow(low, 2 * PAGE));
    char *block = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("as it is: %d, smaller and larger: %d\n", mremap(low, PAGE, PAGE, 0) == low,
           mremap(block, 4 * PAGE, PAGE, 0) == block && mremap(block, PAGE, 2 * PAGE, 0) == block);
#ifdef THREADS
    other_thread();
#endif
    return 0;
}
