// SPDX-License-Identifier: MIT
// A file descriptor that closes itself. Every descriptor of kintrace's own is close-on-exec: that is how the program
// gets none of them, and how close_inherited tells ours from the program's.
#pragma once

#include <string>
#include <utility>

#include "kintrace/error.hpp"

namespace kintrace::os {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void reset();

 private:
  int number_ = -1;
};

// open(2) with O_CLOEXEC.
Result<Fd> open(const std::string& path, int flags, unsigned mode = 0);
// A second descriptor, numbered 3 or above, for what `number` refers to.
Result<Fd> duplicate(int number);
// Reads until end of file or `most` bytes; retries EINTR.
Result<std::string> read_all(int fd, std::size_t most = std::string::npos);
// All of a file that the kernel makes up as one record, as most in /proc are: what fits comes with the first read. As
// it is now, however often it has been read.
Result<std::string> read_record(int fd);

struct SocketPair {
  Fd ours, theirs;
};
Result<SocketPair> socket_pair();

// Descriptors 0 to 2 that are closed get /dev/null, close-on-exec: nothing of ours can land there, and the program
// still starts without them. Call before anything else is opened.
void occupy_standard_fds();
// Closes what the program is to inherit and we must not hold: every descriptor above 2 that is not close-on-exec, and
// standard input; standard output too unless `keep_stdout`. They become /dev/null.
void close_inherited(bool keep_stdout);

}  // namespace kintrace::os
