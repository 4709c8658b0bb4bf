// SPDX-License-Identifier: MIT
#include "recording/reader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "kintrace/error.hpp"
#include "recording/decode.hpp"
#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::recording {
namespace {

UserError not_a_recording(const std::string& name) {
  return UserError(fmt::format("{} is not a recording", name), "make one with: kintrace -o run.jsonl PROGRAM");
}

RunHeader header(Decoder& decoder, std::string_view line, const std::string& name) {
  const auto format = decoder.format(line);
  if (!format) throw not_a_recording(name);
  if (*format != RunHeader::format) {
    throw UserError(
        fmt::format("{} is of format {}, and this kintrace reads format {}", name, *format, RunHeader::format),
        "use the kintrace that made it");
  }
  try {
    return decoder.header(line);
  } catch (const Malformed&) {
    throw not_a_recording(name);
  }
}

}  // namespace

Lines::Read from_descriptor(int fd) {
  return [fd](char* into, std::size_t most) {
    ssize_t got = 0;
    do got = ::read(fd, into, most);
    while (got < 0 && errno == EINTR);
    if (got < 0) throw UserError("cannot read the recording: " + text::errno_text(Errno{errno}));
    return static_cast<std::size_t>(got);
  };
}

void tell(const Lines::Read& read, const std::string& name, Sink& sink) {
  const std::string shown = text::printable(name);
  bool begun = false;
  Lines lines([&](char* into, std::size_t most) {
    if (begun) sink.settle();
    return read(into, most);
  });
  Decoder decoder;
  const auto first = lines.next();
  if (!first) throw not_a_recording(shown);
  sink.begin(header(decoder, *first, shown));
  begun = true;
  std::size_t number = 1;
  while (const auto line = lines.next()) {
    ++number;
    Decoder::Told told;
    try {
      told = decoder.line(*line);
    } catch (const Malformed& what) {
      throw UserError(fmt::format("{}: line {}: {}", shown, number,
                                  what.field.empty() ? "this is not JSON"
                                                     : fmt::format("\"{}\" is not as the format has it", what.field)),
                      "docs/trace-format.md tells what a recording holds");
    }
    if (const auto* event = std::get_if<Event>(&told)) sink.event(*event);
    if (const auto* end = std::get_if<RunEnd>(&told)) return sink.end(*end);
  }
}

}  // namespace kintrace::recording
