// SPDX-License-Identifier: MIT
// A line of a recording back to what it was written from. What it does not know (a newer version's fields and facts) is
// passed over. Not here: where lines come from (lines.hpp, reader.hpp).
#pragma once

#include <memory>
#include <string_view>
#include <variant>

#include "kintrace/event.hpp"

namespace kintrace::recording {

// A line that is not what the format says: this field of it, or, if that is empty, it is not JSON at all.
struct Malformed {
  std::string_view field;
};

// So many bytes behind a line may be read, whatever they hold, but must be there.
constexpr std::size_t padding = 64;

class Decoder {
 public:
  Decoder();
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  // The number of the format that a first line says it is of, or nothing if it is no first line.
  std::optional<std::int64_t> format(std::string_view line);
  RunHeader header(std::string_view line);
  // Nothing: a fact that this version does not know.
  using Told = std::variant<std::monostate, Event, RunEnd>;
  Told line(std::string_view line);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace kintrace::recording
