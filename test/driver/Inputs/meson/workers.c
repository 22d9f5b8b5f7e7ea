#include <pthread.h>
#include <stdio.h>
int number(void);
static void *run(void *p) { return p; }
int main(void) {
  pthread_t thread;
  int error = pthread_create(&thread, 0, run, 0);
  printf("%d, %s\n", number(), error ? "no threads" : "threads");
  return error ? error : pthread_join(thread, 0);
}
