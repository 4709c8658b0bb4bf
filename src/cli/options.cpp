// SPDX-License-Identifier: MIT
#include "cli/options.hpp"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

#include "cli/choice.hpp"
#include "cli/destinations.hpp"
#include "cli/nearest.hpp"
#include "cli/option_table.hpp"
#include "kintrace/error.hpp"
#include "text/escape.hpp"
#include "version.hpp"

namespace kintrace::cli {
namespace {

// The rows as getopt_long(3) wants them: strace parses with it, and so a command line means the same to both.
class Getopt {
 public:
  Getopt() {
    for (const OptionRow* row : all_rows()) {
      for (const std::string& name : names_of(*row)) {
        if (name.starts_with("--")) {
          longs_.push_back({row, name});
        } else {
          letters_ += name[1];
          if (row->takes == Takes::value) letters_ += ':';
          shorts_.emplace(name[1], row);
        }
      }
    }
    for (std::size_t i = 0; i < longs_.size(); ++i) {
      const int takes = static_cast<int>(longs_[i].row->takes);  // no_argument, required_argument, optional_argument
      table_.push_back({longs_[i].name.c_str() + 2, takes, nullptr, first_long + static_cast<int>(i)});
    }
    table_.push_back({});
  }

  // The position of the first operand.
  std::size_t parse(int argc, const char* const* argv, Raw& raw, std::size_t& given) const {
    auto* const words = const_cast<char* const*>(argv);  // NOLINT: as it is declared; it moves none of them with a +
    optind = 0;                                          // begin anew, as glibc has it
    opterr = 0;
    while (true) {
      given = static_cast<std::size_t>(std::max(optind, 1));
      const int found = ::getopt_long(argc, words, letters_.c_str(), table_.data(), nullptr);  // NOLINT: one thread
      if (found == -1) return static_cast<std::size_t>(optind);
      if (found == '?' || found == ':') throw wrong(found, argv);
      const bool is_long = found >= first_long;
      const OptionRow& row = is_long ? *longs_.at(static_cast<std::size_t>(found - first_long)).row
                                     : *shorts_.at(static_cast<char>(found));
      const std::string name = is_long ? longs_.at(static_cast<std::size_t>(found - first_long)).name
                                       : std::string{'-', static_cast<char>(found)};
      apply(row, raw, name, optarg != nullptr ? optarg : "");
    }
  }

 private:
  static constexpr int first_long = 256;
  struct Long {
    const OptionRow* row;
    std::string name;
  };

  static void apply(const OptionRow& row, Raw& raw, const std::string& name, const std::string& value) {
    if (row.apply != nullptr) return row.apply(raw, name, value);
    raw.remarks.push_back(fmt::format("{} is taken and has no effect: {}", name, row.text));
  }

  UserError wrong(int found, const char* const* argv) const {
    const bool is_long = optopt == 0 || optopt >= first_long;
    const std::string word = argv[optind - 1];
    const std::string name = is_long ? word.substr(0, word.find('=')) : std::string{'-', static_cast<char>(optopt)};
    const std::string shown = text::shell_word(name, 64);
    if (found == ':') return UserError(fmt::format("{} needs an operand", shown), "kintrace -h tells which");
    if (optopt >= first_long)
      return UserError(fmt::format("{} takes no operand", shown), "leave out what follows the =");
    std::vector<std::string> begun, all;
    for (const Long& one : longs_) {
      all.push_back(one.name);
      if (is_long && one.name.starts_with(name)) begun.push_back(one.name);
    }
    if (begun.size() > 1)
      return UserError(fmt::format("{} is the beginning of several options", shown),
                       fmt::format("they are {}", fmt::join(begun, ", ")));
    if (!is_long) {
      const auto letter = static_cast<unsigned char>(optopt);
      const int other = std::isupper(letter) != 0 ? std::tolower(letter) : std::toupper(letter);
      const bool known = shorts_.contains(static_cast<char>(other));
      return UserError(fmt::format("there is no option {}", shown),
                       known ? fmt::format("did you mean -{}?", static_cast<char>(other)) : "kintrace -h lists them");
    }
    return UserError(fmt::format("there is no option {}", shown), did_you_mean(name, all, "kintrace -h lists them"));
  }

  std::vector<Long> longs_;
  std::map<char, const OptionRow*> shorts_;
  std::string letters_ = "+:";  // stop at the first operand; tell a missing operand from an unknown option
  std::vector<option> table_;
};

void decide_clock(const Raw& raw, Options& options) {
  if (raw.clock_letters > 3) throw UserError("there is no -tttt", "-t, -tt or -ttt");
  static const std::map<std::string, Clock> clocks{{"none", Clock::since_start},
                                                   {"of_day", Clock::of_day},
                                                   {"of_day_us", Clock::of_day_us},
                                                   {"epoch_us", Clock::epoch_us}};
  static constexpr std::array by_letters{Clock::since_start, Clock::of_day, Clock::of_day_us, Clock::epoch_us};
  options.clock = raw.clock.empty() ? by_letters.at(static_cast<std::size_t>(raw.clock_letters)) : clocks.at(raw.clock);
  if (raw.delta && options.clock != Clock::since_start) throw UserError("-t and -r exclude each other", "choose one");
  if (raw.delta) options.clock = Clock::delta;
}

void decide_choice(const Raw& raw, Options& options) {
  Chosen chosen = choose(raw.expressions);
  options.choice = std::move(chosen.choice);
  options.choice.detail = raw.verbose;
  options.trace = std::move(chosen.trace);
  for (std::string& remark : chosen.remarks) options.remarks.push_back(std::move(remark));
  const auto about_outcomes = std::count_if(raw.expressions.begin(), raw.expressions.end(),
                                            [](const std::string& one) { return one.starts_with("status="); });
  if (about_outcomes > 1) options.remarks.emplace_back("of several -z, -Z and -e status=, the last holds");
}

void decide_program(const Raw& raw, Options& options) {
  options.environment = raw.environment;
  options.user = raw.user;
  options.place = raw.daemonize == 0   ? TracerPlace::under_face
                  : raw.daemonize == 3 ? TracerPlace::own_session
                                       : TracerPlace::own_group;
  options.detach_on_exec = raw.detach_on_exec;
  options.kill_on_exit = raw.kill_on_exit;
  options.seccomp = !raw.no_seccomp && !raw.detach_on_exec;
  if (raw.detach_on_exec && !raw.no_seccomp)
    options.remarks.emplace_back(
        "-b: without the seccomp filter, as what is left alone could not go on with it: every call stops");
  options.timeout = raw.timeout;
  options.error_exitcode = raw.error_exitcode;
  if (raw.daemonize > 0 && raw.error_exitcode)
    throw UserError("-D and --error-exitcode exclude each other", "with -D the exit status is the program's own");
  if (raw.daemonize > 0 && raw.timeout)
    options.remarks.emplace_back("-D: after --timeout the exit status is the program's own, not 124");
  const bool separately = raw.follow > 1 || raw.separately;
  if (separately && !raw.outputs.empty())
    options.remarks.emplace_back(
        "-ff: one file holds all tasks, each line with its pid; --stable writes one section a task");
  if (options.read && !raw.launch_only.empty())
    options.remarks.push_back(fmt::format("no effect on a recording: {}", fmt::join(raw.launch_only, ", ")));
}

void decide_source(const Raw& raw, Options& options) {
  options.read = raw.read;
  for (const std::string& pid : raw.attach) {
    pid_t value = 0;
    std::from_chars(pid.data(), pid.data() + pid.size(), value);
    options.attach.push_back(value);
  }
  if (raw.snapshot)
    throw UserError("--snapshot is not built yet", "start the program under kintrace: kintrace PROGRAM [ARG]...");
  if (raw.no_descendants) throw UserError("--no-descendants is not built yet", "it will go with -p");
  if (options.read && !options.attach.empty())
    throw UserError("--read and -p exclude each other", "a recording is read, not run");
}

Options interpret(const Raw& raw) {
  Options options;
  decide_source(raw, options);
  decide_destinations(raw, options);
  if (!options.answer.empty()) return options;
  options.remarks.insert(options.remarks.begin(), raw.remarks.begin(), raw.remarks.end());
  decide_clock(raw, options);
  decide_choice(raw, options);
  options.restart_repair = !raw.no_restart_repair;
  options.debug_filter = raw.debug_filter;
  if (raw.debug_filter) return options;
  decide_program(raw, options);
  std::set<std::string> told;
  std::erase_if(options.remarks, [&](const std::string& remark) { return !told.insert(remark).second; });
  options.stable = raw.stable;
  options.quiet = raw.quiet;
  options.verbose = raw.verbose;
  options.call_times = raw.call_times;
  options.string_limit = raw.string_limit;
  options.self_check = raw.self_check;
  options.self_check_without = raw.without;
  static const std::map<std::string, ColorWhen> colors{
      {"auto", ColorWhen::automatic}, {"always", ColorWhen::always}, {"never", ColorWhen::never}};
  const auto color = colors.find(raw.color);
  if (color == colors.end()) throw UserError("--color takes auto, always or never");
  options.color = color->second;
  return options;
}

void take_program(std::vector<std::string> words, Options& options) {
  if (options.read && !words.empty())
    throw UserError("--read and a program exclude each other", "a recording is read, not run");
  if (!options.read && words.empty() && options.attach.empty() && !options.debug_filter)
    throw UserError("what shall be run?", "kintrace [OPTIONS] PROGRAM [ARG]...   (kintrace -h tells more)");
  if (!words.empty() && words[0].empty()) throw UserError("the program's name is empty", "", 127);
  options.program = std::move(words);
}

}  // namespace

Options parse(int argc, const char* const* argv) {
  Raw raw;
  std::size_t given = 0;  // how far the options go, without a -- after them
  const std::size_t first = Getopt{}.parse(argc, argv, raw, given);
  Options options;
  if (raw.help) {
    options.answer = help();
  } else if (raw.version) {
    options.answer = fmt::format("kintrace {}\n", version);
  } else {
    options = interpret(raw);
  }
  if (!options.answer.empty()) return options;
  take_program({argv + first, argv + argc}, options);
  options.given.assign(argv + 1, argv + given);
  return options;
}

std::vector<std::string> option_names() {
  std::vector<std::string> names;
  for (const OptionRow& row : own_rows()) {
    if (row.group == Group::hidden) continue;
    for (std::string& name : names_of(row)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace kintrace::cli
