// SPDX-License-Identifier: MIT
// What kintrace has and what is written about it are the same: options, views, facts and findings against the man page,
// the completions, README.md and docs/. Both ways: nothing missing, and nothing that is not there.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/registry.hpp"
#include "cli/choice.hpp"
#include "cli/option_table.hpp"
#include "cli/options.hpp"
#include "kintrace/event.hpp"
#include "support/catch.hpp"
#include "version.hpp"
#include "views/registry.hpp"

using namespace kintrace;

namespace {

using Words = std::set<std::string>;

std::string document(const std::string& path) {
  std::ifstream file(std::string{SOURCE_DIR} + "/" + path);
  INFO(path);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The first group of every match.
Words all_of(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  Words found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at) found.insert(at->str(1));
  return found;
}

Words options() {
  const auto names = cli::option_names();
  return {names.begin(), names.end()};
}

Words view_names() {
  Words names;
  for (const ViewSpec* spec : views::registry()) names.emplace(spec->name);
  return names;
}

// Between two marks, both left out. Empty if the first is not there.
std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  if (begin == std::string::npos) return {};
  const std::size_t inside = begin + from.size();
  const std::size_t end = text.find(to, inside);
  return text.substr(inside, end == std::string::npos ? end : end - inside);
}

// Of a man page, the words as they are printed.
std::string unformatted(const std::string& roff) {
  std::string text = std::regex_replace(roff, std::regex("\\\\f[BIRP]"), "");
  text = std::regex_replace(text, std::regex("^\\.(B|I|BR|BI|RB|RI|IR) "), "");
  return std::regex_replace(text, std::regex("\\\\-"), "-");
}

// The lines after each .TP: what is described there.
std::string tags(const std::string& section) {
  std::string text;
  bool tag = false;
  for (const std::string& line : lines_in(section)) {
    if (tag) text += unformatted(line) + "\n";
    tag = line == ".TP";
  }
  return text;
}

std::string section_of_man(const std::string& name) {
  return between(document("docs/kintrace.1"), "\n.SH " + name + "\n", "\n.SH ");
}

constexpr const char* option_word = "(?:^|[\\s\"',{(])(-[A-Za-z]\\b|--[a-z][a-z0-9-]*)";

Words options_in_bash(const std::string& text) { return all_of(between(text, "options='", "'"), option_word); }

// Of each specification of _arguments what stands before its text.
Words options_in_zsh(const std::string& text) {
  std::string heads;
  for (const std::string& line : lines_in(between(text, "_arguments ", "\n\n"))) {
    if (line.find('[') == std::string::npos) continue;
    const std::string head = line.substr(0, line.find('['));
    const std::size_t excluded = head.find("'(");  // the options that it excludes come first
    heads += (excluded == std::string::npos ? head : head.substr(head.find(')') + 1)) + "\n";
  }
  return all_of(std::regex_replace(heads, std::regex("\\*"), " "), option_word);
}

Words options_in_fish(const std::string& text) {
  Words found;
  for (const std::string& line : lines_in(text)) {
    if (line.rfind("complete -c kintrace", 0) != 0) continue;
    for (const std::string& name : all_of(line, " -s ([A-Za-z])\\b")) found.insert("-" + name);
    for (const std::string& name : all_of(line, " -l ([a-z][a-z0-9-]*)")) found.insert("--" + name);
  }
  return found;
}

// The first column of the table in a section of docs/trace-format.md, up to the next heading.
Words fields_under(const std::string& format, const std::string& heading) {
  return all_of(between(format, "\n" + heading + "\n", "\n#"), "\n\\| `([a-z_]+)`");
}

template <class T>
Words fields_of() {
  Words names;
  std::apply([&](const auto&... field) { (names.emplace(field.name), ...); }, T::fields());
  return names;
}

template <std::size_t... Index>
void check_facts(const std::string& format, std::index_sequence<Index...> /*all*/) {
  const auto check = [&](std::string_view name, const Words& fields) {
    INFO(name);
    const std::string heading = "### `" + std::string{name} + "`";
    CHECK(format.find("\n" + heading + "\n") != std::string::npos);
    CHECK(fields_under(format, heading) == fields);
  };
  (check(std::variant_alternative_t<Index, Fact>::name, fields_of<std::variant_alternative_t<Index, Fact>>()), ...);
}

template <std::size_t... Index>
Words fact_names(std::index_sequence<Index...> /*all*/) {
  return {std::string{std::variant_alternative_t<Index, Fact>::name}...};
}

using AllFacts = std::make_index_sequence<std::variant_size_v<Fact>>;

}  // namespace

TEST_CASE("documents: the man page describes every option and no other") {
  CHECK(all_of(tags(section_of_man("OPTIONS")), option_word) == options());
}

TEST_CASE("documents: the completions offer every option and no other") {
  CHECK(options_in_bash(document("completions/kintrace.bash")) == options());
  CHECK(options_in_zsh(document("completions/_kintrace")) == options());
  CHECK(options_in_fish(document("completions/kintrace.fish")) == options());
}

TEST_CASE("documents: every view is named where views are listed") {
  CHECK(all_of(tags(section_of_man("OUTPUT")), "([a-z-]+)") == view_names());
  const std::string bash = document("completions/kintrace.bash");
  CHECK(all_of(between(bash, "views='", "'"), "([a-z-]+)") == view_names());
  const std::string zsh = between(document("completions/_kintrace"), "views=(", ")\n");
  CHECK(all_of(zsh, "\n\\s*'([a-z-]+):") == view_names());
  const std::string fish = between(document("completions/kintrace.fish"), "function __kintrace_views", "\nend");
  const std::string readme = between(document("README.md"), "The views are", "prints them");
  const char* const argv[] = {"kintrace", "--view", "list"};
  const std::string list = "\n" + cli::parse(3, argv).answer;
  for (const std::string& name : view_names()) {
    INFO(name);
    CHECK(std::regex_search(fish, std::regex("\\b" + name + " '")));
    CHECK(readme.find("`" + name + "`") != std::string::npos);
    CHECK(list.find("\n" + name + " ") != std::string::npos);
  }
}

TEST_CASE("documents: the man page and the completions know every class of -e, and no other") {
  Words names;
  for (const cli::ClassSpec& one : cli::classes()) names.emplace(one.name);
  const std::string man = between(section_of_man("CHOOSING"), "\na class\n", ".sp");
  CHECK(all_of(man, "\\.BR ([a-z]+)") == names);
  CHECK(all_of(between(document("completions/kintrace.bash"), "classes='", "'"), "([a-z]+)") == names);
  const std::string zsh = between(document("completions/_kintrace"), "classes=(", "  )\n");
  CHECK(all_of(zsh, "'([a-z]+):") == names);
  for (const cli::ClassSpec& one : cli::classes()) {
    INFO(one.name);
    CHECK(zsh.find(fmt::format("'{}:{}'", one.name, one.summary)) != std::string::npos);
  }
  const std::string fish = between(document("completions/kintrace.fish"), "set -l classes ", "set -l groups");
  CHECK(all_of(fish, "([a-z]+) (?:'[^']*'|[a-z]+)") == names);
}

TEST_CASE("documents: the completions know which options take the next word") {
  Words takes, others;
  for (const cli::OptionRow* row : cli::all_rows()) {
    for (const std::string& name : cli::names_of(*row)) {
      if (row->takes != cli::Takes::value) others.insert(name);
      if (row->takes == cli::Takes::value && row->group != cli::Group::hidden) takes.insert(name);
    }
  }
  const Words bash = all_of(between(document("completions/kintrace.bash"), "takes='", "'"), option_word);
  const Words fish = all_of(between(document("completions/kintrace.fish"), "printf '%s\\n' ", "\nend"), option_word);
  CHECK(bash == fish);
  for (const std::string& name : takes) {
    INFO(name);
    CHECK(bash.count(name) == 1);
  }
  for (const std::string& name : others) {
    INFO(name);
    CHECK(bash.count(name) == 0);
  }
}

TEST_CASE("documents: the help is narrow, one line an option") {
  for (const std::string& line : lines_in(cli::help())) {
    INFO(line);
    CHECK(line.size() <= 100);
  }
}

TEST_CASE("documents: the help names every option, and how to see the views") {
  const char* const argv[] = {"kintrace", "-h"};
  const std::string help = cli::parse(2, argv).answer;
  for (const std::string& name : options()) {
    INFO(name);
    CHECK(all_of(help, option_word).count(name) == 1);
  }
  CHECK(help.find("list lists them") != std::string::npos);
}

TEST_CASE("documents: the format tells every fact with its fields, and no other") {
  const std::string format = document("docs/trace-format.md");
  check_facts(format, AllFacts{});
  CHECK(all_of(format, "\n### `([a-z_]+)`") == fact_names(AllFacts{}));
  Words first = fields_of<RunHeader>();
  first.insert("kintrace");  // the number of the format
  CHECK(fields_under(format, "## The first line") == first);
  CHECK(fields_under(format, "## The last line") == fields_of<RunEnd>());
  const Words every{"ev", "seq", "t", "dur", "pid", "tid", "waited_for", "woken_by", "waker", "unfinished"};
  CHECK(fields_under(format, "## Every event") == every);
  CHECK(format.find("# The recording: JSON Lines, format " + std::to_string(RunHeader::format) + "\n") == 0);
}

TEST_CASE("documents: every finding has a section, and no other") {
  Words codes;
  for (const FindingSpec* spec : analysis::registry()) codes.emplace(spec->code);
  CHECK(all_of(document("docs/findings.md"), "\n## ([a-z-]+)") == codes);
  const std::string listed = std::regex_replace(section_of_man("OUTPUT"), std::regex("\\\\-"), "-");
  for (const std::string& code : codes) {
    INFO(code);
    CHECK(listed.find(code) != std::string::npos);
  }
}

TEST_CASE("documents: the man page is of this version") {
  CHECK(lines_in(document("docs/kintrace.1")).at(1).find("\"kintrace " + std::string{version} + "\"") !=
        std::string::npos);
}

TEST_CASE("documents: every path that they name is there") {
  for (const char* page : {"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/findings.md"}) {
    const std::string text = document(page);
    for (const std::string& path : all_of(text, "((?:src|include|tests|fixtures|docs|completions)/[\\w./-]*\\w)")) {
      if (text.find(path + "<") != std::string::npos || text.find(path + "*") != std::string::npos) continue;
      INFO(page << ": " << path);
      CHECK(std::filesystem::exists(std::string{SOURCE_DIR} + "/" + path));
    }
  }
}

TEST_CASE("documents: README is short enough to be read") { CHECK(lines_in(document("README.md")).size() <= 150); }

TEST_CASE("documents: what the comparison reads would be missed") {
  CHECK(options_in_bash("options='-o --output'") == Words{"-o", "--output"});
  CHECK(options_in_zsh("_arguments -s \\\n  '(-x)*'{-o+,--output=}'[-n]:-m:' \\\n  '--all[--x]'\n\n") ==
        Words{"-o", "--output", "--all"});
  CHECK(options_in_fish("complete -c kintrace -s o -l output\n") == Words{"-o", "--output"});
  CHECK(all_of(tags(".TP\n.BR \\-o \", \" \\-\\-output \" \\fIFILE\\fR\"\ntext \\-n\n"), option_word) ==
        Words{"-o", "--output"});
  CHECK(fields_under("\n### `x`\n\n| field |\n|---|\n| `a` |\n| `b_c` |\n\n### `y`\n| `d` |\n", "### `x`") ==
        Words{"a", "b_c"});
}
