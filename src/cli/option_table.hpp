// SPDX-License-Identifier: MIT
// Every option that is understood, one row each: its names, whether it takes an operand, and what it leaves behind. The
// help is made from the same rows. What options mean together is decided in options.cpp. strace's others, which
// kintrace takes only to say what to use instead, are rows too (strace_options.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kintrace/ids.hpp"

namespace kintrace::cli {

// What the options leave behind, word for word; checked alone, not yet together.
struct Raw {
  std::vector<std::string> outputs, views, expressions, environment, attach, remarks;
  std::vector<std::string> launch_only;  // options that were given and mean nothing for a recording
  std::optional<std::string> read, user;
  std::optional<std::size_t> string_limit;
  std::optional<Nanoseconds> timeout;
  std::optional<int> error_exitcode;
  std::string color = "auto", without;
  int quiet = 0, follow = 0, clock_letters = 0, daemonize = 0;
  std::string clock;  // none, of_day, of_day_us, epoch_us; empty: not given
  bool append = false, delta = false, verbose = false, call_times = false, stable = false;
  bool summary_only = false, summary_too = false, separately = false;
  bool detach_on_exec = false, kill_on_exit = false, no_restart_repair = false, no_seccomp = false,
       debug_filter = false;
  bool snapshot = false, no_descendants = false, self_check = false, help = false, version = false;
};

// `maybe`: only joined to a long name by =, as getopt_long(3) has it.
enum class Takes { nothing, value, maybe };
enum class Group { source, output, choice, program, other, strace, hidden };

// `option` is the name as it was typed, `value` its operand or empty. Throws UserError.
using Apply = void (*)(Raw& raw, const std::string& option, const std::string& value);

struct OptionRow {
  std::string_view names;  // "-o --output"
  Takes takes = Takes::nothing;
  std::string_view operand;  // what the help calls it
  Group group = Group::hidden;
  std::string_view text;  // one line of the help; of one of strace's others, what to use instead
  Apply apply = nullptr;
};

std::span<const OptionRow> own_rows();
std::span<const OptionRow> strace_rows();
std::vector<const OptionRow*> all_rows();
std::vector<std::string> names_of(const OptionRow& row);

// The answer to -h.
std::string help();

}  // namespace kintrace::cli
