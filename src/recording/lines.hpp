// SPDX-License-Identifier: MIT
// Bytes cut into lines, each with room behind it that the decoder may read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kintrace::recording {

class Lines {
 public:
  // Reads at most `most` bytes; 0: there are no more, at present at least. May throw.
  using Read = std::function<std::size_t(char* into, std::size_t most)>;
  explicit Lines(Read read) : read_(std::move(read)) {}
  // The next line without its newline, valid until the next call. What follows the last newline is no line: the
  // recording was cut there, or its rest has not come yet.
  std::optional<std::string_view> next();

 private:
  bool fill();

  Read read_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0, searched_ = 0;
};

}  // namespace kintrace::recording
