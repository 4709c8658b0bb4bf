// SPDX-License-Identifier: MIT
#include "recording/decode.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::recording {
namespace {

namespace dom = simdjson::dom;

static_assert(padding >= simdjson::SIMDJSON_PADDING);

template <class T>
concept Enumeration = requires {
  Names<T>::value;
};
template <class T>
concept Structure = requires {
  T::fields();
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

// Names that are looked up without trying them all.
template <class Number>
using ByName = std::unordered_map<std::string, Number>;
template <class Number>
ByName<Number> by_name(std::optional<Number> (*named)(std::string_view), std::string (*name)(Number), int last) {
  ByName<Number> known;
  for (int i = 0; i <= last; ++i) {
    const std::string one = name(Number{i});
    if (named(one) == Number{i}) known.emplace(one, Number{i});
  }
  return known;
}
template <class Number>
Number named(const std::string& name, const ByName<Number>& known, std::optional<Number> (*rare)(std::string_view)) {
  if (const auto at = known.find(name); at != known.end()) return at->second;
  const auto found = rare(name);
  if (!found) throw Malformed{};
  return *found;
}

void decode(dom::element json, Signal& value) {
  static const auto known = by_name(text::signal_named, text::signal_name, 64);
  value = named(string(json), known, text::signal_named);
}
void decode(dom::element json, Errno& value) {
  static const auto known = by_name(text::errno_named, text::errno_name, 255);
  value = named(string(json), known, text::errno_named);
}
template <class Tag, class Rep>
void decode(dom::element json, Id<Tag, Rep>& value) {
  value.value = in_range<Rep>(integer(json));
}
template <Enumeration E>
E enumerator(std::string_view name) {
  const auto& names = Names<E>::value;
  const auto* const at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) throw Malformed{};
  return static_cast<E>(at - names.begin());
}
template <Enumeration E>
void decode(dom::element json, E& value) {
  value = enumerator<E>(string(json));
}
// pipe#1: as it is written, and no other way.
void decode(dom::element json, ObjectId& value) {
  const std::string whole = string(json);
  const std::size_t mark = std::min(whole.find('#'), whole.size());
  value.kind = enumerator<ObjectKind>(std::string_view{whole}.substr(0, mark));
  const char* const end = whole.data() + whole.size();
  const char* const digits = std::min(whole.data() + mark + 1, end);
  const auto parsed = std::from_chars(digits, end, value.number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || *digits == '0') throw Malformed{};
}
// "0x7f…".
void decode(dom::element json, Address& value) {
  const std::string whole = string(json);
  const char* const end = whole.data() + whole.size();
  if (!whole.starts_with("0x")) throw Malformed{};
  const auto parsed = std::from_chars(whole.data() + 2, end, value.value, 16);
  if (parsed.ec != std::errc{} || parsed.ptr != end) throw Malformed{};
}
template <Structure T>
void decode(dom::element json, T& value);
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
void decode(dom::element json, SharedWords& value) {
  std::vector<std::string> words;
  decode(json, words);
  value = std::move(words);
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

template <Structure T>
void decode(dom::element json, T& value) {
  dom::object object;
  if (json.get(object) != simdjson::SUCCESS) throw Malformed{};
  value = decode_fields<T>(object);
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

}  // namespace

struct Decoder::Parser {
  dom::parser dom;
  dom::object object(std::string_view line) {
    dom::object json;
    if (dom.parse(line.data(), line.size(), false).get(json) != simdjson::SUCCESS) throw Malformed{};
    return json;
  }
};

Decoder::Decoder() : parser_(std::make_unique<Parser>()) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

std::optional<std::int64_t> Decoder::format(std::string_view line) {
  try {
    std::int64_t format = 0;
    if (parser_->object(line)["kintrace"].get(format) == simdjson::SUCCESS) return format;
  } catch (const Malformed&) {
  }
  return {};
}

RunHeader Decoder::header(std::string_view line) { return decode_fields<RunHeader>(parser_->object(line)); }

Decoder::Told Decoder::line(std::string_view line) {
  const dom::object json = parser_->object(line);
  std::string_view name;
  if (json["ev"].get(name) != simdjson::SUCCESS) throw Malformed{"ev"};
  if (name == RunEnd::name) return decode_fields<RunEnd>(json);
  auto fact = decode_fact(name, json);
  if (!fact) return {};
  Event event;
  decode_if_there(json, "seq", event.seq);
  decode_if_there(json, "t", event.t);
  decode_if_there(json, "dur", event.dur);
  if (event.dur < 0) throw Malformed{"dur"};
  decode_if_there(json, "unfinished", event.unfinished);
  decode_if_there(json, "pid", event.pid);
  decode_if_there(json, "tid", event.tid);
  decode_if_there(json, "waited_for", event.waited_for);
  decode_if_there(json, "woken_by", event.woken_by);
  decode_if_there(json, "waker", event.waker);
  event.fact = std::move(*fact);
  return event;
}

}  // namespace kintrace::recording
