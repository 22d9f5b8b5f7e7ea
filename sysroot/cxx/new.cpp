// operator new and delete for C++ code that uses no C++ library. Without exceptions there is no way to report that memory ran
// out, so the plain forms end the program, and the nothrow forms return null.
typedef __SIZE_TYPE__ size_t;

namespace std {
struct nothrow_t {};
enum class align_val_t : size_t {};
} // namespace std

extern "C" {
void *malloc(size_t);
void *aligned_alloc(size_t, size_t);
void free(void *);
[[noreturn]] void abort();
}

static void *must(void *memory) {
  if (!memory)
    abort();
  return memory;
}

static void *aligned(size_t size, std::align_val_t alignment) {
  size_t align = static_cast<size_t>(alignment);
  return aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

// A size of zero must still give an address of its own.
static size_t some(size_t size) { return size ? size : 1; }

void *operator new(size_t size) { return must(malloc(some(size))); }
void *operator new[](size_t size) { return must(malloc(some(size))); }
void *operator new(size_t size, const std::nothrow_t &) noexcept { return malloc(some(size)); }
void *operator new[](size_t size, const std::nothrow_t &) noexcept { return malloc(some(size)); }
void *operator new(size_t size, std::align_val_t alignment) { return must(aligned(some(size), alignment)); }
void *operator new[](size_t size, std::align_val_t alignment) { return must(aligned(some(size), alignment)); }

void operator delete(void *memory) noexcept { free(memory); }
void operator delete[](void *memory) noexcept { free(memory); }
void operator delete(void *memory, size_t) noexcept { free(memory); }
void operator delete[](void *memory, size_t) noexcept { free(memory); }
void operator delete(void *memory, std::align_val_t) noexcept { free(memory); }
void operator delete[](void *memory, std::align_val_t) noexcept { free(memory); }
void operator delete(void *memory, size_t, std::align_val_t) noexcept { free(memory); }
void operator delete[](void *memory, size_t, std::align_val_t) noexcept { free(memory); }
