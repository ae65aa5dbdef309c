// kernels: keeps what libraries write to standard error while they load. Only native code can redirect it in one step, so
// that no other thread's file takes its place.
#pragma once

#include <cstdio>
#include <string>

#if defined(_WIN32)
#include <io.h>
#define dup _dup
#define dup2 _dup2
#define close _close
#define fileno _fileno
#else
#include <unistd.h>
#endif

namespace {

class StandardError {
 public:
  /** Sends it to a temporary file from now on. Returns false, with nothing done, if there is none. */
  bool capture() {
    if (file_ != nullptr) return false;
    file_ = std::tmpfile();
    if (file_ == nullptr) return false;
    std::fflush(stderr);
    saved_ = dup(kNumber);
    if (saved_ >= 0 && dup2(fileno(file_), kNumber) >= 0) return true;
    if (saved_ >= 0) close(saved_);
    std::fclose(file_);
    file_ = nullptr;
    return false;
  }

  /** Restores it, and returns what was written in between. */
  std::string release() {
    std::string text;
    if (file_ == nullptr) return text;
    std::fflush(stderr);
    dup2(saved_, kNumber);
    close(saved_);
    std::rewind(file_);
    char part[4096];
    for (size_t count; (count = std::fread(part, 1, sizeof(part), file_)) > 0;) text.append(part, count);
    std::fclose(file_);
    file_ = nullptr;
    return text;
  }

 private:
  static constexpr int kNumber = 2;
  std::FILE* file_ = nullptr;
  int saved_ = -1;
};

}  // namespace
