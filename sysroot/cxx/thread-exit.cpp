// The destructors of thread_local objects, in reverse order: at the end of their thread, or of the program if it is the
// thread that ends it. libc++abi expects this of the C library; what it has in its place calls those of the main thread
// too late.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {
[[noreturn]] void fail(const char *message) {
  write(2, message, strlen(message));
  abort();
}

struct Entry {
  Entry *next;
  void (*destroy)(void *);
  void *object;
};
thread_local Entry *pending;
// Its value only has to be non-null for the C library to call run() when the thread ends.
pthread_key_t key;
pthread_once_t once = PTHREAD_ONCE_INIT;

void run(void *) {
  while (Entry *entry = pending) {
    pending = entry->next;
    Entry copy = *entry;
    free(entry);
    copy.destroy(copy.object);
  }
}

void make_key() {
  if (pthread_key_create(&key, run) != 0)
    fail("no pthread key is left for the destructors of thread_local objects\n");
}
} // namespace

extern "C" {
[[gnu::visibility("hidden")]] void bulkhead_thread_destructors() { run(nullptr); }

int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *) {
  pthread_once(&once, make_key);
  Entry *entry = static_cast<Entry *>(malloc(sizeof *entry));
  if (!entry || pthread_setspecific(key, &key) != 0)
    fail("no memory is left for the destructor of a thread_local object\n");
  *entry = {pending, destroy, object};
  pending = entry;
  return 0;
}
}
