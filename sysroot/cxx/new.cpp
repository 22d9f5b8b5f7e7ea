// operator new and delete for C++ code that uses no C++ library. Without exceptions there is no way to report that memory ran
// out, so the plain forms end the program, and the nothrow forms return null. A program may define any of them itself: all are
// weak, and those that C++ defines by others call them.
#include "fail.h"
#include <stdlib.h>

namespace std {
struct nothrow_t {};
enum class align_val_t : size_t {};
extern const nothrow_t nothrow;
const nothrow_t nothrow{};
} // namespace std
using std::align_val_t;
using std::nothrow_t;

static void *must(void *memory) {
  if (!memory)
    fail("operator new: out of memory\n");
  return memory;
}

// A size of zero must still give an address of its own.
static size_t some(size_t size) { return size ? size : 1; }
static void *aligned(size_t size, align_val_t alignment) { return aligned_alloc(static_cast<size_t>(alignment), some(size)); }

extern "C" {
[[gnu::visibility("hidden")]] void *bulkhead_new(size_t size) { return must(malloc(some(size))); }
[[gnu::visibility("hidden")]] void *bulkhead_new_aligned(size_t size, align_val_t alignment) { return must(aligned(size, alignment)); }
}
[[gnu::weak, gnu::alias("bulkhead_new")]] void *operator new(size_t size);
[[gnu::weak, gnu::alias("bulkhead_new_aligned")]] void *operator new(size_t size, align_val_t alignment);

// The nothrow forms call the plain ones, whose memory goes the same way; but ours would end the program.
#define WEAK [[gnu::weak]]
WEAK void *operator new(size_t size, const nothrow_t &) noexcept {
  void *(*plain)(size_t) = operator new;
  return plain == bulkhead_new ? malloc(some(size)) : plain(size);
}
WEAK void *operator new(size_t size, align_val_t alignment, const nothrow_t &) noexcept {
  void *(*plain)(size_t, align_val_t) = operator new;
  return plain == bulkhead_new_aligned ? aligned(size, alignment) : plain(size, alignment);
}
WEAK void *operator new[](size_t size) { return operator new(size); }
WEAK void *operator new[](size_t size, align_val_t alignment) { return operator new(size, alignment); }
WEAK void *operator new[](size_t size, const nothrow_t &none) noexcept { return operator new(size, none); }
WEAK void *operator new[](size_t size, align_val_t alignment, const nothrow_t &none) noexcept {
  return operator new(size, alignment, none);
}

WEAK void operator delete(void *memory) noexcept { free(memory); }
WEAK void operator delete(void *memory, align_val_t) noexcept { free(memory); }
WEAK void operator delete(void *memory, size_t) noexcept { operator delete(memory); }
WEAK void operator delete(void *memory, size_t, align_val_t alignment) noexcept { operator delete(memory, alignment); }
WEAK void operator delete(void *memory, const nothrow_t &) noexcept { operator delete(memory); }
WEAK void operator delete(void *memory, align_val_t alignment, const nothrow_t &) noexcept { operator delete(memory, alignment); }
WEAK void operator delete[](void *memory) noexcept { operator delete(memory); }
WEAK void operator delete[](void *memory, align_val_t alignment) noexcept { operator delete(memory, alignment); }
WEAK void operator delete[](void *memory, size_t) noexcept { operator delete[](memory); }
WEAK void operator delete[](void *memory, size_t, align_val_t alignment) noexcept { operator delete[](memory, alignment); }
WEAK void operator delete[](void *memory, const nothrow_t &) noexcept { operator delete[](memory); }
WEAK void operator delete[](void *memory, align_val_t alignment, const nothrow_t &) noexcept {
  operator delete[](memory, alignment);
}
