// Exceptions that pass a number of frames, each with something to destroy: exceptions FRAMES COUNT
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

static uint64_t destroyed;

struct Guard {
    uint64_t value;
    explicit Guard(uint64_t value) : value(value) {}
    ~Guard() { destroyed = destroyed * 31 + value; }
};

// The calls differ in nothing but must stay: each frame is to be unwound.
[[gnu::noinline]] static uint64_t descend(unsigned frames, uint64_t n) {
    Guard guard(n + frames);
    if (frames <= 1)
        throw std::runtime_error(n & 1 ? "odd" : "even");
    return descend(frames - 1, n) + guard.value;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    unsigned frames = (unsigned)std::strtoul(argv[1], nullptr, 10);
    uint64_t count = std::strtoull(argv[2], nullptr, 10), caught = 0;
    for (uint64_t n = 0; n < count; n++) {
        try {
            caught += descend(frames, n);
        } catch (const std::exception &e) {
            caught += (unsigned char)e.what()[0];
        }
    }
    std::printf("%llu %llu\n", (unsigned long long)caught, (unsigned long long)destroyed);
}
