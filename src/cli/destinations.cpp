// SPDX-License-Identifier: MIT
#include "cli/destinations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "cli/nearest.hpp"
#include "cli/split.hpp"
#include "kintrace/error.hpp"
#include "text/escape.hpp"
#include "views/registry.hpp"

namespace kintrace::cli {
namespace {

// Views that have a name and are not built yet. A file of that name must not become text meanwhile.
struct Planned {
  std::string_view name;
  std::string_view suffixes;
};
constexpr std::array planned{
    Planned{"perfetto", ".pftrace"},
    Planned{"chrome", ".trace.json .json"},
    Planned{"otlp", ".otlp.json"},
    Planned{"html", ".html .htm"},
    Planned{"findings-json", ".findings.json"},
    Planned{"dot", ".dot .gv"},
    Planned{"mermaid", ".mmd"},
    Planned{"hang", ""},
};
// To such a file nothing can be added: it is one document.
constexpr std::array documents{"perfetto", "chrome", "otlp", "html", "findings-json", "dot", "mermaid"};

std::vector<std::string> view_names() {
  std::vector<std::string> names;
  for (const ViewSpec* spec : views::registry()) names.emplace_back(spec->name);
  return names;
}

std::string view_list() {
  std::string out;
  for (const ViewSpec* spec : views::registry()) out += fmt::format("{:<12} {}\n", spec->name, spec->summary);
  return out;
}

void require_view(const std::string& name) {
  if (views::find(name) != nullptr) return;
  const std::string built = fmt::format("the views are: {}", fmt::join(view_names(), ", "));
  if (name.empty()) throw UserError("--view needs a name", built);
  if (std::any_of(planned.begin(), planned.end(), [&](const Planned& one) { return one.name == name; }))
    throw UserError(fmt::format("the view {} is not built yet", name), built);
  throw UserError(fmt::format("there is no view named {}", text::shell_word(name, 64)),
                  did_you_mean(name, view_names(), built));
}

bool is_command(std::string_view target) { return target.starts_with('|'); }

// The longest known suffix picks the view; any other name is text.
std::string view_for(const std::string& target) {
  std::string best = "timeline", longest;
  if (is_command(target)) return best;
  const auto try_suffix = [&](std::string_view suffix, std::string_view view) {
    if (suffix.empty() || !target.ends_with(suffix) || suffix.size() <= longest.size()) return;
    longest = suffix;
    best = view;
  };
  for (const ViewSpec* spec : views::registry()) {
    for (const std::string_view suffix : spec->suffixes) try_suffix(suffix, spec->name);
  }
  for (const Planned& one : planned) {
    for (const std::string& suffix : split(one.suffixes, ' ')) try_suffix(suffix, one.name);
  }
  if (views::find(best) == nullptr) {
    throw UserError(
        fmt::format("cannot write {}: the view {} ({}) is not built yet", text::shell_word(target, 256), best, longest),
        fmt::format("built are .jsonl, the recording, and text under any other name; --view NAME=FILE "
                    "writes one of {}",
                    fmt::join(view_names(), ", ")));
  }
  return best;
}

bool is_file(const std::string& target) { return target != "-" && !is_command(target); }

bool same_file(const std::string& a, const std::string& b) {
  if (a == b) return true;
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error)) return !std::filesystem::is_character_file(a, error);
  const auto where = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  };
  return where(a) == where(b);
}

void add_output(Options& options, std::vector<std::string> views, std::string target) {
  if (target.starts_with('!')) target[0] = '|';  // strace's other way to say it
  if (target.empty() || target == "|")
    throw UserError("-o needs a file name", "-o FILE, -o - for standard output, or -o '|COMMAND'");
  const std::string shown = text::shell_word(target, 256);
  if (is_file(target)) {
    if (std::any_of(options.outputs.begin(), options.outputs.end(), [&](const OutputRequest& other) {
          return is_file(other.target) && same_file(other.target, target);
        }))
      throw UserError("two outputs to one file: " + shown, "give each its own");
    if (options.read && *options.read != "-" && same_file(*options.read, target))
      throw UserError(fmt::format("{} is read, and would be overwritten", shown), "write to another file");
    const bool document = std::find(documents.begin(), documents.end(), views.at(0)) != documents.end();
    if (document && options.writing == Writing::append)
      throw UserError(fmt::format("-A: nothing can be added to {}", shown), "only text and recordings can be added to");
  } else if (target == "-" && std::any_of(options.outputs.begin(), options.outputs.end(),
                                          [](const OutputRequest& other) { return other.target == "-"; })) {
    throw UserError("two outputs to standard output", "give each its own");
  }
  options.outputs.push_back({std::move(views), std::move(target)});
}

// What stands for the timeline where -c or -C is given.
std::vector<std::string> text_views(const Raw& raw) {
  if (raw.summary_only) return {"summary"};
  if (raw.summary_too) return {"timeline", "summary"};
  return {"timeline"};
}

void decide_terminal(const Raw& raw, Options& options) {
  auto& shown = options.terminal_views;
  const bool text_elsewhere = std::any_of(options.outputs.begin(), options.outputs.end(), [](const OutputRequest& one) {
    return std::find(one.views.begin(), one.views.end(), "summary") != one.views.end();
  });
  const bool summary = (raw.summary_only || raw.summary_too) && !text_elsewhere;
  if (shown.empty() && !(raw.summary_only && summary)) {
    // With an output elsewhere the timeline leaves the terminal; findings stay, unless they are silenced too.
    const bool elsewhere = !options.outputs.empty();
    if (!elsewhere && raw.quiet < 2) shown.emplace_back("timeline");
    if (!elsewhere && raw.quiet == 0) shown.emplace_back("tree");
    if (raw.quiet == 0) shown.emplace_back("findings");
  }
  if (summary && std::find(shown.begin(), shown.end(), "summary") == shown.end()) shown.emplace_back("summary");
}

}  // namespace

void decide_destinations(const Raw& raw, Options& options) {
  if (raw.summary_only && raw.summary_too) throw UserError("-c and -C exclude each other", "choose one");
  options.writing = raw.append ? Writing::append : Writing::anew;
  for (const std::string& target : raw.outputs) {
    const std::string view = view_for(target);
    add_output(options, view == "timeline" ? text_views(raw) : std::vector{view}, target);
  }
  for (const std::string& value : raw.views) {
    if (value == "list") {
      options.answer = view_list();
      return;
    }
    if (const std::size_t equals = value.find('='); equals != std::string::npos) {
      require_view(value.substr(0, equals));
      add_output(options, {value.substr(0, equals)}, value.substr(equals + 1));
      continue;
    }
    for (const std::string& name : split(value, ',')) {
      require_view(name);
      options.terminal_views.push_back(name);
    }
  }
  if (raw.append && std::none_of(options.outputs.begin(), options.outputs.end(),
                                 [](const OutputRequest& one) { return is_file(one.target); }))
    options.remarks.emplace_back("-A has no effect without -o FILE");
  decide_terminal(raw, options);
}

}  // namespace kintrace::cli
