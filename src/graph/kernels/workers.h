// graph: threads that take parts of a kernel's work.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>

/**
 * Shares the parts of a work between the calling thread and those that are there to help.
 *
 * A product takes less time than it takes to wake a thread. So the caller never waits for one that has not begun: each
 * takes the next part until none is left, and helpers stay awake for a moment after a work, for the next of the same loop.
 * Which thread does a part changes no number.
 */
class Workers {
 public:
  /** The one of this process. It is never destroyed: at the end of the process, its threads may still sleep in it. */
  static Workers& shared() {
    static Workers* workers = new Workers();
    return *workers;
  }

  /** part(i) for i = 0, …, count − 1, each once; all are done when it returns. */
  template <typename Part>
  void run(int64_t count, const Part& part) {
    if (numHelpers_ == 0 || count < 2 || isBusy_.exchange(true)) {
      // There is nobody, or they are busy with another product.
      for (int64_t i = 0; i < count; i++) part(i);
      return;
    }
    start();
    Work work{count, &call<Part>, &part};
    work_ = &work;
    generation_++;
    if (numAsleep_ > 0) {
      { std::lock_guard<std::mutex> lock(mutex_); }
      wake_.notify_all();
    }
    takeParts(work);
    work_ = nullptr;
    // Whoever came before that may still be at a part; whoever comes later finds no work.
    while (numInside_ > 0) rest(1);
    isBusy_ = false;
  }

 private:
  struct Work {
    int64_t count;
    void (*call)(const void* part, int64_t i);
    const void* part;
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
    // TensorFlow's own variable for how many threads a kernel may use.
    const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int64_t threads = wanted == nullptr ? 0 : std::atoll(wanted);
    numHelpers_ = std::min<int64_t>(threads > 0 ? threads : std::thread::hardware_concurrency(), kMostThreads) - 1;
  }

  /** The threads, at the first work that is large enough for them. */
  void start() {
    for (; numStarted_ < numHelpers_; numStarted_++) {
      try {
        std::thread([this] { help(); }).detach();
      } catch (const std::exception&) {
        // A limit of the system: those that are there will do.
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
      if (Work* work = work_) takeParts(*work);
      numInside_--;
    }
  }

  /** Lets the processor's other half, and its fan, have a moment. */
  static void rest(int moments) {
#if defined(__x86_64__)
    for (int i = 0; i < moments; i++) __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
  }

  static constexpr int64_t kMostThreads = 8;
  static constexpr std::chrono::microseconds kAwake{200};

  std::atomic<bool> isBusy_{false};
  std::atomic<Work*> work_{nullptr};
  /** Counts the works. */
  std::atomic<uint64_t> generation_{0};
  /** Helpers that may look at the work. */
  std::atomic<int64_t> numInside_{0};
  std::atomic<int64_t> numAsleep_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  int64_t numHelpers_ = 0, numStarted_ = 0;
};
