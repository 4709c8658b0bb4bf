// SPDX-License-Identifier: MIT
// Who created whom: processes and their threads, what each ran, how it ended, how long it lived, what it used, who
// reaped it.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kintrace/view.hpp"
#include "text/columns.hpp"
#include "text/escape.hpp"
#include "text/units.hpp"
#include "views/naming.hpp"
#include "views/words.hpp"

namespace kintrace::views {
namespace {

constexpr std::size_t fold_from = 4;  // so many equal neighbours become two lines
constexpr std::size_t deepest = 12;   // branches drawn; below that the depth is a number
constexpr std::size_t widest_command = 60;
constexpr std::size_t narrowest_command = 24;
constexpr Nanoseconds worth_telling = 1'000'000;  // of a zombie's time

// A line of the tree before it is drawn.
struct Row {
  std::string branch;
  std::string what;
  std::string fate;
  std::vector<std::string> notes;
  std::string usual;  // a note that is left out where it would take another line
  text::Style style = text::Style::plain;
};

class Tree : public View {
 public:
  Tree(Writer& out, const ViewOptions& options)
      : out_(out), options_(options), naming_(options.stable), palette_(options.color) {}

  void end(const std::optional<RunEnd>& end, const World& world) override {
    interrupted_ = end && end->why != "done";
    std::vector<Node> left;
    push_children(left, world.roots(), {}, 0, world);
    while (!left.empty()) {
      const Node node = std::move(left.back());
      left.pop_back();
      add(node, world);
      const Process& process = world[node.process];
      if (node.like == 0) push_children(left, process.children, node.below, node.depth + 1, world);
    }
    draw();
  }

 private:
  struct Node {
    ProcessIndex process;
    std::string branch;  // drawn before it
    std::string below;   // drawn before its children
    std::size_t depth = 0;
    std::size_t like = 0;  // stands for so many neighbours that are as the one above
  };

  // Children in order of birth, those alike folded; pushed so that the first is on top of the stack.
  void push_children(std::vector<Node>& left, const std::vector<ProcessIndex>& children, const std::string& below,
                     std::size_t depth, const World& world) const {
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < children.size();) {
      std::size_t next = i + 1;
      while (next < children.size() && alike(world[children[i]], world[children[next]], world)) ++next;
      nodes.push_back({children[i], {}, {}, depth, 0});
      if (next - i >= fold_from && !options_.verbose) {
        nodes.push_back({children[i + 1], {}, {}, depth, next - i - 1});
      } else {
        for (std::size_t j = i + 1; j < next; ++j) nodes.push_back({children[j], {}, {}, depth, 0});
      }
      i = next;
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const bool last = i + 1 == nodes.size();
      if (depth == 0) continue;
      nodes[i].branch = depth > deepest ? fmt::format("{}⋮ {} deep ", below, depth) : below + (last ? "└─ " : "├─ ");
      nodes[i].below = depth > deepest ? below : below + (last ? "   " : "│  ");
    }
    left.insert(left.end(), std::make_move_iterator(nodes.rbegin()), std::make_move_iterator(nodes.rend()));
  }

  bool alike(const Process& a, const Process& b, const World& world) const {
    const auto plain = [](const Process& p) { return p.children.empty() && p.tasks.size() == 1 && p.adopters.empty(); };
    return plain(a) && plain(b) && a.argv == b.argv && a.execs == b.execs && fate(a) == fate(b) &&
           world[a.tasks[0]].flags == world[b.tasks[0]].flags;
  }

  std::string fate(const Process& process) const {
    if (process.untraced) return "not followed (CLONE_UNTRACED)";
    if (!process.detached.empty())
      return fmt::format("followed until its exec ({})", text::printable(process.detached));
    if (!process.exit) return process.stopped ? "stopped" : interrupted_ ? "still running" : "its end was not seen";
    return ending_words(process.exit->code, process.exit->signal, process.exit->core);
  }

  void add(const Node& node, const World& world) {
    const Process& process = world[node.process];
    Row row;
    row.branch = node.branch;
    row.fate = fate(process);
    if (node.like != 0) {
      row.what = fmt::format("… {} more like it", text::count(node.like));
      row.style = text::Style::dim;
      rows_.push_back(std::move(row));
      return;
    }
    row.what = naming_.process(process, world) + " " + command(process);
    if (process.exit && process.exit->code.value_or(0) != 0) row.style = text::Style::orange;
    if (process.exit && process.exit->signal) row.style = text::Style::red;
    if (!options_.stable) add_figures(process, row);
    add_ties(process, world, row);
    add_afterlife(process, world, row);
    rows_.push_back(std::move(row));
    add_threads(process, node.below + (process.children.empty() ? "   " : "│  "), world);
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
      const Task& first = world[process.tasks[0]];
      const std::string shared = first.how == BirthHow::clone ? sharing_words(first.flags) : "";
      if (!shared.empty())
        row.notes.push_back(fmt::format("shares {} with {}", shared, naming_.process(world[*process.creator], world)));
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
      const bool by_creator = process.creator && world[*process.creator].pid == process.reaped->by;
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
  void add_threads(const Process& process, const std::string& branch, const World& world) {
    const auto fate = [&](const Task& task) {
      if (!task.exit) return std::string{interrupted_ ? "still running" : "its end was not seen"};
      if (superseded(task)) return std::string{"superseded by another thread's exec"};
      if (task.exit->by == EndedBy::exec) return std::string{"ended by another thread's exec"};
      if (task.exit->by == EndedBy::exit_group) return std::string{"ended with its process"};
      return ending_words(task.exit->code, task.exit->signal, false);
    };
    std::vector<TaskIndex> tasks = process.tasks;
    const auto leads = [&](TaskIndex task) {
      return world[task].tid == leader_of(process.pid) && !superseded(world[task]);
    };
    tasks.erase(std::remove_if(tasks.begin(), tasks.end(), leads), tasks.end());
    const std::vector<std::string>* told = nullptr;  // what these share is said of the first that share it
    for (std::size_t i = 0; i < tasks.size();) {
      const Task& first = world[tasks[i]];
      const auto alike = [&](const Task& other) {
        return other.comm == first.comm && other.flags == first.flags && fate(other) == fate(first);
      };
      std::size_t next = i + 1;
      while (next < tasks.size() && alike(world[tasks[next]])) ++next;
      const std::size_t shown = next - i >= fold_from && !options_.verbose ? 1 : next - i;
      for (std::size_t j = i; j < i + shown; ++j) {
        const Task& task = world[tasks[j]];
        Row row{branch + "· ",
                fmt::format("thread {} {}", naming_.thread(task), text::printable(task.comm)),
                fate(task),
                {},
                {},
                text::Style::dim};
        if (!options_.stable && task.life.end) row.notes.push_back(text::duration(*task.life.end - task.life.begin));
        if (const auto shared = sharing_words(task.flags);
            !shared.empty() && (told == nullptr || *told != task.flags)) {
          row.notes.push_back("shares " + shared);
          told = &task.flags;
        }
        rows_.push_back(std::move(row));
      }
      if (shown < next - i) {
        rows_.push_back({branch + "· ",
                         fmt::format("… {} more threads like it", text::count(next - i - 1)),
                         fate(first),
                         {},
                         {},
                         text::Style::dim});
      }
      i = next;
    }
  }

  static bool superseded(const Task& task) { return task.exit && task.exit->by == EndedBy::superseded; }

  void draw() {
    std::size_t room =
        options_.width ? std::max<std::size_t>(static_cast<std::size_t>(*options_.width) * 9 / 20, 30) : widest_command;
    std::size_t left = 0;
    for (const Row& row : rows_) left = std::max(left, std::min(room, text::width(row.branch) + text::width(row.what)));
    for (const Row& row : rows_) {
      const std::size_t taken = text::width(row.branch);
      const std::string what = text::cut(row.what, std::max<std::size_t>(left, taken + narrowest_command) - taken);
      std::vector<std::string> right = row.notes;
      right.insert(right.begin(), row.fate);
      const std::size_t indent = std::max(left, taken + text::width(what)) + 2;
      if (!row.usual.empty() && (options_.verbose || fits(right, row.usual, indent))) right.push_back(row.usual);
      out_.write(fmt::format("{}{}  {}\n", palette_.paint(row.branch, text::Style::dim),
                             palette_.paint(text::pad_right(what, indent - 2 - taken),
                                            row.style == text::Style::dim ? row.style : text::Style::plain),
                             palette_.paint(text::wrap_list(right, indent, options_.width), row.style)));
    }
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
  bool interrupted_ = false;
  std::vector<Row> rows_;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& options) { return std::make_unique<Tree>(out, options); }

}  // namespace

extern const ViewSpec tree_view{
    "tree", "who created whom, how each ended and what it used", make, {}, [](const ViewOptions&) { return true; }};

}  // namespace kintrace::views
