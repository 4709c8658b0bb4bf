// SPDX-License-Identifier: MIT
// The command line, parsed and checked: what the user asked for, in full. One table of options feeds the help as well.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kintrace/view.hpp"

namespace kintrace::cli {

struct OutputRequest {
  std::string view;
  std::string target;  // a path, - for standard output, or |COMMAND
};

enum class ColorWhen { automatic, always, never };

struct Options {
  std::string answer;  // the whole answer to -h, -V or --view list: print it and be done
  std::vector<std::string> program;
  std::optional<std::string> read;
  std::vector<OutputRequest> outputs;       // -o FILE, --view NAME=FILE
  std::vector<std::string> terminal_views;  // what the terminal shows, in this order
  bool stable = false;
  int quiet = 0;
  std::optional<std::size_t> string_limit;
  Clock clock = Clock::since_start;
  ColorWhen color = ColorWhen::automatic;
  bool self_check = false;
  std::string self_check_without;
  std::vector<std::string> given;  // the options as they were typed, for the recording's header
};

// Throws UserError, saying what to write instead.
Options parse(int argc, const char* const* argv);

// Every option as it may be typed: for the test that compares completions and man page with them.
std::vector<std::string> option_names();

}  // namespace kintrace::cli
