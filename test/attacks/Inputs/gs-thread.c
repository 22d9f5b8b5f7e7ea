/* A thread that the guest makes writes where its caller says. */
#include <pthread.h>

static void *write_there(void *at) {
    *(volatile int *)at = 666;
    return NULL;
}

int spawn(int *at) {
    pthread_t thread;
    return pthread_create(&thread, NULL, write_there, at) ? 1 : pthread_join(thread, NULL);
}
