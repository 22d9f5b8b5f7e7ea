// Objects behind base classes, made and destroyed, called virtually and asked for their type: objects OBJECTS ROUNDS
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <typeinfo>
#include <vector>

struct Shape {
    virtual ~Shape() = default;
    virtual uint64_t area() const = 0;
    virtual void grow(uint64_t by) = 0;
};
struct Named {
    virtual ~Named() = default;
    virtual unsigned letters() const = 0;
};
template <unsigned N> struct Square : Shape {
    uint64_t side;
    explicit Square(uint64_t side) : side(side) {}
    uint64_t area() const override { return side * side + N; }
    void grow(uint64_t by) override { side += by % (N + 2); }
};
template <unsigned N> struct Label : Shape, Named {
    uint64_t width;
    explicit Label(uint64_t width) : width(width) {}
    uint64_t area() const override { return width * N; }
    void grow(uint64_t by) override { width ^= by >> N; }
    unsigned letters() const override { return N + (unsigned)(width & 7); }
};

static uint64_t state = 1;
static uint64_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
}

static std::unique_ptr<Shape> make() {
    uint64_t size = next() % 1000;
    switch (next() % 6) {
    case 0: return std::make_unique<Square<1>>(size);
    case 1: return std::make_unique<Square<2>>(size);
    case 2: return std::make_unique<Square<3>>(size);
    case 3: return std::make_unique<Label<1>>(size);
    case 4: return std::make_unique<Label<2>>(size);
    default: return std::make_unique<Label<3>>(size);
    }
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    size_t count = std::strtoul(argv[1], nullptr, 10);
    unsigned rounds = (unsigned)std::strtoul(argv[2], nullptr, 10);
    std::vector<std::unique_ptr<Shape>> shapes;
    for (size_t i = 0; i < count; i++)
        shapes.push_back(make());
    uint64_t sum = 0;
    std::function<void(const Shape &)> look = [&sum](const Shape &shape) {
        if (auto *named = dynamic_cast<const Named *>(&shape))
            sum += named->letters();
        sum += typeid(shape) == typeid(Square<2>);
    };
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            sum = sum * 31 + shapes[i]->area();
            shapes[i]->grow(sum);
            if (i % 4 == round % 4)
                look(*shapes[i]);
            if (i % 8 == round % 8)
                shapes[i] = make();
        }
    }
    std::printf("%llu\n", (unsigned long long)sum);
}
