// C++ destroys the thread_local objects of the thread that calls exit before anything static; musl's exit, which is
// compiled again by another name to go with this one, knows only the latter.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] void bulkhead_thread_destructors(); // there if something is to be destroyed
[[noreturn]] void bulkhead_libc_exit(int status);

[[noreturn]] void exit(int status) {
  if (bulkhead_thread_destructors)
    bulkhead_thread_destructors();
  bulkhead_libc_exit(status);
}
}
