// SPDX-License-Identifier: MIT
// Lines put aside in a temporary file that has no name: it takes no memory, nobody else finds it, and its space is free
// again when it is closed or we are killed. Appended to at its end, read once from its front. Not a recording that a
// user asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kintrace/error.hpp"
#include "os/fd.hpp"

namespace kintrace::recording {

// One thread may append while another reads, if that one has been told by other means how much there is.
class Spool {
 public:
  // Where one is made: $TMPDIR if that is set, else /var/tmp, else /tmp.
  static Result<Spool> make();
  // Of a file that can be written and read at any place; `directory` is for messages.
  Spool(os::Fd fd, std::string directory) : fd_(std::move(fd)), directory_(std::move(directory)) {}

  // All of it or, where it fails, nothing.
  Result<void> append(std::string_view bytes);
  // Moves at most `most` bytes from the front to `into`; 0: it is empty. Their space is given back as reading goes on.
  Result<std::size_t> read(char* into, std::size_t most);
  const std::string& directory() const { return directory_; }

 private:
  void give_back();

  os::Fd fd_;
  std::string directory_;
  std::int64_t end_ = 0;                     // of the one that appends
  std::int64_t begin_ = 0, given_back_ = 0;  // of the one that reads
};

// The directory that is tried first: for messages where none would do.
std::string spool_directory();

}  // namespace kintrace::recording
