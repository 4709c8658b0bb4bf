// SPDX-License-Identifier: MIT
// The command line, parsed and checked: what the user asked for, in full. One table of options (option_table.hpp) is
// parsed by and makes the help.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "kintrace/choice.hpp"
#include "kintrace/view.hpp"

namespace kintrace::cli {

struct OutputRequest {
  std::vector<std::string> views;  // one after the other
  std::string target;              // a path, - for standard output, or |COMMAND
};

enum class ColorWhen { automatic, always, never };
enum class Writing { anew, append };
// Where the tracer is: beside the program, below a face; or on its own (-D), in a process group or session.
enum class TracerPlace { under_face, own_group, own_session };

struct Options {
  std::string answer;  // the whole answer to -h, -V or --view list: print it and be done
  std::vector<std::string> program;
  std::optional<std::string> read;
  std::vector<std::string> remarks;  // to be told before the program starts, one line each

  std::vector<OutputRequest> outputs;       // -o FILE, --view NAME=FILE
  std::vector<std::string> terminal_views;  // what the terminal shows, in this order
  Writing writing = Writing::anew;
  bool stable = false;
  int quiet = 0;
  bool verbose = false;
  bool call_times = false;
  std::optional<std::size_t> string_limit;
  Clock clock = Clock::since_start;
  ColorWhen color = ColorWhen::automatic;

  Choice choice;
  std::vector<std::string> trace;  // the choice as the recording's header tells it

  std::vector<std::string> environment;  // VAR=VAL sets, VAR unsets
  std::optional<std::string> user;
  TracerPlace place = TracerPlace::under_face;
  bool detach_on_exec = false;
  bool kill_on_exit = false;
  bool seccomp = true;  // trace with a seccomp filter
  bool restart_repair = true;
  std::optional<Nanoseconds> timeout;
  std::optional<int> error_exitcode;

  std::vector<pid_t> attach;
  bool self_check = false;
  std::string self_check_without;
  bool debug_filter = false;       // print which calls stop the program, and do nothing else
  std::vector<std::string> given;  // the options as they were typed, for the recording's header
};

// Throws UserError, saying what to write instead.
Options parse(int argc, const char* const* argv);

// Every option of the help, as it may be typed: for the test that compares completions and man page with them.
std::vector<std::string> option_names();

}  // namespace kintrace::cli
