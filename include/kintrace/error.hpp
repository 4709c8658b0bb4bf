// SPDX-License-Identifier: MIT
// The three kinds of failure and their three mechanisms:
//   the world moved (a task is gone, a file is denied)   Result<T>: normal, handled where it happens
//   the user can act (no such program, a bad recording)  throw UserError: caught once, in main
//   we are wrong (a stop in an impossible state)         KINTRACE_CHECK: on in release, aborts with the last stops
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "kintrace/ids.hpp"

namespace kintrace {

// Why the kernel said no. `gone` and `denied` are the two answers that every caller must expect.
class Failure {
 public:
  constexpr explicit Failure(Errno error) : error_(error) {}
  static Failure last() { return Failure{Errno{errno}}; }
  constexpr Errno error() const { return error_; }
  constexpr bool gone() const { return error_.value == ESRCH || error_.value == ENOENT || error_.value == ECHILD; }
  constexpr bool denied() const { return error_.value == EPERM || error_.value == EACCES; }

 private:
  Errno error_;
};

// A value, or why there is none. Named as std::expected so that it can become one.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Failure failure) : state_(std::in_place_index<1>, failure) {}   // NOLINT(google-explicit-constructor)
  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T value_or(T other) && { return has_value() ? std::get<0>(std::move(state_)) : std::move(other); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const Failure& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Failure> state_;
};

struct Done {};
template <>
class [[nodiscard]] Result<void> : public Result<Done> {
 public:
  Result() : Result<Done>(Done{}) {}
  Result(Failure failure) : Result<Done>(failure) {}  // NOLINT(google-explicit-constructor)
};

// Something that the user can mend. `hint` says what to do; it may be empty.
class UserError : public std::runtime_error {
 public:
  explicit UserError(const std::string& message, std::string hint = {}, int status = 125)
      : std::runtime_error(message), hint_(std::move(hint)), status_(status) {}
  const std::string& hint() const { return hint_; }
  int status() const { return status_; }  // kintrace's exit status: 125, or 126/127 as env(1)
  std::string shown() const {             // as it is printed
    return std::string{"kintrace: "} + what() + "\n" + (hint_.empty() ? "" : "          " + hint_ + "\n");
  }

 private:
  std::string hint_;
  int status_;
};

// Called by a failing check before it aborts, to say what happened last. One at a time; may be null.
using CrashNotes = std::string (*)();
void set_crash_notes(CrashNotes notes);
[[noreturn]] void check_failed(std::string_view condition, std::string_view file, int line, std::string_view detail);

}  // namespace kintrace

// An invariant of ours. `detail` names the task or value at fault.
#define KINTRACE_CHECK(condition, detail) \
  ((condition) ? static_cast<void>(0) : ::kintrace::check_failed(#condition, __FILE__, __LINE__, (detail)))
