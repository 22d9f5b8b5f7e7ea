// C++ without a header of its library, without exceptions and run-time type information, too.
// RUN: %bulkhead-clangxx -std=c++20 -O0 -Werror %s -o %t && %bulkhead-verify %t && %bulkhead-run %t | FileCheck %s
// RUN: %bulkhead-clangxx -std=c++20 -O2 -fno-exceptions -fno-rtti -Werror %s -o %t && %bulkhead-verify %t && %bulkhead-run %t | FileCheck %s
#include <stdio.h>

struct Shape {
  virtual double area() const = 0;
  virtual ~Shape() { puts("gone"); }
};
struct Square final : Shape {
  explicit Square(double side) : side(side) {}
  double area() const override { return side * side; }
  double side;
};
struct alignas(64) Wide { char bytes[64]; };

struct Global {
  Global() { puts("constructed"); }
  ~Global() { puts("destroyed"); }
} global;

template <typename F> int twice(F f) { return f(1) + f(2); }
static Shape *make(double side) {
  static int calls = [] { return 10; }();
  printf("call %d\n", ++calls);
  return new Square(side);
}

int main() {
  Shape *shape = make(3);
  int (*pick)(int) = [](int x) { return x * 100; };
  printf("%.1f %d\n", shape->area(), twice(pick));
  delete shape;
  Wide *wide = new Wide[3];
  printf("%d\n", (int)((unsigned long)wide % 64));
  delete[] wide;
}
// CHECK: constructed
// CHECK-NEXT: call 11
// CHECK-NEXT: 9.0 300
// CHECK-NEXT: gone
// CHECK-NEXT: 0
// CHECK-NEXT: destroyed
