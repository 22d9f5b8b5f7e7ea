// A library in C++: its static objects are constructed when the host instantiates it, and are as then after each reset; exceptions
// that stay within work, and one that would leave ends the call.
// RUN: %bulkhead-clangxx -O2 -std=c++20 --library %s -o %t && %bulkhead-verify %t && %build/test/cxx/structors-test %t
// RUN: %bulkhead-clangxx -O0 -std=c++20 -pthread --library %s -o %t && %bulkhead-verify %t && %build/test/cxx/structors-test %t
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

inline std::string &order() {
  static std::string made;
  return made;
}
struct Made {
  explicit Made(const char *name) { order() += name; }
  ~Made() { order() += "~"; }
};
Made second("b"), third("c");
Made first __attribute__((init_priority(200)))("a");
inline Made last("d");
static std::map<std::string, int> words{{"one", 1}, {"two", 2}};
static thread_local std::vector<int> own{1, 2, 3};

extern "C" {
// 1 if everything is as it was constructed. The inline object has no place in the order.
int fresh() {
  const std::string &made = order();
  return made.size() == 4 && made[0] == 'a' && made.find('b') < made.find('c') && made.find('d') != made.npos && words.size() == 2 && own.size() == 3;
}
int change(int n) {
  words[std::to_string(n)] = n;
  own.push_back(n);
  return int(words.size() + own.size());
}
int caught(int n) {
  try {
    if (n > 0) return caught(n - 1);
    return words.at("none");
  } catch (const std::out_of_range &) {
    return 42;
  }
}
int uncaught(int n) {
  std::vector<int> destroyed(n);
  throw std::runtime_error("for nobody");
}
}
