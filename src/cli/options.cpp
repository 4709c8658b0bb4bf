// SPDX-License-Identifier: MIT
#include "cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <set>

#include "kintrace/error.hpp"
#include "text/escape.hpp"
#include "version.hpp"
#include "views/registry.hpp"

namespace kintrace::cli {
namespace {

constexpr std::string_view usage =
    R"(kintrace traces a program and everything it starts, and tells what its processes did to each other.

usage: kintrace [OPTIONS] [--] PROGRAM [ARG]...
       kintrace [OPTIONS] --read FILE

)";

constexpr std::string_view footer = R"(
A FILE's name picks what is written: .jsonl the recording, any other name the timeline. - is standard output, and '|COMMAND'
a command's input. The exit status is the program's own, including death by the same signal; 125 if kintrace itself failed,
126 if PROGRAM cannot be run, 127 if it cannot be found.
)";

// What CLI11 fills in; what it means is decided in interpret().
struct Raw {
  std::vector<std::string> outputs, views, read;
  std::optional<std::int64_t> string_limit;
  std::string color = "auto", without;
  int time = 0, quiet = 0;
  bool delta = false, stable = false, self_check = false, help = false, version = false;
};

// strace's -o, -e and their like may be repeated, each with exactly one value: `-o x ls -l` must not take ls.
CLI::Option* repeatable(CLI::App& app, const std::string& name, std::vector<std::string>& into,
                        const std::string& text) {
  return app.add_option(name, into, text)->expected(1)->take_all()->allow_extra_args(false);
}

void declare(CLI::App& app, Raw& raw) {
  app.set_help_flag();
  app.prefix_command();
  app.option_defaults()->group("Output");
  repeatable(app, "-o,--output", raw.outputs, "write to FILE; may be repeated")->type_name("FILE");
  repeatable(app, "--view", raw.views,
             "what the terminal shows: NAME[,NAME]; NAME=FILE writes it to FILE; list lists them")
      ->type_name("NAME");
  app.add_flag("-q,--quiet", raw.quiet, "no tree, findings and remarks on the terminal; -qq: no timeline either");
  app.add_option("-s,--string-limit", raw.string_limit, "at most N bytes of each string (default: 256 of an argument)")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("-t", raw.time,
               "time of day; -tt with microseconds; -ttt seconds since the epoch (default: since the start)");
  app.add_flag("-r,--relative-timestamps", raw.delta, "time since the line before");
  app.add_option("--color", raw.color, "auto (a terminal, and NO_COLOR is not set), always or never")
      ->type_name("WHEN");
  app.add_flag("--stable", raw.stable, "for diff and tests: no times, tasks named by descent, one section a task");
  app.option_defaults()->group("Source");
  repeatable(app, "--read", raw.read, "read the recording FILE (- is standard input) instead of running a program")
      ->type_name("FILE");
  app.option_defaults()->group("Other");
  app.add_flag("--self-check", raw.self_check, "compare what kintrace believes with /proc while it runs; slow");
  app.add_flag("-h,--help", raw.help, "this text");
  app.add_flag("-V,--version", raw.version, "the version");
  app.option_defaults()->group("");  // for tests only
  app.add_option("--self-check-without", raw.without, "make one syscall's row do nothing: the self-check must notice");
}

std::string help(const CLI::App& app) {
  std::string out{usage};
  std::string group;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_group() != group) {
      group = option->get_group();
      out += group + ":\n";
    }
    std::string names = option->get_name(false, true);
    std::replace(names.begin(), names.end(), ',', ' ');
    std::string type = option->get_type_name();
    type.resize(std::min(type.find(':'), type.size()));  // a check adds its own name
    if (!type.empty() && type != "BOOLEAN" && option->get_type_size() != 0) names += " " + type;
    out += fmt::format("  {:<32} {}\n", names, option->get_description());
  }
  return out += footer;
}

std::string view_list() {
  std::string out;
  for (const ViewSpec* spec : views::registry()) out += fmt::format("{:<12} {}\n", spec->name, spec->summary);
  return out;
}

std::string view_names() {
  std::vector<std::string_view> names;
  for (const ViewSpec* spec : views::registry()) names.push_back(spec->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

void require_view(const std::string& name) {
  if (views::find(name) != nullptr) return;
  throw UserError(fmt::format("there is no view named {}", text::shell_word(name)), "the views are: " + view_names());
}

// The longest known suffix picks the view; any other name is text.
std::string view_for(const std::string& target) {
  std::string_view best = "timeline", longest;
  if (target.starts_with('|')) return std::string{best};
  for (const ViewSpec* spec : views::registry()) {
    for (const std::string_view suffix : spec->suffixes) {
      if (target.ends_with(suffix) && suffix.size() > longest.size()) {
        longest = suffix;
        best = spec->name;
      }
    }
  }
  return std::string{best};
}

void add_output(Options& options, std::string view, const std::string& target) {
  if (target.empty()) throw UserError("-o needs a file name", "-o FILE, -o - for standard output, or -o '|COMMAND'");
  const bool taken = std::any_of(options.outputs.begin(), options.outputs.end(), [&](const OutputRequest& other) {
    return other.target == target && !target.starts_with('|');
  });
  if (taken) throw UserError(fmt::format("two outputs to one file: {}", text::shell_word(target)), "give each its own");
  options.outputs.push_back({std::move(view), target});
}

void interpret_views(const Raw& raw, Options& options) {
  for (const std::string& output : raw.outputs) add_output(options, view_for(output), output);
  for (const std::string& value : raw.views) {
    if (value == "list") {
      options.answer = view_list();
      return;
    }
    if (const std::size_t equals = value.find('='); equals != std::string::npos) {
      require_view(value.substr(0, equals));
      add_output(options, value.substr(0, equals), value.substr(equals + 1));
      continue;
    }
    for (const std::string& name : CLI::detail::split(value, ',')) {
      require_view(name);
      options.terminal_views.push_back(name);
    }
  }
  if (!raw.views.empty() && !options.terminal_views.empty()) return;
  // With an output elsewhere the timeline leaves the terminal; findings stay, unless they are silenced too.
  const bool elsewhere = !options.outputs.empty();
  if (!elsewhere && raw.quiet < 2) options.terminal_views.emplace_back("timeline");
  if (!elsewhere && raw.quiet == 0) options.terminal_views.emplace_back("tree");
  if (raw.quiet == 0) options.terminal_views.emplace_back("findings");
}

Options interpret(const Raw& raw) {
  Options options;
  interpret_views(raw, options);
  options.stable = raw.stable;
  options.quiet = raw.quiet;
  if (raw.string_limit) options.string_limit = static_cast<std::size_t>(*raw.string_limit);
  options.self_check = raw.self_check;
  options.self_check_without = raw.without;
  if (raw.time > 3) throw UserError("there is no -tttt", "-t, -tt or -ttt");
  if (raw.time > 0 && raw.delta) throw UserError("-t and -r exclude each other", "choose one");
  static constexpr std::array clocks{Clock::since_start, Clock::of_day, Clock::of_day_us, Clock::epoch_us};
  options.clock = raw.delta ? Clock::delta : clocks.at(static_cast<std::size_t>(raw.time));
  static const std::map<std::string, ColorWhen> colors{
      {"auto", ColorWhen::automatic}, {"always", ColorWhen::always}, {"never", ColorWhen::never}};
  const auto color = colors.find(raw.color);
  if (color == colors.end()) throw UserError("--color takes auto, always or never");
  options.color = color->second;
  if (!raw.read.empty()) options.read = raw.read.back();
  return options;
}

// prefix_command leaves PROGRAM and all that follows in remaining(), with the -- if there was one, and an unknown
// option as if it were the program.
void take_program(std::vector<std::string> rest, Options& options) {
  if (!rest.empty() && rest[0] == "--") {
    rest.erase(rest.begin());
  } else if (!rest.empty() && rest[0].size() > 1 && rest[0][0] == '-') {
    throw UserError(fmt::format("there is no option {}", text::shell_word(rest[0])), "kintrace -h lists them");
  }
  if (options.read && !rest.empty())
    throw UserError("--read and a program exclude each other", "a recording is read, not run");
  if (!options.read && rest.empty())
    throw UserError("what shall be run?", "kintrace [OPTIONS] PROGRAM [ARG]...   (kintrace -h tells more)");
  if (!options.read && rest[0].empty()) throw UserError("the program's name is empty", "", 127);
  options.program = std::move(rest);
}

}  // namespace

Options parse(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app;
  declare(app, raw);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    throw UserError(text::printable(error.what()), "kintrace -h tells how options are used");
  }
  Options options;
  if (raw.help) {
    options.answer = help(app);
  } else if (raw.version) {
    options.answer = fmt::format("kintrace {}\n", version);
  } else {
    options = interpret(raw);
  }
  if (!options.answer.empty()) return options;
  take_program(app.remaining(), options);
  const auto given = static_cast<std::size_t>(argc) - 1 - options.program.size();
  options.given.assign(argv + 1, argv + 1 + given);
  if (!options.given.empty() && options.given.back() == "--") options.given.pop_back();
  return options;
}

std::vector<std::string> option_names() {
  Raw raw;
  CLI::App app;
  declare(app, raw);
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

}  // namespace kintrace::cli
