// C++: virtual calls, multiple inheritance, member pointers, static constructors, templates, lambdas.
// RUN: %levels --cxx %s %t
#include <stdint.h>
#include <stdio.h>
struct Shape {
  virtual ~Shape() { printf("~Shape %d\n", id); }
  virtual double area() const = 0;
  virtual int corners() const { return 0; }
  int id = 1;
  int twice(int a) { return a * 2 + id; }
};
struct Named {
  virtual const char *name() const { return "named"; }
  virtual ~Named() {}
  long padding = 5;
};
struct Square : Shape, Named {
  double side;
  explicit Square(double s) : side(s) { id = 4; }
  double area() const override { return side * side; }
  int corners() const override { return 4; }
  const char *name() const override { return "square"; }
};
struct Circle final : Shape {
  double radius;
  explicit Circle(double r) : radius(r) {}
  double area() const override { return 3 * radius * radius; }
};
struct Base { int v = 7; };
struct Diamond1 : virtual Base { int a = 1; };
struct Diamond2 : virtual Base { int b = 2; };
struct Bottom : Diamond1, Diamond2 { int sum() { return v + a + b; } };
static int order;
struct Global {
  int at;
  Global() : at(++order) {}
  ~Global() { printf("~Global %d\n", at); }
};
static Global one, two;
static Global &local() { static Global g; return g; }
template <typename T, typename F> __attribute__((noinline)) T fold(const T *p, int n, T start, F f) {
  for (int i = 0; i < n; i++)
    start = f(start, p[i]);
  return start;
}
__attribute__((noinline)) static double total(Shape *const *s, int n) {
  double sum = 0;
  for (int i = 0; i < n; i++)
    sum += s[i]->area() + s[i]->corners();
  return sum;
}
__attribute__((noinline)) static int through(Shape *s, int (Shape::*f)(int), int (Shape::*g)() const) { return (s->*f)(10) + (s->*g)(); }
static thread_local int per_thread = 3;
int main() {
  Shape *shapes[] = {new Square(2), new Circle(1)};
  Named *named = static_cast<Square *>(shapes[0]);
  printf("%g %s %ld\n", total(shapes, 2), named->name(), named->padding);
  printf("%d %d\n", through(shapes[0], &Shape::twice, &Shape::corners), through(shapes[1], &Shape::twice, &Shape::corners));
  int values[] = {1, 2, 3, 4}, factor = 3;
  printf("%d %d\n", fold(values, 4, 0, [&](int a, int b) { return a * factor + b; }), local().at + one.at + two.at);
  Bottom bottom;
  int Bottom::*member = &Bottom::b;
  printf("%d %d %d\n", bottom.sum(), bottom.*member, per_thread++);
  int *array = new int[10]();
  printf("%d\n", array[9]);
  delete[] array;
  delete shapes[0];
  delete shapes[1];
}
