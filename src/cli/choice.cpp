// SPDX-License-Identifier: MIT
#include "cli/choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <regex>
#include <utility>

#include "cli/nearest.hpp"
#include "cli/split.hpp"
#include "kintrace/error.hpp"
#include "os/syscall_names.hpp"
#include "syscalls/registry.hpp"
#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::cli {
namespace {

using Words = Choice::Words;

constexpr std::array all_classes{
    ClassSpec{"lifecycle", "births, execs, ends, waits, stops, process groups"},
    ClassSpec{"signal", "signals sent and delivered, timers that send them"},
    ClassSpec{"pipe", "pipes, and pseudoterminals of which both sides are followed"},
    ClassSpec{"fifo", "named pipes"},
    ClassSpec{"sem", "semaphores"},
    ClassSpec{"shm", "shared memory"},
    ClassSpec{"msg", "message queues"},
    ClassSpec{"socket", "sockets"},
    ClassSpec{"lock", "file locks"},
    ClassSpec{"futex", "futexes, private ones too"},
    ClassSpec{"event", "eventfd, epoll and their like"},
    ClassSpec{"fd", "all other files: who has them open, what goes through them"},
};

// What stands for several classes. With a % it is strace's name, which is taken without the % too where it is no name
// of ours. `classes` empty: strace shows that, kintrace does not.
struct Group {
  std::string_view name;
  std::string_view classes;
};
constexpr std::array groups{
    Group{"all", "lifecycle signal pipe fifo sem shm msg socket lock futex event fd"},
    Group{"ipc", "pipe fifo sem shm msg socket lock event"},
    Group{"%process", "lifecycle"},
    Group{"%signal", "signal"},
    Group{"%network", "socket"},
    Group{"%net", "socket"},
    Group{"%ipc", "sem shm msg"},
    Group{"%desc", "fd"},
    Group{"%file", ""},
    Group{"%memory", ""},
    Group{"%clock", ""},
    Group{"%creds", ""},
    Group{"%fstat", ""},
    Group{"%fstatfs", ""},
    Group{"%lstat", ""},
    Group{"%pure", ""},
    Group{"%stat", ""},
    Group{"%%stat", ""},
    Group{"%statfs", ""},
    Group{"%%statfs", ""},
};

// strace's qualifiers, by all names that it has for each. `instead` empty: it has a meaning here.
struct Qualifier {
  std::string_view names;
  std::string_view instead;
};
constexpr std::string_view no_tampering = "kintrace changes nothing of what the program does";
constexpr std::array qualifiers{
    Qualifier{"trace t", ""},
    Qualifier{"signal signals s", ""},
    Qualifier{"status", ""},
    Qualifier{"inject", no_tampering},
    Qualifier{"fault", no_tampering},
    Qualifier{"quiet silent silence q", "use -q or -qq"},
    Qualifier{"abbrev a", "use -v to see everything, and -s N for longer strings"},
    Qualifier{"verbose v", "use -v to see everything"},
    Qualifier{"raw x", "use strace -e raw, or the recording (-o FILE.jsonl)"},
    Qualifier{"read reads r", "use -s N to see more of each message"},
    Qualifier{"write writes w", "use -s N to see more of each message"},
    Qualifier{"decode-fds fds", "kintrace itself decides what to tell of a descriptor"},
    Qualifier{"kvm", "use strace -e kvm"},
    Qualifier{"trace-fds trace-fd fd", "use strace -e trace-fds"},
};

const ClassSpec* class_named(std::string_view name) {
  const auto* const at =
      std::find_if(all_classes.begin(), all_classes.end(), [&](const ClassSpec& one) { return one.name == name; });
  return at == all_classes.end() ? nullptr : at;
}

const Group* group_named(std::string_view name) {
  const auto named = [&](std::string_view wanted) {
    return std::find_if(groups.begin(), groups.end(), [&](const Group& one) { return one.name == wanted; });
  };
  const auto* at = named(name);
  if (at == groups.end() && !name.empty() && name[0] != '%') at = named("%" + std::string{name});
  return at == groups.end() ? nullptr : at;
}

const Qualifier* qualifier_named(std::string_view name) {
  const auto* const at = std::find_if(qualifiers.begin(), qualifiers.end(), [&](const Qualifier& one) {
    const auto names = split(one.names, ' ');
    return std::find(names.begin(), names.end(), name) != names.end();
  });
  return at == qualifiers.end() ? nullptr : at;
}

std::vector<std::string> decoded_calls() {
  std::vector<std::string> names;
  for (const auto family : syscalls::families()) {
    for (const syscalls::Row& row : family) names.emplace_back(row.name);
  }
  return names;
}

UserError misspelt(std::string_view what, std::string_view word, const std::vector<std::string>& names) {
  return UserError(fmt::format("-e: there is no {} {}", what, text::shell_word(word, 64)),
                   did_you_mean(word, names, fmt::format("see -e in kintrace(1)")));
}

// SIGHUP, HUP, hup, 1.
Signal signal_of(const std::string& word) {
  int number = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
  if (parsed.ec == std::errc{} && parsed.ptr == word.data() + word.size() && number >= 1 && number <= 64)
    return Signal{number};
  std::string name;
  for (const char letter : word) name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  if (!name.starts_with("SIG")) name = "SIG" + name;
  if (const auto signal = text::signal_named(name); signal && *signal) return *signal;
  std::vector<std::string> names;
  names.reserve(64);
  for (int i = 1; i <= 64; ++i) names.push_back(text::signal_name(Signal{i}));
  throw misspelt("signal", name, names);
}

constexpr std::array<std::pair<std::string_view, Outcome>, 4> outcomes{{{"successful", Outcome::successful},
                                                                        {"failed", Outcome::failed},
                                                                        {"unfinished", Outcome::unfinished},
                                                                        {"detached", Outcome::detached}}};

class Chooser {
 public:
  void take(const std::string& expression) {
    const std::size_t equals = expression.find('=');
    // A regular expression may hold an equals sign.
    if (equals == std::string::npos || expression.find('/') < equals) return take_items(expression);
    const std::string name = expression.substr(0, equals);
    const Qualifier* qualifier = qualifier_named(name);
    if (qualifier == nullptr) {
      std::vector<std::string> names;
      names.reserve(qualifiers.size());
      for (const Qualifier& one : qualifiers) names.push_back(split(one.names, ' ')[0] + "=");
      throw misspelt("qualifier", name + "=", names);
    }
    const std::string canonical = split(qualifier->names, ' ')[0];
    const std::string set = expression.substr(equals + 1);
    if (canonical == "trace") return take_items(set);
    if (canonical == "signal") return take_signals(set);
    if (canonical == "status") return take_outcomes(set);
    if (qualifier->instead == no_tampering) {
      throw UserError(fmt::format("-e {}=: {}", canonical, no_tampering),
                      fmt::format("use strace -e {}={}", canonical, text::shell_word(set, 64)));
    }
    remark(fmt::format("-e {}= is not known here: {}", canonical, qualifier->instead));
  }

  Chosen finish() {
    Chosen chosen;
    Choice& choice = chosen.choice;
    if (positive_) {
      choice.classes = classes_;
      choice.calls = calls_;
    }
    for (const std::string& cls : without_classes_) choice.classes.erase(cls);
    for (const std::string& call : without_calls_) choice.calls.erase(call);
    choice.without = without_calls_;
    choice.signals = signals_;
    choice.outcomes = outcomes_;
    if (!undecoded_.empty())
      remark(fmt::format("kintrace does not show {}: strace -e does", fmt::join(undecoded_, ", ")));
    if (positive_ && classes_.empty() && calls_.empty() && !nothing_)
      throw UserError("-e: nothing is left to observe",
                      remarks_.empty() ? "see -e in kintrace(1)" : fmt::format("{}", fmt::join(remarks_, "; ")));
    for (const ClassSpec& one : all_classes) {
      if (choice.classes.contains(one.name)) chosen.trace.emplace_back(one.name);
    }
    for (const std::string& call : choice.calls) chosen.trace.push_back(call + "()");
    for (const std::string& call : choice.without) chosen.trace.push_back("!" + call + "()");
    chosen.remarks = std::move(remarks_);
    return chosen;
  }

 private:
  void remark(std::string text) { remarks_.push_back(std::move(text)); }

  // The items of a set, after its !.
  static std::vector<std::string> items_of(std::string_view set) {
    auto items = split(set, ',');
    for (const std::string& item : items) {
      if (item.empty()) throw UserError("-e: an item is empty", "-e ITEM[,ITEM]..., as in -e lifecycle,signal");
      if (item[0] == '!') throw UserError("-e: ! stands before a whole set, not before one item", "-e '!ITEM,ITEM'");
    }
    return items;
  }

  static bool negated(std::string_view& set) {
    const bool is = set.starts_with('!');
    if (is) set.remove_prefix(1);
    return is;
  }

  void take_items(std::string_view set) {
    const bool less = negated(set);
    if (!less) positive_ = true;
    Words& into_classes = less ? without_classes_ : classes_;
    Words& into_calls = less ? without_calls_ : calls_;
    for (const std::string& item : items_of(set)) {
      if (item == "none") {
        nothing_ |= !less;
      } else {
        take_item(item, into_classes, into_calls);
      }
    }
  }

  void take_item(std::string item, Words& into_classes, Words& into_calls) {
    const bool optional = item[0] == '?';  // strace's: no error if there is none
    if (optional) item.erase(0, 1);
    if (item[0] == '/') return take_matching(item.substr(1), into_calls);
    if (const Group* group = class_named(item) == nullptr ? group_named(item) : nullptr; group != nullptr) {
      if (group->classes.empty()) note(undecoded_, item);
      if (group->classes.empty()) return;
      for (const std::string& cls : split(group->classes, ' ')) into_classes.insert(cls);
    } else if (class_named(item) != nullptr) {
      into_classes.insert(item);
    } else {
      take_call(item, optional, into_calls);
    }
  }

  void take_call(const std::string& item, bool optional, Words& into) {
    std::string name = item.substr(0, item.find('@'));  // strace's @64, @32
    if (name.ends_with("()")) name.resize(name.size() - 2);
    const auto known = decoded_calls();
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      into.insert(name);
    } else if (os::syscall_number(name)) {
      note(undecoded_, name);
    } else if (!optional) {
      std::vector<std::string> names = known;
      for (const ClassSpec& one : all_classes) names.emplace_back(one.name);
      for (const Group& one : groups) names.emplace_back(one.name);
      throw misspelt("class or system call", name, names);
    }
  }

  // As strace: an extended regular expression, found anywhere in the name.
  void take_matching(const std::string& pattern, Words& into) {
    bool found = false;
    try {
      const std::regex regex(pattern, std::regex::extended);
      for (const std::string& name : decoded_calls()) {
        if (!std::regex_search(name, regex)) continue;
        into.insert(name);
        found = true;
      }
    } catch (const std::regex_error& error) {
      throw UserError(fmt::format("-e: /{} is no regular expression: {}", text::printable(pattern), error.what()),
                      "extended regular expressions: regex(7)");
    }
    if (!found) note(undecoded_, "/" + pattern);
  }

  void take_signals(std::string_view set) {
    const bool less = negated(set);
    std::set<Signal> chosen, every;
    for (int i = 1; i <= 64; ++i) every.insert(Signal{i});
    for (const std::string& item : items_of(set)) {
      if (item == "all") chosen = every;
      if (item != "all" && item != "none") chosen.insert(signal_of(item));
    }
    signals_ = less ? less_than(every, chosen) : chosen;
  }

  void take_outcomes(std::string_view set) {
    const bool less = negated(set);
    std::set<Outcome> chosen, every;
    std::vector<std::string> names{"all", "none", "unavailable"};
    for (const auto& [name, outcome] : outcomes) {
      every.insert(outcome);
      names.emplace_back(name);
    }
    for (const std::string& item : items_of(set)) {
      const auto* const at =
          std::find_if(outcomes.begin(), outcomes.end(), [&](const auto& one) { return one.first == item; });
      if (at != outcomes.end()) {
        chosen.insert(at->second);
      } else if (item == "all") {
        chosen = every;
      } else if (item == "unavailable") {
        remark("-e status=unavailable: there is none, kintrace reads the status of every call");
      } else if (item != "none") {
        throw misspelt("status", item, names);
      }
    }
    outcomes_ = less ? less_than(every, chosen) : chosen;
  }

  template <class T>
  static std::set<T> less_than(std::set<T> all, const std::set<T>& without) {
    for (const T& one : without) all.erase(one);
    return all;
  }

  static void note(std::vector<std::string>& into, const std::string& name) {
    if (std::find(into.begin(), into.end(), name) == into.end()) into.push_back(text::printable(name));
  }

  bool positive_ = false;  // some set without ! has replaced the default
  bool nothing_ = false;   // by its own word
  Words classes_, calls_, without_classes_, without_calls_;
  std::optional<std::set<Signal>> signals_;
  std::optional<std::set<Outcome>> outcomes_;
  std::vector<std::string> undecoded_, remarks_;
};

}  // namespace

std::span<const ClassSpec> classes() { return all_classes; }

Chosen choose(const std::vector<std::string>& expressions) {
  Chooser chooser;
  for (const std::string& expression : expressions) chooser.take(expression);
  return chooser.finish();
}

}  // namespace kintrace::cli
