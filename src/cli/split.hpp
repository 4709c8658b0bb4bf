// SPDX-License-Identifier: MIT
// A list on the command line, in its parts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kintrace::cli {

// "a,,b" has three parts, of which one is empty; "" has one.
inline std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (std::size_t end = text.find(at); end != std::string_view::npos; end = text.find(at)) {
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.emplace_back(text);
  return parts;
}

}  // namespace kintrace::cli
