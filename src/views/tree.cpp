// SPDX-License-Identifier: MIT
// Who created whom: processes and their threads, what each ran, how it ended, how long it lived, what it used, who
// reaped it.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kintrace/view.hpp"
#include "text/columns.hpp"
#include "text/escape.hpp"
#include "text/units.hpp"
#include "views/folded_rows.hpp"
#include "views/naming.hpp"
#include "views/words.hpp"

namespace kintrace::views {
namespace {

constexpr std::size_t deepest = 12;  // branches drawn; below that the depth is a number
constexpr std::size_t widest_command = 60;
constexpr std::size_t narrowest_command = 24;
constexpr Nanoseconds worth_telling = 1'000'000;  // of a zombie's time

// A line of the tree before it is drawn.
struct Row {
  std::string what;
  std::string fate;   // empty: its end was not seen
  std::string usual;  // a note that is left out where it would take another line
  std::string flags;  // a thread's: what it shares is told of the first of those made alike
  text::Style style = text::Style::plain;
  std::vector<std::string> notes;
};

// As few bytes as it takes until it is drawn. What is printable holds no control characters.
constexpr char between_words = '\t';

std::string packed(const Row& row) {
  std::string out{static_cast<char>('0' + static_cast<int>(row.style))};
  for (const std::string* words : {&row.what, &row.fate, &row.usual, &row.flags}) (out += *words) += between_words;
  for (const std::string& note : row.notes) (out += note) += between_words;
  out.shrink_to_fit();
  return out;
}

Row unpacked(std::string_view text) {
  Row row;
  row.style = static_cast<text::Style>(text[0] - '0');
  text.remove_prefix(1);
  const auto next = [&] {
    std::string words{text.substr(0, text.find(between_words))};
    text.remove_prefix(words.size() + 1);
    return words;
  };
  for (std::string* words : {&row.what, &row.fate, &row.usual, &row.flags}) *words = next();
  while (!text.empty()) row.notes.push_back(next());
  return row;
}

std::vector<std::string> split(std::string_view flags) {
  std::vector<std::string> out;
  while (!flags.empty()) {
    out.emplace_back(flags.substr(0, flags.find(' ')));
    flags.remove_prefix(std::min(out.back().size() + 1, flags.size()));
  }
  return out;
}

class Tree : public View {
 public:
  Tree(Writer& out, const ViewOptions& options)
      : out_(out), options_(options), naming_(options.stable), palette_(options.color) {}

  // All that will ever be known of those who leave is known now.
  void event(const Event& /*event*/, const World& world) override {
    for (const TaskIndex thread : world.leaving_threads()) add_thread(world[thread], world);
    for (const ProcessIndex process : world.leaving()) add(world[process], world);
  }

  void end(const std::optional<RunEnd>& end, const World& world) override {
    interrupted_ = end && end->why != "done";
    for (const Process& process : world.processes()) {
      if (!process.leaving) add(process, world);
    }
    draw();
  }

 private:
  using Node = FoldedRows::Node;

  // Below it something stands, or will; until all of that is there.
  struct Open {
    Node node;
    std::uint32_t added = 0;            // of its children
    std::optional<std::uint32_t> born;  // all that it had, when it is there itself
  };

  Open& open(ProcessIndex process) {
    const auto [found, fresh] = open_.try_emplace(process);
    if (fresh) found->second.node = ++last_node_;
    return found->second;
  }
  void close_if_whole(ProcessIndex process) {
    const auto found = open_.find(process);
    if (found->second.born == found->second.added) open_.erase(found);
  }

  void add(const Process& process, const World& world) {
    for (const TaskIndex task : process.tasks) {
      if (!world[task].leaving) add_thread(world[task], world);
    }
    const bool parts = process.children_born != 0 || open_.contains(process.index);
    const Node node = parts ? open(process.index).node : FoldedRows::none;
    const Node above = process.creator ? open(*process.creator).node : top;
    std::optional<Likeness> like;
    if (!parts && process.tasks_born == 1 && process.adopters.empty() && !options_.verbose) {
      like = Likeness{} << process.argv << static_cast<std::uint64_t>(process.execs) << fate(process)
                        << world[*process.tasks.begin()].flags;
    }
    rows_.add(above, process.ordinal, like, node, [&] { return packed(row_of(process, world)); });
    if (process.creator) {
      ++open(*process.creator).added;
      close_if_whole(*process.creator);
    }
    if (parts) {
      open(process.index).born = process.children_born;
      close_if_whole(process.index);
    }
  }

  std::string fate(const Process& process) const {
    if (process.untraced) return "not followed (CLONE_UNTRACED)";
    if (!process.detached.empty())
      return fmt::format("followed until its exec ({})", text::printable(process.detached));
    if (!process.exit) return process.stopped ? "stopped" : unseen_end();
    return ending_words(process.exit->code, process.exit->signal, process.exit->core);
  }

  Row row_of(const Process& process, const World& world) const {
    Row row;
    row.fate = fate(process);
    row.what = naming_.process(process, world) + " " + command(process);
    if (process.exit && process.exit->code.value_or(0) != 0) row.style = text::Style::orange;
    if (process.exit && process.exit->signal) row.style = text::Style::red;
    if (!options_.stable) add_figures(process, row);
    add_ties(process, world, row);
    add_afterlife(process, world, row);
    return row;
  }

  std::string command(const Process& process) const {
    std::string name = text::printable(process.comm.empty() ? "?" : process.comm);
    if (process.execs == 0 && process.creator) return fmt::format("{} (forked)", name);
    if (process.argv.empty()) return name;
    std::vector<Bytes> words = process.argv;
    words[0] = words[0].substr(words[0].rfind('/') + 1);
    return options_.verbose ? text::shell_line(words, {std::string::npos, std::string::npos})
                            : text::shell_line(words, {widest_command, 16});
  }

  // What it has in common with others, and what it is to them. An exec gives it memory, files and handlers of its own.
  void add_ties(const Process& process, const World& world, Row& row) const {
    if (process.creator && process.execs == 0 && !process.tasks.empty()) {
      const Task& first = world[*process.tasks.begin()];
      const std::string shared = first.how == BirthHow::clone ? sharing_words(first.flags) : "";
      if (!shared.empty()) row.notes.push_back(fmt::format("shares {} with {}", shared, naming_.creator(process)));
    }
    if (process.ns_pid && (!options_.stable || process.ns_pid->value == 1))
      row.notes.push_back(fmt::format("{} in its pid namespace", process.ns_pid->value));
    if (process.subreaper) row.notes.emplace_back("subreaper");
    if (!options_.verbose) return;
    if (process.pgid) row.notes.push_back("group " + naming_.process(*process.pgid, world));
    if (process.sid) row.notes.push_back("session " + naming_.process(*process.sid, world));
  }

  static void add_figures(const Process& process, Row& row) {
    if (process.life.end) row.notes.push_back(text::duration(*process.life.end - process.life.begin));
    if (!process.exit) return;
    if (process.exit->utime_ns && process.exit->stime_ns) {
      row.notes.push_back("cpu " + text::duration(*process.exit->utime_ns + *process.exit->stime_ns));
    }
    if (process.exit->maxrss) row.notes.push_back("peak " + text::size(*process.exit->maxrss));
  }

  void add_afterlife(const Process& process, const World& world, Row& row) const {
    for (const Tgid adopter : process.adopters) {
      row.notes.push_back("adopted by " + naming_.adopter(adopter, world));
    }
    const Process* parent = world.find(process.parent);
    if (process.reaped && process.reaped->by_kernel) {
      row.notes.emplace_back("reaped by the kernel");
    } else if (process.reaped) {
      const bool long_dead = !options_.stable && process.reaped->zombie_ns >= worth_telling;
      const bool by_creator = process.creator && process.creator_pid == process.reaped->by;
      auto note = fmt::format("reaped by {}{}", naming_.process(process.reaped->by, world),
                              long_dead ? " after " + text::duration(process.reaped->zombie_ns) : "");
      if (by_creator) {
        row.usual = std::move(note);
      } else {
        row.notes.push_back(std::move(note));
      }
    } else if (process.exit && parent != nullptr) {
      row.notes.push_back(fmt::format("never reaped by {}", naming_.process(process.parent, world)));
    }
  }

  // The leader is the process's own line, whichever task that is after an exec. Neighbours of one name and fate fold.
  void add_thread(const Task& task, const World& world) {
    if (task.tid == leader_of(world[task.process].pid) && !superseded(task)) return;
    std::optional<Likeness> like;
    if (!options_.verbose) like = Likeness{} << task.comm << task.flags << thread_fate(task);
    threads_.add(open(task.process).node, task.ordinal, like, FoldedRows::none, [&] {
      Row row;
      row.what = fmt::format("thread {} {}", naming_.thread(task), text::printable(task.comm));
      row.fate = thread_fate(task);
      row.style = text::Style::dim;
      if (!options_.stable && task.life.end) row.notes.push_back(text::duration(*task.life.end - task.life.begin));
      if (!sharing_words(task.flags).empty())
        row.flags = text::printable(fmt::format("{}", fmt::join(task.flags, " ")));
      return packed(row);
    });
  }

  static bool superseded(const Task& task) { return task.exit && task.exit->by == EndedBy::superseded; }

  static std::string thread_fate(const Task& task) {
    if (!task.exit) return {};
    if (superseded(task)) return "superseded by another thread's exec";
    if (task.exit->by == EndedBy::exec) return "ended by another thread's exec";
    if (task.exit->by == EndedBy::exit_group) return "ended with its process";
    return ending_words(task.exit->code, task.exit->signal, false);
  }

  // Every line, from the first to the last, with what is drawn before it.
  template <class Each>
  void for_each_line(Each each) const {
    struct Level {
      FoldedRows::Runs::const_iterator next, end;
      std::string branch;
      std::size_t depth;
    };
    const auto level = [&](Node node, std::string branch, std::size_t depth) {
      const auto [begin, end] = rows_.below(node);
      return Level{begin, end, std::move(branch), depth};
    };
    std::vector<Level> left{level(top, {}, 0)};
    while (!left.empty()) {
      if (left.back().next == left.back().end) {
        left.pop_back();
        continue;
      }
      Level& here = left.back();
      const FoldedRows::Run& run = here.next->second;
      const bool last = ++here.next == here.end;
      const std::string branch = here.branch;
      const std::size_t depth = here.depth;
      for_each_row(run, last, "more like it", [&](const Row& row, bool is_last) {
        each(row, depth == 0        ? ""
                  : depth > deepest ? fmt::format("{}⋮ {} deep ", branch, depth)
                                    : branch + (is_last ? "└─ " : "├─ "));
      });
      if (last) left.pop_back();  // a long line of only children is no deeper than one
      if (run.node == FoldedRows::none) continue;
      Level below =
          level(run.node, depth == 0 || depth > deepest ? branch : branch + (last ? "   " : "│  "), depth + 1);
      for_each_thread(run.node, below.branch + (below.next == below.end ? "   " : "│  ") + "· ", each);
      left.push_back(std::move(below));
    }
  }

  template <class Each>
  void for_each_thread(Node node, const std::string& branch, Each each) const {
    std::string told;
    const auto [begin, end] = threads_.below(node);
    for (auto run = begin; run != end; ++run) {
      for_each_row(run->second, false, "more threads like it", [&](Row row, bool) {
        if (!row.flags.empty() && row.flags != told) {
          row.notes.push_back("shares " + sharing_words(split(row.flags)));
          told = row.flags;
        }
        each(row, branch);
      });
    }
  }

  // A run's rows, and the line that stands for those that are not there.
  template <class Each>
  void for_each_row(const FoldedRows::Run& run, bool last, std::string_view others, Each each) const {
    std::string_view rows = run.rows;
    for (bool more = true; more;) {
      const std::string_view text = rows.substr(0, rows.find(FoldedRows::separator));
      more = text.size() < rows.size();
      if (more) rows.remove_prefix(text.size() + 1);
      Row row = unpacked(text);
      if (row.fate.empty()) row.fate = unseen_end();
      each(row, last && !more && !run.folded());
      if (!run.folded()) continue;
      Row rest;
      rest.what = fmt::format("… {} {}", text::count(run.count - 1), others);
      rest.fate = row.fate;
      rest.style = text::Style::dim;
      each(rest, last);
    }
  }

  void draw() {
    std::size_t room =
        options_.width ? std::max<std::size_t>(static_cast<std::size_t>(*options_.width) * 9 / 20, 30) : widest_command;
    std::size_t left = 0;
    for_each_line([&](const Row& row, const std::string& branch) {
      left = std::max(left, std::min(room, text::width(branch) + text::width(row.what)));
    });
    for_each_line([&](const Row& row, const std::string& branch) {
      const std::size_t taken = text::width(branch);
      const std::string what = text::cut(row.what, std::max<std::size_t>(left, taken + narrowest_command) - taken);
      std::vector<std::string> right = row.notes;
      right.insert(right.begin(), row.fate);
      const std::size_t indent = std::max(left, taken + text::width(what)) + 2;
      if (!row.usual.empty() && (options_.verbose || fits(right, row.usual, indent))) right.push_back(row.usual);
      out_.write(fmt::format("{}{}  {}\n", palette_.paint(branch, text::Style::dim),
                             palette_.paint(text::pad_right(what, indent - 2 - taken),
                                            row.style == text::Style::dim ? row.style : text::Style::plain),
                             palette_.paint(text::wrap_list(right, indent, options_.width), row.style)));
    });
  }

  bool fits(const std::vector<std::string>& notes, const std::string& another, std::size_t indent) const {
    if (!options_.width) return true;
    const std::string all = fmt::format("{}, {}", fmt::join(notes, ", "), another);
    return indent + text::width(all) <= static_cast<std::size_t>(*options_.width);
  }

  Writer& out_;
  ViewOptions options_;
  Naming naming_;
  text::Palette palette_;
  std::string unseen_end() const { return interrupted_ ? "still running" : "its end was not seen"; }

  static constexpr Node top = 0;  // above the roots
  Node last_node_ = top;
  FoldedRows rows_, threads_;
  std::unordered_map<ProcessIndex, Open> open_;
  bool interrupted_ = false;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& options) { return std::make_unique<Tree>(out, options); }

}  // namespace

extern const ViewSpec tree_view{
    "tree", "who created whom, how each ended and what it used", make, {}, [](const ViewOptions&) { return true; }};

}  // namespace kintrace::views
