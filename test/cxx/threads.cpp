// The library's threads: exceptions carried from one to another, mutexes, condition variables, futures, atomics that wait, latches and barriers,
// stop tokens, thread_local objects, statics.
// RUN: %twin "-O0 -pthread" "-O2 -pthread" -- %s %t -std=c++20 -fexperimental-library
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <future>
#include <latch>
#include <map>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static std::atomic<int> alive;
struct Own {
  Own() { alive++; }
  ~Own() { alive--; }
  int count = 0;
};
static thread_local Own own;
static Own &shared() { static Own once; return once; }

static void carry() {
  std::vector<std::exception_ptr> kept(8);
  std::vector<std::thread> threads;
  for (int n = 0; n < 8; n++)
    threads.emplace_back([&kept, n] {
      own.count++;
      for (int i = 0; i < 200; i++)
        try { if (i % 2) throw std::runtime_error(std::to_string(n)); throw n; } catch (int) {} catch (...) { kept[n] = std::current_exception(); }
      shared().count |= 0;
    });
  for (auto &thread : threads) thread.join();
  for (auto &one : kept)
    try { std::rethrow_exception(one); } catch (std::exception &e) { std::printf("%s ", e.what()); }
  std::printf("left %d\n", alive.load());
  auto result = std::async(std::launch::async, []() -> int { throw std::out_of_range("in a future"); });
  try { result.get(); } catch (std::out_of_range &e) { std::puts(e.what()); }
  std::promise<std::string> promise;
  auto future = promise.get_future();
  std::thread([&] { promise.set_value_at_thread_exit("kept"); }).join();
  std::puts(future.get().c_str());
  try { promise.set_value("twice"); } catch (std::future_error &e) { std::puts(e.what()); }
  std::packaged_task<int(int)> task([](int n) { return n * n; });
  auto square = task.get_future();
  std::thread(std::move(task), 12).join();
  std::printf("%d\n", square.get());
}
static void locks() {
  std::mutex mutex;
  std::condition_variable ready;
  std::shared_mutex readers;
  std::recursive_timed_mutex timed;
  std::map<int, int> filled;
  int turn = 0;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; n++)
    threads.emplace_back([&, n] {
      for (int i = 0; i < 25; i++) {
        std::unique_lock lock(mutex);
        ready.wait(lock, [&] { return turn % 4 == n; });
        turn++;
        { std::scoped_lock all(readers, timed); filled[n]++; }
        ready.notify_all();
      }
      std::shared_lock reading(readers);
      if (filled.size() > 4) std::puts("wrong");
    });
  for (auto &thread : threads) thread.join();
  std::printf("%d %d\n", turn, filled[3]);
  std::unique_lock lock(mutex);
  std::printf("%d\n", ready.wait_for(lock, std::chrono::milliseconds(1), [] { return false; }));
  std::once_flag once;
  int tries = 0;
  for (int i = 0; i < 3; i++)
    try { std::call_once(once, [&] { if (++tries < 2) throw i; }); } catch (int n) { std::printf("once, %d\n", n); }
  std::printf("%d tries\n", tries);
}
static void waiting() {
  std::atomic<int> flag = 0;
  std::latch latch(3);
  std::counting_semaphore<8> semaphore(0);
  int rounds = 0;
  std::barrier barrier(3, [&]() noexcept { rounds++; });
  std::vector<std::jthread> threads;
  for (int n = 0; n < 3; n++)
    threads.emplace_back([&] {
      flag.wait(0);
      latch.arrive_and_wait();
      for (int i = 0; i < 10; i++) barrier.arrive_and_wait();
      semaphore.release();
    });
  flag = 1;
  flag.notify_all();
  for (int n = 0; n < 3; n++) semaphore.acquire();
  std::printf("%d rounds\n", rounds);
  std::atomic<bool> stopped = false;
  std::jthread forever([&](std::stop_token stop) { while (!stop.stop_requested()) std::this_thread::yield(); stopped = true; });
  forever.request_stop();
  forever.join();
  struct Big { long a, b, c; };
  std::atomic<long double> wide = 1.5L;
  wide = wide + 1;
  std::printf("%d %.1f\n", stopped.load(), double(wide.load()));
}
int main() {
  carry();
  locks();
  waiting();
  try { std::thread().join(); } catch (std::system_error &e) { std::printf("%d\n", e.code() == std::errc::invalid_argument); }
}
