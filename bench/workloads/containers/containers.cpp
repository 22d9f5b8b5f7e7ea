// Containers and strings of the standard library: containers WORDS ROUNDS
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

static uint64_t state = 1;
static uint64_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 33;
}

static std::string word() {
    std::string text;
    for (unsigned length = 3 + next() % 20; length > 0; length--)
        text += (char)('a' + next() % 26);
    return text;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    size_t count = std::strtoul(argv[1], nullptr, 10);
    unsigned rounds = (unsigned)std::strtoul(argv[2], nullptr, 10);
    uint64_t sum = 0;
    for (unsigned round = 0; round < rounds; round++) {
        std::vector<std::string> words;
        for (size_t i = 0; i < count; i++)
            words.push_back(word());
        std::map<std::string, unsigned> ordered;
        std::unordered_map<std::string, unsigned> hashed;
        for (const std::string &text : words) {
            ordered[text.substr(0, 3)]++;
            hashed[text.substr(text.size() - 3)] += (unsigned)text.size();
        }
        std::sort(words.begin(), words.end(), [](const std::string &a, const std::string &b) {
            return a.size() != b.size() ? a.size() < b.size() : a < b;
        });
        std::ostringstream out;
        for (const auto &[key, value] : ordered)
            if (auto found = hashed.find(key); found != hashed.end())
                out << key << ' ' << value << ' ' << found->second << '\n';
        for (const std::string &text : words)
            sum = sum * 31 + (unsigned char)text.front();
        for (char c : out.str())
            sum = sum * 31 + (unsigned char)c;
    }
    std::printf("%llu\n", (unsigned long long)sum);
}
