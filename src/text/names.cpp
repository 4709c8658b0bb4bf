// SPDX-License-Identifier: MIT
#include "text/names.hpp"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <cstring>

namespace kintrace::text {
namespace {

// The kernel's real-time signals begin at 32, of which glibc keeps two to itself (signal(7)): kill -l counts from 34.
constexpr int first_realtime = 34;
constexpr int last_signal = 64;
constexpr int last_errno = 4095;  // MAX_ERRNO: a result above -4096 is a failure

std::optional<int> number_after(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  int value = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) return {};
  return value;
}

}  // namespace

std::string errno_name(Errno error) {
  const char* name = ::strerrorname_np(error.value);
  return name != nullptr ? name : fmt::format("errno {}", error.value);
}

std::optional<Errno> errno_named(std::string_view name) {
  if (const auto number = number_after(name, "errno ")) return Errno{*number};
  for (int i = 1; i <= last_errno; ++i) {
    const char* known = ::strerrorname_np(i);
    if (known != nullptr && name == known) return Errno{i};
  }
  return {};
}

std::string errno_text(Errno error) {
  return ::strerrordesc_np(error.value) != nullptr ? ::strerrordesc_np(error.value) : errno_name(error);
}

std::string signal_name(Signal signal) {
  if (signal.value == first_realtime) return "SIGRTMIN";
  if (signal.value > first_realtime) return fmt::format("SIGRTMIN+{}", signal.value - first_realtime);
  const char* name = ::sigabbrev_np(signal.value);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("SIG{}", signal.value);
}

std::optional<Signal> signal_named(std::string_view name) {
  for (int i = 0; i <= last_signal; ++i) {
    if (signal_name(Signal{i}) == name) return Signal{i};
  }
  return {};
}

}  // namespace kintrace::text
