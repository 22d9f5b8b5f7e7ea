// The library beside containers: streams and locales, format and print, charconv, regular expressions, random numbers, memory resources,
// ranges, time.
// RUN: %twin -O0 "-O2 -pthread" -- %s %t -std=c++23
#include <algorithm>
#include <any>
#include <array>
#include <bitset>
#include <charconv>
#include <chrono>
#include <complex>
#include <deque>
#include <expected>
#include <filesystem>
#include <format>
#include <forward_list>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <list>
#include <locale>
#include <map>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <print>
#include <queue>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <valarray>
#include <vector>
using namespace std::literals;

static void streams() {
  std::cout << std::hex << std::showbase << 255 << ' ' << std::dec << std::setw(8) << std::setfill('*') << 3.25 << ' ' << std::boolalpha << true << '\n';
  std::istringstream in("12 0x1f word 2.5e3");
  int a, b; std::string word; double d;
  in >> a >> std::hex >> b >> word >> d;
  std::cout << a << b << word << d << in.eof() << std::endl;
  in.exceptions(std::ios::failbit);
  try { in.clear(); in >> a; } catch (std::ios_base::failure &e) { std::cout << (e.code() == std::io_errc::stream) << '\n'; }
  std::wcout.imbue(std::locale("C.UTF-8"));
  std::cout << std::locale("C").name() << ' ' << std::locale("C.UTF-8").name() << ' ' << std::locale::classic().name() << '\n';
  try { std::locale none("xx_YY"); std::cout << "any name\n"; } catch (std::runtime_error &e) { std::cout << e.what() << '\n'; }
  std::ostringstream money;
  money << std::put_money(1234L) << ' ' << std::put_time(std::gmtime(&static_cast<const std::time_t &>(std::time_t(86400 * 365))), "%Y-%m-%d %A");
  std::cout << money.str() << ' ' << std::use_facet<std::ctype<char>>(std::locale()).toupper('x') << '\n';
  std::cerr << "to standard error\n";
}
static void text() {
  std::cout << std::format("{:>8}|{:<6}|{:^7}|{:#x}|{:.3f}|{:e}|{}\n", "right", 42, "mid", 255, 3.14159, 12345.678, true);
  std::println("{1} {0} {2:?}", 1, "two"sv, "quo\"ted");
  try { (void)std::vformat("{:d}", std::make_format_args("text")); } catch (std::format_error &) { std::println("format_error"); }
  char room[64];
  auto end = std::to_chars(room, room + 64, 0.1 + 0.2).ptr;
  std::cout << std::string_view(room, end) << ' ';
  end = std::to_chars(room, room + 64, 1e100, std::chars_format::fixed).ptr;
  std::cout << end - room << ' ';
  const char *number = "1234xyz"; int n = 0;
  auto [rest, error] = std::from_chars(number, number + 7, n);
  std::cout << n << *rest << int(error) << ' ' << std::stod("1e-3") << '\n';
  try { std::stoi("none"); } catch (std::invalid_argument &e) { std::cout << e.what() << '\n'; }
  std::smatch match;
  std::string date = "on 2024-02-29, then";
  std::cout << std::regex_search(date, match, std::regex(R"((\d{4})-(\d\d)-(\d\d))")) << match[1] << match[3] << ' '
            << std::regex_replace(date, std::regex("[aeiou]"), "<$&>") << '\n';
  try { std::regex wrong("(unclosed"); } catch (std::regex_error &e) { std::cout << (e.code() == std::regex_constants::error_paren) << '\n'; }
}
static void numbers() {
  std::mt19937_64 random(5489);
  random.discard(9999);
  std::cout << random() << ' ';
  std::minstd_rand small;
  std::normal_distribution<> normal(10, 2);
  std::cout << std::uniform_int_distribution<>(1, 6)(small) << ' ' << std::setprecision(6) << normal(small) << ' ';
  std::cout << std::complex<double>(0, 1) * std::complex<double>(0, 1) << ' ' << std::valarray<int>{1, 2, 3}.sum() << ' '
            << std::gcd(84, 36) << ' ' << std::bitset<10>(37) << ' ' << std::hash<int>()(7) << '\n';
  std::random_device device;
  std::cout << (device.max() > 0) << '\n';
  using namespace std::chrono;
  sys_days day = 2024y / February / 29;
  std::cout << weekday(day).iso_encoding() << ' ' << (day + days(1)).time_since_epoch().count() << ' ' << duration_cast<seconds>(1h + 30min).count() << ' '
            << std::format("{:%F %T}", sys_seconds(seconds(1700000000))) << ' ' << (steady_clock::now() <= steady_clock::now()) << '\n';
}
static void memory() {
  std::array<std::byte, 4096> room;
  std::pmr::monotonic_buffer_resource buffer(room.data(), room.size(), std::pmr::null_memory_resource());
  std::pmr::vector<std::pmr::string> words({"a long enough string to need memory", "another one that is long as well"}, &buffer);
  std::cout << words[1] << '\n';
  try { std::pmr::vector<char> much(8192, &buffer); } catch (std::bad_alloc &e) { std::cout << e.what() << '\n'; }
  std::pmr::unsynchronized_pool_resource pool;
  std::pmr::map<int, int> squares(&pool);
  for (int i = 0; i < 100; i++) squares[i] = i * i;
  auto even = squares | std::views::values | std::views::filter([](int n) { return n % 2 == 0; }) | std::views::take(4);
  std::cout << std::ranges::fold_left(even, 0, std::plus()) << '\n';
  std::vector<std::string> sorted{"pear", "fig", "apple"};
  std::ranges::sort(sorted, {}, &std::string::size);
  for (auto part : std::views::split("a,b,c"sv, ',')) std::cout << std::string_view(part) << ';';
  std::unordered_map<std::string, std::any> things{{"one", 1}, {"text", sorted}};
  std::cout << std::any_cast<std::vector<std::string>>(things["text"])[0] << ' ';
  try { std::any_cast<long>(things["one"]); } catch (std::bad_any_cast &e) { std::cout << e.what() << ' '; }
  std::expected<int, std::string> result = std::unexpected("no"s);
  try { std::cout << result.value(); } catch (std::bad_expected_access<std::string> &e) { std::cout << e.error() << ' '; }
  try { std::cout << std::optional<int>().value(); } catch (std::bad_optional_access &e) { std::cout << e.what() << ' '; }
  try { std::function<void()>()(); } catch (std::bad_function_call &e) { std::cout << "function\n"; }
  std::priority_queue<int> queue; for (int i : {3, 9, 4}) queue.push(i);
  std::list<int> list{1, 2, 3}; list.reverse();
  std::cout << queue.top() << list.front() << std::deque<int>(1000, 1).size() << std::set<int>{3, 3, 1}.size() << '\n';
}
static void files() {
  namespace fs = std::filesystem;
  fs::create_directories("one/two");
  { std::ofstream("one/two/file") << "line 1\nline 2\n"; }
  fs::copy_file("one/two/file", "one/copy");
  fs::rename("one/copy", "one/moved");
  std::ifstream in("one/moved");
  for (std::string line; std::getline(in, line);) std::cout << line << '|';
  std::set<std::string> found;
  for (auto &entry : fs::recursive_directory_iterator("one")) found.insert(entry.path().generic_string() + (entry.is_directory() ? "/" : ""));
  for (auto &name : found) std::cout << name << ' ';
  std::cout << fs::file_size("one/moved") << ' ' << fs::exists("none") << ' ' << fs::remove_all("one") << '\n';
  std::error_code error;
  fs::file_size("none", error);
  std::cout << error.message() << ' ' << (error == std::errc::no_such_file_or_directory) << '\n';
  try { fs::directory_iterator("none"); } catch (fs::filesystem_error &e) { std::cout << e.path1() << '\n'; }
  std::fstream both("data", std::ios::in | std::ios::out | std::ios::trunc | std::ios::binary);
  both << "0123456789"; both.seekg(4); std::string part(3, 0); both.read(part.data(), 3);
  std::cout << part << ' ' << both.tellg() << ' ' << fs::path("/a/b/../c.txt").lexically_normal().stem() << '\n';
}
int main() {
  streams();
  text();
  numbers();
  memory();
  files();
}
