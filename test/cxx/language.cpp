// What else the language has: run-time type information, inline and template variables, the order of initialisation, coroutines,
// three-way comparison, structured bindings, aligned and sized allocation, initializer lists, thread_local objects.
// RUN: %twin -O0 "-O2 -pthread" -- %s %t -std=c++23 -Wno-potentially-evaluated-expression
// RUN: %twin "-O0 -pthread" -O2 -- %s %t -std=c++20 -Wno-potentially-evaluated-expression -fsanitize=undefined -fsanitize-trap=all -fvisibility-inlines-hidden -stdlib=libc++ -static-libstdc++
#include <compare>
#include <concepts>
#include <coroutine>
#include <cstdio>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <typeindex>
#include <typeinfo>
#include <utility>
#include <variant>

struct Said {
  explicit Said(const char *name) : name(name) { std::printf("+%s\n", name); }
  ~Said() { std::printf("-%s\n", name); }
  const char *name;
};
inline Said shared("inline");
template <typename T> Said of_type(typeid(T).name());
Said later __attribute__((init_priority(400)))("400");
Said sooner __attribute__((init_priority(300)))("300");
static thread_local Said own("thread_local");

struct Animal { virtual ~Animal() = default; virtual std::string name() const = 0; };
struct Swimmer { virtual ~Swimmer() = default; int depth = 3; };
struct Fish : Animal, Swimmer { std::string name() const override { return "fish"; } };
struct Cat final : Animal { std::string name() const override { return "cat"; } };
namespace { struct Local : Fish {}; }

template <typename T> struct Generator {
  struct promise_type {
    std::optional<T> value;
    Generator get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T v) { value = std::move(v); return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
  std::coroutine_handle<promise_type> handle;
  Generator(std::coroutine_handle<promise_type> h) : handle(h) {}
  Generator(Generator &&other) : handle(std::exchange(other.handle, {})) {}
  ~Generator() { if (handle) handle.destroy(); }
  bool next() { handle.resume(); return !handle.done(); }
};
static Generator<int> numbers(int n) {
  Said inside("coroutine");
  for (int i = 0; i < n; i++) co_yield i * i;
  if (n > 3) throw std::string("out of a coroutine");
}
struct Version {
  int major, minor;
  auto operator<=>(const Version &) const = default;
};
struct alignas(256) Wide { char bytes[256]; };
template <std::integral T> T twice(T n) { return n * 2; }
template <typename... T> auto sum(T... n) { return (n + ... + 0); }

int main() {
  std::printf("%s\n", own.name);
  of_type<long>.name = "template";
  Fish fish; Cat cat; Local local;
  for (Animal *animal : std::initializer_list<Animal *>{&fish, &cat, &local}) {
    auto *swimmer = dynamic_cast<Swimmer *>(animal);
    std::printf("%s %s %d %d %d\n", animal->name().c_str(), typeid(*animal).name(), swimmer ? swimmer->depth : -1,
                typeid(*animal) == typeid(Fish), dynamic_cast<void *>(animal) == (swimmer ? dynamic_cast<void *>(swimmer) : animal));
  }
  try { (void)dynamic_cast<Swimmer &>(static_cast<Animal &>(cat)); } catch (std::bad_cast &e) { std::puts(e.what()); }
  Animal *volatile none = nullptr;
  try { std::puts(typeid(*(none + 0)).name()); } catch (std::bad_typeid &e) { std::puts(e.what()); }
  std::map<std::type_index, int> types{{typeid(int), 1}, {typeid(Cat), 2}};
  std::printf("%d %d\n", types[typeid(cat)], types[typeid(int)]);
  {
    auto g = numbers(3);
    while (g.next()) std::printf("%d ", *g.handle.promise().value);
    auto thrower = numbers(4);
    try { while (thrower.next()); } catch (std::string &text) { std::puts(text.c_str()); }
    numbers(5).next();
  }
  auto [a, b] = std::tuple{1, "two"};
  std::printf("%d %s %d %d %d\n", a, b, Version{1, 2} < Version{1, 10}, twice(21), sum(1, 2, 3));
  auto wide = std::make_unique<Wide[]>(3);
  std::printf("%d\n", int(reinterpret_cast<std::size_t>(wide.get()) % 256));
  std::variant<int, std::string> either = "text";
  std::visit([]<typename T>(const T &) { std::printf("%d\n", int(sizeof(T))); }, either);
}
