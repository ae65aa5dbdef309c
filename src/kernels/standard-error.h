// kernels: keeps what libraries write to standard error while they load. Only native code can redirect it in one step, so
// that no other thread's file takes its place.
#pragma once

#include <csignal>
#include <cstdio>
#include <string>

#if defined(_WIN32)
#include <io.h>
#define dup _dup
#define dup2 _dup2
#define close _close
#define fileno _fileno
#define lseek _lseek
#define read _read
#define write _write
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace {

/** One per process; to be used by its main thread. */
class StandardError {
 public:
  /** Sends it to a temporary file from now on. Returns false, with nothing done, if there is none. */
  static bool capture() {
    if (file_ != nullptr) return false;
    file_ = std::tmpfile();
    if (file_ == nullptr) return false;
    std::fflush(stderr);
    saved_ = dup(kNumber);
    keepFromChildren(saved_);
    keepFromChildren(fileno(file_));
    if (saved_ < 0 || dup2(fileno(file_), kNumber) < 0) {
      end();
      return false;
    }
    // A library that aborts has written its reason to the file.
    onAbort_ = std::signal(SIGABRT, &replay);
    return true;
  }

  /** Restores it, and returns what was written in between. */
  static std::string release() {
    std::string text;
    if (file_ == nullptr) return text;
    std::signal(SIGABRT, onAbort_);
    std::fflush(stderr);
    dup2(saved_, kNumber);
    std::rewind(file_);
    char part[4096];
    for (size_t count; (count = std::fread(part, 1, sizeof(part), file_)) > 0;) text.append(part, count);
    end();
    return text;
  }

 private:
  static void end() {
    if (saved_ >= 0) close(saved_);
    std::fclose(file_);
    saved_ = -1;
    file_ = nullptr;
  }

  static void keepFromChildren(int number) {
#if !defined(_WIN32)
    if (number >= 0) fcntl(number, F_SETFD, FD_CLOEXEC);
#endif
  }

  /** Writes the file to the saved standard error, and aborts. It calls nothing that a signal handler may not call. */
  static void replay(int) {
    char part[4096];
    lseek(kNumber, 0, SEEK_SET);
    for (;;) {
      const auto count = read(kNumber, part, sizeof(part));
      if (count <= 0 || write(saved_, part, count) < 0) break;
    }
    std::signal(SIGABRT, SIG_DFL);
    std::raise(SIGABRT);
  }

  static constexpr int kNumber = 2;
  static inline std::FILE* file_ = nullptr;
  static inline int saved_ = -1;
  static inline void (*onAbort_)(int) = SIG_DFL;
};

}  // namespace
