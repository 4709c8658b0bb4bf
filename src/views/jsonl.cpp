// SPDX-License-Identifier: MIT
// The recording: one JSON object a line, each fact's fields as event.hpp lists them. docs/trace-format.md.
#include <fmt/format.h>

#include <iterator>
#include <string>
#include <type_traits>

#include "kintrace/view.hpp"
#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::views {
namespace {

template <class T>
concept Enumeration = requires {
  Names<T>::value;
};

void append(std::string& out, std::int64_t value) { fmt::format_to(std::back_inserter(out), "{}", value); }
void append(std::string& out, int value) { append(out, std::int64_t{value}); }
void append(std::string& out, const std::string& value) { text::append_json(out, text::to_recorded(value)); }
void append(std::string& out, Signal value) { text::append_json(out, text::signal_name(value)); }
void append(std::string& out, Errno value) { text::append_json(out, text::errno_name(value)); }
template <class Tag, class Rep>
void append(std::string& out, Id<Tag, Rep> value) {
  append(out, static_cast<std::int64_t>(value.value));
}
template <Enumeration E>
void append(std::string& out, E value) {
  text::append_json(out, Names<E>::value.at(static_cast<std::size_t>(value)));
}
template <class T>
void append(std::string& out, const std::vector<T>& values) {
  out += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out += ',';
    append(out, values[i]);
  }
  out += ']';
}

template <class T>
void append_field(std::string& out, std::string_view name, const T& value) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":", name);
  append(out, value);
}
// What is absent or not so is left out.
template <class T>
void append_field(std::string& out, std::string_view name, const std::optional<T>& value) {
  if (value) append_field(out, name, *value);
}
void append_field(std::string& out, std::string_view name, bool value) {
  if (value) fmt::format_to(std::back_inserter(out), ",\"{}\":true", name);
}
void append_field(std::string& out, std::string_view name, EndedBy by) {
  if (by != EndedBy::itself) append_field<EndedBy>(out, name, by);
}

template <class T>
void append_fields(std::string& out, const T& value) {
  std::apply([&](const auto&... field) { (append_field(out, field.name, value.*field.member), ...); }, T::fields());
}

class Jsonl : public View {
 public:
  explicit Jsonl(Writer& out) : out_(out) {}

  void begin(const RunHeader& header) override {
    line_ = fmt::format("{{\"kintrace\":{}", RunHeader::format);
    append_fields(line_, header);
    write();
  }

  void event(const Event& event, const World& /*world*/) override {
    std::visit(
        [&](const auto& fact) {
          line_.clear();
          fmt::format_to(std::back_inserter(line_), "{{\"ev\":\"{}\",\"seq\":{},\"t\":{}", fact.name, event.seq.value,
                         event.t);
          if (event.dur != 0) append_field(line_, "dur", event.dur);
          append_field(line_, "pid", event.pid);
          append_field(line_, "tid", event.tid);
          append_fields(line_, fact);
          append_field(line_, "unfinished", event.unfinished);
        },
        event.fact);
    write();
  }

  void end(const std::optional<RunEnd>& end, const World& /*world*/) override {
    if (!end) return;
    line_ = fmt::format("{{\"ev\":\"{}\"", RunEnd::name);
    append_fields(line_, *end);
    write();
  }

 private:
  void write() {
    line_ += "}\n";
    out_.write(line_);
  }

  Writer& out_;
  std::string line_;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& /*options*/) { return std::make_unique<Jsonl>(out); }

constexpr std::string_view suffixes[] = {".jsonl"};

}  // namespace

extern const ViewSpec jsonl_view{"jsonl", "the recording: one JSON object a line, for --read and other programs", make,
                                 suffixes};

}  // namespace kintrace::views
