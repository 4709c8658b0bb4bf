// SPDX-License-Identifier: MIT
#include "recording/lines.hpp"

#include <cstring>

#include "recording/decode.hpp"

namespace kintrace::recording {
namespace {

constexpr std::size_t block = 1U << 18U;

}  // namespace

std::optional<std::string_view> Lines::next() {
  for (;;) {
    const char* const begin = buffer_.data() + begin_;
    const auto* const newline =
        static_cast<const char*>(std::memchr(begin + searched_, '\n', end_ - begin_ - searched_));
    if (newline != nullptr) {
      const std::string_view line(begin, static_cast<std::size_t>(newline - begin));
      begin_ += line.size() + 1;
      searched_ = 0;
      return line;
    }
    searched_ = end_ - begin_;
    if (!fill()) return {};
  }
}

bool Lines::fill() {
  if (begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + block + padding) buffer_.resize(2 * end_ + block + padding);
  const std::size_t got = read_(buffer_.data() + end_, block);
  end_ += got;
  return got != 0;
}

}  // namespace kintrace::recording
