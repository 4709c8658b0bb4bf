// SPDX-License-Identifier: MIT
#include "cli/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "kintrace/error.hpp"
#include "text/escape.hpp"

namespace kintrace::cli {
namespace {

using Text = const std::string&;

std::int64_t number(Text option, Text value, std::int64_t low, std::int64_t high) {
  std::int64_t parsed = 0;
  const char* end = value.data() + value.size();
  const auto result = std::from_chars(value.data(), end, parsed);
  if (result.ec != std::errc{} || result.ptr != end || parsed < low || parsed > high)
    throw UserError(fmt::format("{} takes a number from {} to {}, not {}", option, low, high, text::shell_word(value)));
  return parsed;
}

// 10, 0.5: in decimal, as sleep(1) takes them.
Nanoseconds seconds(Text option, Text value) {
  double parsed = 0;
  const char* end = value.data() + value.size();
  const auto result = std::from_chars(value.data(), end, parsed, std::chars_format::fixed);
  constexpr double most = 1e9;
  if (result.ec != std::errc{} || result.ptr != end || !(parsed > 0) || parsed > most)
    throw UserError(fmt::format("{} takes a time in seconds, as 10 or 0.5, not {}", option, text::shell_word(value)));
  return std::max<Nanoseconds>(std::llround(parsed * 1e9), 1);
}

void only_microseconds(Raw& raw, Text option, Text precision) {
  if (precision.empty() || precision == "us") return;
  if (precision != "s" && precision != "ms" && precision != "ns")
    throw UserError(fmt::format("{}: there is no precision {}", option, text::shell_word(precision)),
                    "s, ms, us or ns");
  raw.remarks.push_back(fmt::format("{}={}: it is always in microseconds", option, precision));
}

// strace's [[format:]none|time|unix][,[precision:]s|ms|us|ns]
void absolute_timestamps(Raw& raw, Text option, Text value) {
  std::string format = "time", precision = "s";
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t end = std::min(value.find(',', at), value.size());
    std::string word = value.substr(at, end - at);
    at = end + 1;
    for (const std::string_view name : {"format:", "precision:"}) {
      if (word.starts_with(name)) word.erase(0, name.size());
    }
    if (word == "none" || word == "time" || word == "unix") {
      format = word;
    } else if (word == "s" || word == "ms" || word == "us" || word == "ns") {
      precision = word;
    } else {
      throw UserError(fmt::format("{}: there is no format or precision {}", option, text::shell_word(word)),
                      "none, time or unix, and s, ms, us or ns, as in unix,us");
    }
  }
  if (precision != "s") only_microseconds(raw, option, precision);
  raw.clock = format == "unix" ? "epoch_us" : format == "none" ? "none" : precision == "s" ? "of_day" : "of_day_us";
}

void quiet(Raw& raw, Text option, Text value) {
  if (value.empty()) {
    ++raw.quiet;  // -q, --quiet
  } else if (value == "all") {
    raw.quiet = 3;
  } else if (value == "none") {
    raw.quiet = 0;
  } else {
    const bool too = value.find("exit") != std::string::npos;
    raw.quiet = std::max(raw.quiet, too ? 2 : 1);
    raw.remarks.push_back(fmt::format("{}={}: kintrace knows -q and -qq only; taken as {}", option,
                                      text::printable(value), too ? "-qq" : "-q"));
  }
}

void daemonize(Raw& raw, Text option, Text value) {
  if (value.empty() && option != "-D") raw.daemonize = 1;
  if (option == "-D") ++raw.daemonize;
  static constexpr std::array<std::string_view, 3> places{"grandchild", "pgroup", "session"};
  if (!value.empty()) {
    const auto* const at = std::find(places.begin(), places.end(), value);
    if (at == places.end())
      throw UserError(fmt::format("{}: there is no {}", option, text::shell_word(value)),
                      "grandchild, pgroup or session");
    raw.daemonize = static_cast<int>(at - places.begin()) + 1;
  }
  if (raw.daemonize > 3) throw UserError("there is no -DDDD", "-D, -DD or -DDD");
  raw.launch_only.push_back(option);
}

void attach(Raw& raw, Text option, Text value) {
  constexpr std::string_view between = ", \t\n";
  const std::size_t before = raw.attach.size();
  for (std::size_t at = value.find_first_not_of(between); at < value.size();) {
    const std::size_t end = std::min(value.find_first_of(between, at), value.size());
    raw.attach.push_back(value.substr(at, end - at));
    number(option, raw.attach.back(), 1, 1 << 22);
    at = value.find_first_not_of(between, end);
  }
  if (raw.attach.size() == before) throw UserError(option + " needs a pid", "-p PID[,PID]...");
}

void detach_on(Raw& raw, Text option, Text value) {
  if (value != "execve")
    throw UserError(fmt::format("{} takes execve only, not {}", option, text::shell_word(value, 64)), "as in strace");
  raw.detach_on_exec = true;
  raw.launch_only.push_back(option);
}

void environment(Raw& raw, Text option, Text value) {
  if (value.empty() || value[0] == '=')
    throw UserError(option + " needs the name of a variable", "-E VAR=VAL or -E VAR");
  raw.environment.push_back(value);
  raw.launch_only.push_back(option);
}

template <bool Raw::*Flag>
void set(Raw& raw, Text /*option*/, Text /*value*/) {
  raw.*Flag = true;
}
template <bool Raw::*Flag>
void set_for_launch(Raw& raw, Text option, Text /*value*/) {
  raw.*Flag = true;
  raw.launch_only.push_back(option);
}
template <std::vector<std::string> Raw::*List>
void add(Raw& raw, Text /*option*/, Text value) {
  (raw.*List).push_back(value);
}
// -z is -e status=successful, and so on: the last of them holds.
template <std::size_t Size>
struct Expression {
  char text[Size]{};
  constexpr Expression(const char (&from)[Size]) { std::copy_n(from, Size, text); }  // NOLINT: of a literal
};
template <Expression Prefix>
void express(Raw& raw, Text /*option*/, Text value) {
  raw.expressions.push_back(Prefix.text + value);
}

constexpr std::array rows{
    OptionRow{"--read", Takes::value, "FILE", Group::source, "read the recording FILE (- is standard input) instead",
              [](Raw& raw, Text, Text value) { raw.read = value; }},
    OptionRow{"-p --attach", Takes::value, "PID[,PID]...", Group::source, "not built yet: attach to running processes",
              attach},
    OptionRow{"--snapshot", Takes::nothing, "", Group::source, "not built yet: look once through /proc",
              set<&Raw::snapshot>},
    OptionRow{"--no-descendants", Takes::nothing, "", Group::source, "not built yet: with -p, only the named processes",
              set<&Raw::no_descendants>},

    OptionRow{"-o --output", Takes::value, "FILE", Group::output,
              "write to FILE, - (standard output) or '|COMMAND'; may be repeated", add<&Raw::outputs>},
    OptionRow{"-A --output-append-mode", Takes::nothing, "", Group::output, "append to the files of -o",
              set<&Raw::append>},
    OptionRow{"--view", Takes::value, "NAME[,NAME]...", Group::output,
              "what the terminal shows; NAME=FILE writes it; list lists them", add<&Raw::views>},
    OptionRow{"-c --summary-only", Takes::nothing, "", Group::output, "a summary of each process, and nothing else",
              set<&Raw::summary_only>},
    OptionRow{"-C --summary", Takes::nothing, "", Group::output, "the summary too", set<&Raw::summary_too>},
    OptionRow{"-q --quiet", Takes::maybe, "SET", Group::output,
              "no tree, findings, remarks on the terminal; -qq: no timeline too", quiet},
    OptionRow{"-v --no-abbrev", Takes::nothing, "", Group::output, "leave nothing out, fold and shorten nothing",
              set<&Raw::verbose>},
    OptionRow{"-s --string-limit", Takes::value, "N", Group::output, "at most N bytes of each string",
              [](Raw& raw, Text option, Text value) {
                raw.string_limit = static_cast<std::size_t>(number(option, value, 0, 1LL << 40));
              }},
    OptionRow{"-t", Takes::nothing, "", Group::output,
              "time of day; -tt with microseconds; -ttt seconds since the epoch",
              [](Raw& raw, Text, Text) { ++raw.clock_letters; }},
    OptionRow{"--absolute-timestamps", Takes::maybe, "FORMAT", Group::output, "the same, as time, time,us or unix,us",
              absolute_timestamps},
    OptionRow{"-r --relative-timestamps", Takes::maybe, "PREC", Group::output, "time since the line before",
              [](Raw& raw, Text option, Text value) {
                only_microseconds(raw, option, value);
                raw.delta = true;
              }},
    OptionRow{"-T --syscall-times", Takes::maybe, "PREC", Group::output, "the time spent in every call",
              [](Raw& raw, Text option, Text value) {
                only_microseconds(raw, option, value);
                raw.call_times = true;
              }},
    OptionRow{"--stable", Takes::nothing, "", Group::output, "for diff and tests: no times, tasks named by descent",
              set<&Raw::stable>},
    OptionRow{"--color", Takes::value, "WHEN", Group::output,
              "auto (a terminal, and NO_COLOR is not set), always or never",
              [](Raw& raw, Text, Text value) { raw.color = value; }},

    OptionRow{"-e", Takes::value, "[trace=][!]ITEM[,ITEM]...", Group::choice,
              "classes, %groups, system calls or /REGEX; signal=SET; status=SET", express<"">},
    OptionRow{"--trace", Takes::value, "SET", Group::choice, "as -e trace=SET", express<"trace=">},
    OptionRow{"--signal", Takes::value, "SET", Group::choice, "as -e signal=SET", express<"signal=">},
    OptionRow{"--status", Takes::value, "SET", Group::choice, "as -e status=SET", express<"status=">},
    OptionRow{"-z --successful-only", Takes::nothing, "", Group::choice, "only calls that succeeded",
              express<"status=successful">},
    OptionRow{"-Z --failed-only", Takes::nothing, "", Group::choice, "only calls that failed",
              express<"status=failed">},

    OptionRow{"-E --env", Takes::value, "VAR[=VAL]", Group::program, "set VAR to VAL, or unset it, for the program",
              environment},
    OptionRow{"-u --user", Takes::value, "USER", Group::program, "run the program as USER; only root can",
              [](Raw& raw, Text option, Text value) {
                raw.user = value;
                raw.launch_only.push_back(option);
              }},
    OptionRow{"-D --daemonize", Takes::maybe, "PLACE", Group::program,
              "the program is the shell's own child; -DDD: tracer in a session", daemonize},
    OptionRow{"-b --detach-on", Takes::value, "execve", Group::program, "leave alone what a traced process execs",
              detach_on},
    OptionRow{"--kill-on-exit", Takes::nothing, "", Group::program, "if kintrace is killed, so is all that it traces",
              set_for_launch<&Raw::kill_on_exit>},
    OptionRow{"--timeout", Takes::value, "SEC", Group::program,
              "end all of it after SEC seconds; the exit status is 124",
              [](Raw& raw, Text option, Text value) {
                raw.timeout = seconds(option, value);
                raw.launch_only.push_back(option);
              }},
    OptionRow{"--error-exitcode", Takes::value, "N", Group::program,
              "the exit status is N if there was an error finding",
              [](Raw& raw, Text option, Text value) {
                raw.error_exitcode = static_cast<int>(number(option, value, 1, 255));
              }},
    OptionRow{"--no-restart-repair", Takes::nothing, "", Group::program, "leave an EINTR that only tracing causes",
              set_for_launch<&Raw::no_restart_repair>},
    OptionRow{"--no-seccomp", Takes::nothing, "", Group::program, "no filter: slower, but it survives kintrace's death",
              set_for_launch<&Raw::no_seccomp>},

    OptionRow{"--self-check", Takes::nothing, "", Group::other,
              "compare what kintrace believes with /proc while it runs; slow", set<&Raw::self_check>},
    OptionRow{"-h --help", Takes::nothing, "", Group::other, "this text", set<&Raw::help>},
    OptionRow{"-V --version", Takes::nothing, "", Group::other, "the version", set<&Raw::version>},

    OptionRow{"-f --follow-forks", Takes::nothing, "", Group::strace, "always so",
              [](Raw& raw, Text, Text) { ++raw.follow; }},
    OptionRow{"--output-separately", Takes::nothing, "", Group::strace, "with -f (-ff): says what to use instead",
              set<&Raw::separately>},
    OptionRow{"-y", Takes::nothing, "", Group::strace, "always so; -yy too", [](Raw&, Text, Text) {}},
    OptionRow{"-Y", Takes::nothing, "", Group::strace, "always so", [](Raw&, Text, Text) {}},
    OptionRow{"--always-show-pid", Takes::nothing, "", Group::strace, "always so", [](Raw&, Text, Text) {}},
    OptionRow{"--seccomp-bpf", Takes::nothing, "", Group::strace, "always so", [](Raw&, Text, Text) {}},
    OptionRow{"-k --stack-traces", Takes::maybe, "MODE", Group::strace, "not built yet: where each event came from",
              [](Raw& raw, Text option, Text) {
                raw.remarks.push_back(option + ": where an event came from is not shown yet; use strace -k");
              }},
    OptionRow{"--hang-after", Takes::value, "SEC", Group::strace, "not built yet: explain a knot that stands for SEC",
              [](Raw& raw, Text option, Text value) {
                if (value != "0") seconds(option, value);
                raw.remarks.push_back(option + ": knots are not explained yet");
              }},

    OptionRow{"--daemonise --daemonised --daemonized", Takes::maybe, "PLACE", Group::hidden, "", daemonize},
    OptionRow{"--silent --silence", Takes::maybe, "SET", Group::hidden, "", quiet},
    OptionRow{"--timestamps", Takes::maybe, "FORMAT", Group::hidden, "", absolute_timestamps},
    OptionRow{"--failing-only", Takes::nothing, "", Group::hidden, "", express<"status=failed">},
    OptionRow{"--signals", Takes::value, "SET", Group::hidden, "", express<"signal=">},
    // For bench/ and tests only.
    OptionRow{"--debug-filter", Takes::nothing, "", Group::hidden, "", set<&Raw::debug_filter>},
    OptionRow{"--self-check-without", Takes::value, "CALL", Group::hidden, "",
              [](Raw& raw, Text, Text value) { raw.without = value; }},
};

constexpr std::array<std::pair<Group, std::string_view>, 6> headings{{
    {Group::source, "Source"},
    {Group::output, "Output"},
    {Group::choice, "What is observed and shown"},
    {Group::program, "The program"},
    {Group::other, "Other"},
    {Group::strace, "Of strace's, and to come"},
}};

constexpr std::string_view usage =
    R"(kintrace traces a program and everything it starts, and tells what its processes did to each other.

usage: kintrace [OPTIONS] [--] PROGRAM [ARG]...
       kintrace [OPTIONS] --read FILE
)";

constexpr std::string_view footer = R"(
A FILE's name picks what is written: .jsonl the recording, any other name the timeline. The exit
status is the program's own, including death by the same signal; 124 after --timeout; 125 if
kintrace itself failed; 126 if PROGRAM cannot be run, 127 if it cannot be found. strace's other
options are taken, and one line says what to use instead. man kintrace tells more.
)";

// -r, --relative-timestamps[=PRECISION]
std::string head_of(const OptionRow& row) {
  const auto names = names_of(row);
  std::string joined = fmt::format("{}", fmt::join(names, ", "));
  if (row.takes == Takes::nothing) return joined;
  if (row.takes == Takes::maybe) return fmt::format("{}[={}]", joined, row.operand);
  return fmt::format("{} {}", joined, row.operand);
}

}  // namespace

std::span<const OptionRow> own_rows() { return rows; }

std::vector<const OptionRow*> all_rows() {
  std::vector<const OptionRow*> all;
  for (const OptionRow& row : own_rows()) all.push_back(&row);
  for (const OptionRow& row : strace_rows()) all.push_back(&row);
  return all;
}

std::vector<std::string> names_of(const OptionRow& row) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < row.names.size();) {
    const std::size_t end = std::min(row.names.find(' ', at), row.names.size());
    names.emplace_back(row.names.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

std::string help() {
  std::string out{usage};
  for (const auto& [group, heading] : headings) {
    out += fmt::format("\n{}:\n", heading);
    for (const OptionRow& row : own_rows()) {
      if (row.group == group) out += fmt::format("  {:<32} {}\n", head_of(row), row.text);
    }
  }
  return out += footer;
}

}  // namespace kintrace::cli
