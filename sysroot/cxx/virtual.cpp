// What a vtable holds in the place of a pure or deleted virtual function.
extern "C" {
int puts(const char *);
[[noreturn]] void abort();

[[noreturn]] void __cxa_pure_virtual() {
  puts("pure virtual function called");
  abort();
}
[[noreturn]] void __cxa_deleted_virtual() {
  puts("deleted virtual function called");
  abort();
}
}
