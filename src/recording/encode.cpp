// SPDX-License-Identifier: MIT
#include "recording/encode.hpp"

#include <algorithm>
#include <charconv>
#include <type_traits>

#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::recording {
namespace {

template <class T>
concept Enumeration = requires {
  Names<T>::value;
};
template <class T>
concept Structure = requires {
  T::fields();
};

void append(std::string& out, std::int64_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
void append(std::string& out, int value) { append(out, std::int64_t{value}); }
void append(std::string& out, const std::string& value) {
  const bool plain =
      std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < 0x7F && c != '"' && c != '\\'; });
  if (!plain) return text::append_json(out, text::to_recorded(value));
  out += '"';
  out += value;
  out += '"';
}
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
void append(std::string& out, ObjectId value) {
  out += '"';
  out += Names<ObjectKind>::value.at(static_cast<std::size_t>(value.kind));
  out += '#';
  append(out, std::int64_t{value.number});
  out += '"';
}
void append(std::string& out, Address value) {
  char digits[16];
  out += "\"0x";
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value.value, 16).ptr);
  out += '"';
}
template <Structure T>
void append(std::string& out, const T& value);
template <class T>
void append(std::string& out, const std::vector<T>& values) {
  out += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out += ',';
    append(out, values[i]);
  }
  out += ']';
}

void append(std::string& out, const SharedWords& words) { append(out, words.all()); }

void append_name(std::string& out, std::string_view name) {
  out += ",\"";
  out += name;
  out += "\":";
}

template <class T>
void append_field(std::string& out, std::string_view name, const T& value) {
  append_name(out, name);
  append(out, value);
}
// What is absent or not so is left out.
void append_field(std::string& out, std::string_view name, ObjectId obj) {
  if (obj) append_field<ObjectId>(out, name, obj);
}
template <class T>
void append_field(std::string& out, std::string_view name, const std::optional<T>& value) {
  if (value) append_field(out, name, *value);
}
void append_field(std::string& out, std::string_view name, bool value) {
  if (!value) return;
  append_name(out, name);
  out += "true";
}
void append_field(std::string& out, std::string_view name, EndedBy by) {
  if (by != EndedBy::itself) append_field<EndedBy>(out, name, by);
}

void append_field(std::string& out, std::string_view name, SignalFate fate) {
  if (fate != SignalFate::arrives) append_field<SignalFate>(out, name, fate);
}

void append_field(std::string& out, std::string_view name, const std::vector<Part>& parts) {
  if (!parts.empty()) append_field<std::vector<Part>>(out, name, parts);
}

// Fields that are left out when there is nothing in them.
template <class T, class Value>
bool left_out(const T& /*fact*/, const Field<T, Value>& /*field*/) {
  return false;
}
bool left_out(const ObjectMet& fact, const Field<ObjectMet, Bytes>& field) {
  return field.member == &ObjectMet::path && fact.path.empty();
}
bool left_out(const FdClosed& fact, const Field<FdClosed, std::int64_t>& field) {
  return field.member == &FdClosed::left && fact.left == 0;
}
template <class T>
bool left_out(const T& fact, const Field<T, std::vector<ObjectId>>& field) {
  return (fact.*field.member).empty();
}
template <class T>
requires std::is_same_v<T, Opened> || std::is_same_v<T, Mapped>
bool left_out(const T& fact, const Field<T, int>& field) { return field.member == &T::fd && fact.fd < 0; }
bool left_out(const LeftBehind& fact, const Field<LeftBehind, Bytes>& /*field*/) { return fact.path.empty(); }
bool left_out(const LeftBehind& fact, const Field<LeftBehind, std::int64_t>& /*field*/) { return fact.inside == 0; }
bool left_out(const Sent& fact, const Field<Sent, std::vector<int>>& /*field*/) { return fact.fds.empty(); }
bool left_out(const Sent& fact, const Field<Sent, Bytes>& field) {
  return field.member == &Sent::data && fact.data.empty();
}
bool left_out(const Received& fact, const Field<Received, Bytes>& field) {
  return field.member == &Received::data && fact.data.empty();
}

template <class T>
void append_fields(std::string& out, const T& value) {
  const auto one = [&](const auto& field) {
    if (!left_out(value, field)) append_field(out, field.name, value.*field.member);
  };
  std::apply([&](const auto&... field) { (one(field), ...); }, T::fields());
}

// Within another's field.
template <Structure T>
void append(std::string& out, const T& value) {
  const std::size_t begin = out.size();
  append_fields(out, value);
  if (out.size() == begin) out += ',';
  out[begin] = '{';  // instead of the first field's comma
  out += '}';
}

void append_kind(std::string& out, std::string_view name) {
  out += "{\"ev\":\"";
  out += name;
  out += '"';
}

constexpr std::string_view line_end = "}\n";

}  // namespace

void append_line(std::string& out, const RunHeader& header) {
  out += "{\"kintrace\":";
  append(out, RunHeader::format);
  append_fields(out, header);
  out += line_end;
}

void append_line(std::string& out, const Event& event) {
  std::visit(
      [&](const auto& fact) {
        append_kind(out, fact.name);
        append_field(out, "seq", event.seq);
        append_field(out, "t", event.t);
        if (event.dur != 0) append_field(out, "dur", event.dur);
        append_field(out, "pid", event.pid);
        append_field(out, "tid", event.tid);
        append_fields(out, fact);
        append_field(out, "waited_for", event.waited_for);
        if (event.woken_by) append_field(out, "woken_by", event.woken_by);
        if (event.waker) append_field(out, "waker", event.waker);
        append_field(out, "unfinished", event.unfinished);
        out += line_end;
      },
      event.fact);
}

void append_line(std::string& out, const RunEnd& end) {
  append_kind(out, RunEnd::name);
  append_fields(out, end);
  out += line_end;
}

}  // namespace kintrace::recording
