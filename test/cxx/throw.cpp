// Exceptions: thrown and caught by value, reference and pointer, nested, rethrown, kept and rethrown later, out of constructors
// and function-try-blocks, through destructors and 10,000 frames; what catches what.
// RUN: %twin -O0 -O2 "-O0 -pthread" "-O2 -pthread" -- %s %t
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

struct Noisy {
  explicit Noisy(const char *name) : name(name) { std::printf("+%s\n", name); }
  Noisy(const Noisy &other) : name(other.name) { std::printf("copy %s\n", name); }
  ~Noisy() { std::printf("-%s%s\n", name, std::uncaught_exceptions() ? " unwinding" : ""); }
  const char *name;
};
struct Base {
  virtual ~Base() = default;
  virtual const char *who() const { return "Base"; }
};
struct Other {
  virtual ~Other() = default;
  int other = 5;
};
struct Derived : Other, virtual Base {
  const char *who() const override { return "Derived"; }
};
struct Hidden : private Base {};

static void values() {
  try {
    Noisy local("local");
    throw Noisy("value");
  } catch (Noisy &caught) {
    std::printf("caught %s\n", caught.name);
  }
  try { throw 7; } catch (long) { std::puts("long"); } catch (int n) { std::printf("int %d\n", n); }
  try { throw "text"; } catch (const char *text) { std::puts(text); }
  try { throw static_cast<void *>(nullptr); } catch (std::nullptr_t) { std::puts("nullptr_t"); } catch (void *p) { std::printf("pointer %d\n", p == nullptr); }
  try { throw nullptr; } catch (Base *p) { std::printf("null base %d\n", p == nullptr); }
  try { throw &values; } catch (void (*f)() noexcept) { std::puts("noexcept"); } catch (void (*f)()) { std::printf("function %d\n", f == values); }
  try { throw &Base::who; } catch (const char *(Base::*f)() const) { Derived d; std::puts((static_cast<Base &>(d).*f)()); }
}
static void classes() {
  try { throw Derived(); } catch (const Base &base) { std::printf("%s %d\n", base.who(), dynamic_cast<const Other &>(base).other); }
  Derived derived;
  try { throw &derived; } catch (Other *other) { std::printf("%d\n", other->other); }
  try { throw static_cast<Base *>(&derived); } catch (Other *) { std::puts("wrong"); } catch (const Base *base) { std::puts(base->who()); }
  try { throw Hidden(); } catch (Base &) { std::puts("wrong"); } catch (...) { std::puts("private base"); }
  try { throw std::out_of_range("range"); } catch (std::logic_error &e) { std::printf("%s %s\n", typeid(e).name(), e.what()); }
}
static void nested() {
  try {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      try { throw 1; } catch (int) { std::puts("one within"); }
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (std::exception &e) {
    std::puts(e.what());
    try { std::rethrow_if_nested(e); } catch (std::exception &inner) { std::puts(inner.what()); }
  }
  try {
    try { throw Noisy("rethrown"); } catch (Noisy &n) { n.name = "changed"; throw; }
  } catch (Noisy n) { std::puts(n.name); }
  std::exception_ptr kept;
  try { std::vector<int>().at(3); } catch (...) { kept = std::current_exception(); }
  for (int i = 0; i < 2; i++)
    try { std::rethrow_exception(kept); } catch (std::out_of_range &) { std::printf("again, %d\n", kept != nullptr); }
  try { std::rethrow_exception(std::make_exception_ptr(2.5)); } catch (double d) { std::printf("%.1f\n", d); }
  std::printf("none left: %d\n", std::current_exception() == nullptr && std::uncaught_exceptions() == 0);
}

struct Member {
  explicit Member(int n) { if (n < 0) throw n; std::puts("+member"); }
  ~Member() { std::puts("-member"); }
};
struct Whole : Noisy {
  Member first, second;
  explicit Whole(int n) try : Noisy("base"), first(1), second(n) { throw std::string("in the body"); }
  catch (int thrown) { std::printf("member threw %d\n", thrown); }
  catch (std::string &text) { std::printf("%s\n", text.c_str()); throw 6; }
};
static int whole(int n) try { Whole w(n); return 0; } catch (int e) { return e; }
struct Late {
  ~Late() noexcept(false) { std::puts("throwing destructor"); throw 8; }
};
static void constructors() {
  std::printf("%d\n", whole(-3));
  std::printf("%d\n", whole(3));
  try { std::unique_ptr<Whole[]> many(new Whole[2]{Whole(1), Whole(2)}); } catch (int e) { std::printf("array %d\n", e); }
  try { Noisy outer("outer"); Late late; Noisy inner("inner"); } catch (int e) { std::printf("%d\n", e); }
  try { delete new Late; } catch (int e) { std::printf("%d\n", e); }
  for (int i = 0; i < 3; i++)
    try { static Member once(i < 2 ? -i - 1 : i); } catch (int n) { std::printf("static, %d\n", n); }
  volatile std::size_t huge = ~std::size_t(0) / 2;
  volatile int less = -1;
  try { char *volatile memory = new char[huge]; delete[] memory; } catch (std::bad_alloc &e) { std::printf("%s\n", e.what()); }
  try { int *volatile memory = new int[less]; delete[] memory; } catch (std::bad_alloc &e) { std::printf("%s\n", e.what()); }
}

static int destroyed;
struct Counted { ~Counted() { destroyed++; } };
__attribute__((noinline)) static int deep(int n, double x, long a, long b, long c, long d) {
  Counted counted;
  volatile char room[64] = {};
  if (n == 0)
    throw x + double(a + b + c + d);
  return deep(n - 1, x, b, c, d, a) + room[n % 64] + 1;
}
// Registers that a callee saves must hold again what they held.
__attribute__((noinline)) static long registers(long a, long b, long c, long d, long e, long f) {
  long u = a * b, v = b * c, w = c * d, x = d * e, y = e * f, z = f * a;
  asm volatile("" : "+r"(u), "+r"(v), "+r"(w), "+r"(x), "+r"(y), "+r"(z));
  try { deep(int(a), 0.5, b, c, d, e); } catch (double sum) { return u + 2 * v + 3 * w + 4 * x + 5 * y + 6 * z + long(sum); }
  return 0;
}
int main() {
  values();
  classes();
  nested();
  constructors();
  try { deep(10000, 0.25, 1, 2, 3, 4); } catch (double sum) { std::printf("%.2f through %d frames\n", sum, destroyed); }
  std::printf("%ld\n", registers(20, 3, 5, 7, 11, 13));
  std::function<void(int)> f = [&](int n) { if (n) try { f(n - 1); } catch (int e) { throw e + n; } else throw 0; };
  try { f(100); } catch (int e) { std::printf("%d\n", e); }
}
