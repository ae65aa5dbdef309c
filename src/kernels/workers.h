// kernels: threads that share the work of a kernel.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

// Each addon has its own threads, since another one may have been built from another version of this file.
namespace {

/**
 * Distributes the parts of a task over the calling thread and helper threads.
 *
 * A product takes less time than waking a thread, so the caller never waits for a helper that has not started. Each
 * thread takes the next part until none is left. Helpers spin for a while after a task, ready for the next one of the loop.
 * The results do not depend on which thread computes a part.
 */
class Workers {
 public:
  /** The instance of this process. It is never destroyed, because its threads may still wait in it at exit. */
  static Workers& shared() {
    static Workers* workers = new Workers();
    return *workers;
  }

  /** Calls part(i) once for each i = 0, …, count − 1, and returns when all calls are done. */
  template <typename Part>
  void run(int64_t count, const Part& part) {
    if (numHelpers_ == 0 || count < 2 || isBusy_.exchange(true)) {
      // No helpers, or they are busy with another product.
      for (int64_t i = 0; i < count; i++) part(i);
      return;
    }
    start();
    Work work{count, &call<Part>, &part, processor()};
    work_ = &work;
    generation_++;
    if (numAsleep_ > 0) {
      { std::lock_guard<std::mutex> lock(mutex_); }
      wake_.notify_all();
    }
    takeParts(work);
    work_ = nullptr;
    // Helpers that entered earlier may still work on a part; later ones find no task.
    while (numInside_ > 0) rest(1);
    isBusy_ = false;
  }

 private:
  struct Work {
    int64_t count;
    void (*call)(const void* part, int64_t i);
    const void* part;
    /** The processor of the calling thread, or −1. */
    int caller;
    std::atomic<int64_t> next{0};
  };

  template <typename Part>
  static void call(const void* part, int64_t i) {
    (*static_cast<const Part*>(part))(i);
  }

  static void takeParts(Work& work) {
    for (int64_t i = work.next++; i < work.count; i = work.next++) work.call(work.part, i);
  }

  Workers() {
    // TensorFlow's variable for the number of threads per kernel.
    const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int64_t threads = wanted == nullptr ? 0 : std::atoll(wanted);
    numHelpers_ = std::min<int64_t>(threads > 0 ? threads : std::thread::hardware_concurrency(), kMostThreads) - 1;
  }

  /** Starts the threads on the first task that is large enough. */
  void start() {
    for (; numStarted_ < numHelpers_; numStarted_++) {
      try {
        std::thread([this] { help(); }).detach();
      } catch (const std::exception&) {
        // A system limit was reached: use the threads started so far.
        numHelpers_ = numStarted_;
      }
    }
  }

  void help() {
    for (uint64_t seen = 0;;) {
      const auto until = std::chrono::steady_clock::now() + kAwake;
      while (generation_ == seen && std::chrono::steady_clock::now() < until) rest(4);
      if (generation_ == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        numAsleep_++;
        wake_.wait(lock, [&] { return generation_ != seen; });
        numAsleep_--;
      }
      seen = generation_;
      numInside_++;
      if (Work* work = work_) {
        leave(work->caller);
        takeParts(*work);
      }
      numInside_--;
    }
  }

  static int processor() {
#if defined(__linux__)
    return sched_getcpu();
#else
    return -1;
#endif
  }

  /** Moves this thread if it is on the caller's processor. A scheduler may start both there and part them milliseconds later. */
  static void leave(int caller) {
#if defined(__linux__)
    if (caller < 0 || sched_getcpu() != caller) return;
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
    cpu_set_t others = allowed;
    CPU_CLR(caller, &others);
    if (CPU_COUNT(&others) < 1 || sched_setaffinity(0, sizeof others, &others) != 0) return;
    sched_setaffinity(0, sizeof allowed, &allowed);
#else
    (void)caller;
#endif
  }

  /** Pauses briefly, which frees the other hardware thread of the core and saves power. */
  static void rest(int moments) {
#if defined(__x86_64__)
    for (int i = 0; i < moments; i++) __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }

  static constexpr int64_t kMostThreads = 8;
  // Waking a thread can take as long as a task. In a process that has just started, the loop takes up to 0.3 ms in between.
  static constexpr std::chrono::milliseconds kAwake{1};

  std::atomic<bool> isBusy_{false};
  std::atomic<Work*> work_{nullptr};
  /** Number of tasks so far. */
  std::atomic<uint64_t> generation_{0};
  /** Helpers that may access the current task. */
  std::atomic<int64_t> numInside_{0};
  std::atomic<int64_t> numAsleep_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  int64_t numHelpers_ = 0, numStarted_ = 0;
};

}  // namespace
