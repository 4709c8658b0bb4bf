// SPDX-License-Identifier: MIT
#include "sources/recording.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>
#include <utility>

#include "os/fd.hpp"
#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::sources {
namespace {

namespace dom = simdjson::dom;

// A line that is JSON but not what the format says.
struct Malformed {
  std::string_view field;
};

template <class T>
struct Decode;

template <class T>
concept Enumeration = requires {
  Names<T>::value;
};

constexpr std::int64_t largest = (std::int64_t{1} << 53) - 1;  // docs/trace-format.md

std::int64_t integer(dom::element json) {
  std::int64_t value = 0;
  if (json.get(value) != simdjson::SUCCESS || value > largest || value < -largest) throw Malformed{};
  return value;
}

std::string string(dom::element json) {
  std::string_view value;
  if (json.get(value) != simdjson::SUCCESS) throw Malformed{};
  auto bytes = text::from_recorded(value);
  if (!bytes) throw Malformed{};
  return std::move(*bytes);
}

void decode(dom::element json, bool& value) {
  if (json.get(value) != simdjson::SUCCESS) throw Malformed{};
}
void decode(dom::element json, std::int64_t& value) { value = integer(json); }
template <class T>
T in_range(std::int64_t number) {
  if (!std::in_range<T>(number)) throw Malformed{};
  return static_cast<T>(number);
}
void decode(dom::element json, int& value) { value = in_range<int>(integer(json)); }
void decode(dom::element json, std::string& value) { value = string(json); }
void decode(dom::element json, Signal& value) {
  const auto named = text::signal_named(string(json));
  if (!named) throw Malformed{};
  value = *named;
}
void decode(dom::element json, Errno& value) {
  const auto named = text::errno_named(string(json));
  if (!named) throw Malformed{};
  value = *named;
}
template <class Tag, class Rep>
void decode(dom::element json, Id<Tag, Rep>& value) {
  value.value = in_range<Rep>(integer(json));
}
template <Enumeration E>
void decode(dom::element json, E& value) {
  const auto name = string(json);
  const auto& names = Names<E>::value;
  const auto* const at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) throw Malformed{};
  value = static_cast<E>(at - names.begin());
}
template <class T>
void decode(dom::element json, std::optional<T>& value) {
  decode(json, value.emplace());
}
template <class T>
void decode(dom::element json, std::vector<T>& value) {
  dom::array array;
  if (json.get(array) != simdjson::SUCCESS) throw Malformed{};
  for (const dom::element item : array) decode(item, value.emplace_back());
}

template <class T>
void decode_if_there(dom::object json, std::string_view name, T& value) {
  dom::element element;
  if (json[name].get(element) != simdjson::SUCCESS) return;
  try {
    decode(element, value);
  } catch (const Malformed&) {
    throw Malformed{name};
  }
}

template <class T>
T decode_fields(dom::object json) {
  T value;
  std::apply([&](const auto&... field) { (decode_if_there(json, field.name, value.*field.member), ...); }, T::fields());
  return value;
}

// The fact that is called `name`, or nothing if there is none of that name.
template <std::size_t Index = 0>
std::optional<Fact> decode_fact(std::string_view name, dom::object json) {
  if constexpr (Index == std::variant_size_v<Fact>) {
    return {};
  } else {
    using Candidate = std::variant_alternative_t<Index, Fact>;
    if (name == Candidate::name) return decode_fields<Candidate>(json);
    return decode_fact<Index + 1>(name, json);
  }
}

// Lines of a descriptor, each with room behind it that simdjson may read.
class Lines {
 public:
  explicit Lines(int fd) : fd_(fd) {}
  // The next line without its newline. What follows the last newline is no line: the recording was cut there.
  // `before_reading` is called when it has to be waited for.
  template <class Before>
  std::optional<std::string_view> next(const Before& before_reading) {
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
      before_reading();
      if (!fill()) return {};
    }
  }

 private:
  bool fill() {
    if (begin_ != 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (buffer_.size() < end_ + block + simdjson::SIMDJSON_PADDING)
      buffer_.resize(2 * (end_ + block) + simdjson::SIMDJSON_PADDING);
    ssize_t got = 0;
    do got = ::read(fd_, buffer_.data() + end_, block);
    while (got < 0 && errno == EINTR);
    if (got < 0) throw UserError("cannot read the recording: " + text::errno_text(Errno{errno}));
    end_ += static_cast<std::size_t>(got);
    return got != 0;
  }

  static constexpr std::size_t block = 1U << 18U;
  int fd_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0, searched_ = 0;
};

class Recording : public Source {
 public:
  Recording(std::string path, os::Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  void run(Sink& sink) override {
    Lines lines(fd_ ? fd_.get() : STDIN_FILENO);
    const auto first = lines.next([] {});
    if (!first) throw not_a_recording();
    sink.begin(header(*first));
    std::size_t number = 1;
    while (const auto line = lines.next([&] { sink.settle(); })) {
      ++number;
      try {
        if (tell(*line, sink)) return;
      } catch (const Malformed& what) {
        throw UserError(fmt::format("{}: line {}: {}", text::printable(path_), number,
                                    what.field.empty() ? "this is not JSON"
                                                       : fmt::format("\"{}\" is not as the format has it", what.field)),
                        "docs/trace-format.md tells what a recording holds");
      }
    }
  }

 private:
  UserError not_a_recording() const {
    return UserError(fmt::format("{} is not a recording", text::printable(path_)),
                     "make one with: kintrace -o run.jsonl PROGRAM");
  }

  RunHeader header(std::string_view line) {
    dom::object json;
    std::int64_t format = 0;
    if (parse(line).get(json) != simdjson::SUCCESS || json["kintrace"].get(format) != simdjson::SUCCESS)
      throw not_a_recording();
    if (format != RunHeader::format) {
      throw UserError(fmt::format("{} is of format {}, and this kintrace reads format {}", text::printable(path_),
                                  format, RunHeader::format),
                      "use the kintrace that made it");
    }
    try {
      return decode_fields<RunHeader>(json);
    } catch (const Malformed&) {
      throw not_a_recording();
    }
  }

  // Whether this was the last line.
  bool tell(std::string_view line, Sink& sink) {
    dom::object json;
    std::string_view name;
    if (parse(line).get(json) != simdjson::SUCCESS) throw Malformed{};
    if (json["ev"].get(name) != simdjson::SUCCESS) throw Malformed{"ev"};
    if (name == RunEnd::name) {
      sink.end(decode_fields<RunEnd>(json));
      return true;
    }
    auto fact = decode_fact(name, json);
    if (!fact) return false;
    Event event;
    decode_if_there(json, "seq", event.seq);
    decode_if_there(json, "t", event.t);
    decode_if_there(json, "dur", event.dur);
    if (event.dur < 0) throw Malformed{"dur"};
    decode_if_there(json, "unfinished", event.unfinished);
    decode_if_there(json, "pid", event.pid);
    decode_if_there(json, "tid", event.tid);
    event.fact = std::move(*fact);
    sink.event(event);
    return false;
  }

  simdjson::simdjson_result<dom::element> parse(std::string_view line) {
    return parser_.parse(line.data(), line.size(), false);
  }

  std::string path_;
  os::Fd fd_;
  dom::parser parser_;
};

}  // namespace

std::unique_ptr<Source> recording(const std::string& path) {
  if (path == "-") return std::make_unique<Recording>("standard input", os::Fd{});
  auto fd = os::open(path, O_RDONLY);
  if (!fd)
    throw UserError(fmt::format("cannot open {}: {}", text::shell_word(path), text::errno_text(fd.error().error())));
  return std::make_unique<Recording>(path, std::move(*fd));
}

}  // namespace kintrace::sources
