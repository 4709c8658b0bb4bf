// SPDX-License-Identifier: MIT
// What each process did and used, in numbers: one row a process, the longest-lived first. Those alike are one row, with
// their sums. Columns in which there is nothing to tell are left out; what is not known is a dash. Below it, what went
// through objects (object_table.hpp).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kintrace/view.hpp"
#include "text/columns.hpp"
#include "text/escape.hpp"
#include "text/names.hpp"
#include "text/units.hpp"
#include "views/naming.hpp"
#include "views/object_table.hpp"

namespace kintrace::views {
namespace {

constexpr std::size_t fold_from = 4;
constexpr std::size_t narrowest_program = 16;
constexpr std::size_t widest_program = 80;
constexpr std::size_t comfortable_program = 30;

// Nothing where it is not known.
template <class T>
using Known = std::optional<T>;

template <class T>
void add(Known<T>& to, const Known<T>& more) {
  T sum{};  // of a hostile recording it may not be one
  to = to && more && !__builtin_add_overflow(*to, *more, &sum) ? Known<T>{sum} : std::nullopt;
}

struct Figures {
  Known<Nanoseconds> wall = 0, cpu = 0, waited = 0;
  Known<std::int64_t> peak;
  std::uint64_t processes = 1, forked = 0, threads = 0, execs = 0;
  Known<std::uint64_t> reaped = 0, left = 0, failed_execs = 0, waits = 0, sent = 0, received = 0;

  void operator+=(const Figures& more) {
    add(wall, more.wall);
    add(cpu, more.cpu);
    add(waited, more.waited);
    if (more.peak) peak = std::max(peak.value_or(0), *more.peak);
    processes += more.processes;
    forked += more.forked;
    threads += more.threads;
    execs += more.execs;
    for (const auto member : {&Figures::reaped, &Figures::left, &Figures::failed_execs, &Figures::waits, &Figures::sent,
                              &Figures::received})
      add(this->*member, more.*member);
  }
};

struct Row {
  Figures figures;
  Descent descent;
  std::string name;     // its program's, without arguments
  std::string program;  // the whole of it, as it is shown
  std::string end;
  text::Style style = text::Style::plain;
  bool stands_for_more = false;
};

// Those of one name that ended alike are one row, where the first of them stands; whoever created others is not like
// those who did not.
struct Group {
  std::vector<Row> rows;  // all of them while they are few, then the first
  Figures sum;
  std::uint64_t like = 0;
  bool one_end = true;  // to the code
};

std::string time_of(const Known<Nanoseconds>& time) {
  if (!time) return "-";
  return *time == 0 ? "0" : text::duration(*time);
}
std::string count_of(const Known<std::uint64_t>& count) { return count ? text::count(*count) : "-"; }

// A column is there if one of its rows has something to tell.
struct Column {
  std::string_view head;
  std::string (*cell)(const Figures&);
  bool (*tells)(const Figures&);
  bool chance = false;  // left out with --stable
};

constexpr std::array columns{
    Column{"wall", [](const Figures& f) { return time_of(f.wall); }, [](const Figures&) { return true; }, true},
    Column{"cpu", [](const Figures& f) { return time_of(f.cpu); }, [](const Figures&) { return true; }, true},
    Column{"peak", [](const Figures& f) { return f.peak ? text::size(*f.peak) : "-"; },
           [](const Figures&) { return true; }, true},
    Column{"forked", [](const Figures& f) { return text::count(f.forked); },
           [](const Figures& f) { return f.forked > 0; }},
    Column{"reaped", [](const Figures& f) { return count_of(f.reaped); },
           [](const Figures& f) { return f.forked > 0 || f.reaped.value_or(0) > 0; }},
    Column{"left", [](const Figures& f) { return count_of(f.left); },
           [](const Figures& f) { return f.left.value_or(0) > 0; }},
    Column{"execs", [](const Figures& f) { return text::count(f.execs); },
           [](const Figures& f) { return f.execs > f.processes || f.failed_execs.value_or(0) > 0; }},
    Column{"failed", [](const Figures& f) { return count_of(f.failed_execs); },
           [](const Figures& f) { return f.failed_execs.value_or(0) > 0; }},
    Column{"threads", [](const Figures& f) { return text::count(f.threads); },
           [](const Figures& f) { return f.threads > 0; }},
    Column{"waits", [](const Figures& f) { return count_of(f.waits); },
           [](const Figures& f) { return f.waits.value_or(0) > 0; }},
    Column{"waited", [](const Figures& f) { return time_of(f.waited); },
           [](const Figures& f) { return f.waited.value_or(0) > 0; }, true},
    Column{"sent", [](const Figures& f) { return count_of(f.sent); },
           [](const Figures& f) { return f.sent.value_or(0) > 0; }},
    Column{"got", [](const Figures& f) { return count_of(f.received); },
           [](const Figures& f) { return f.received.value_or(0) > 0; }},
};

class Summary : public View {
 public:
  Summary(Writer& out, const ViewOptions& options)
      : out_(out), options_(options), naming_(options.stable), palette_(options.color), objects_(options) {}

  void begin(const RunHeader& header) override {
    const auto observed = [&](std::string_view cls) {
      return header.trace.empty() || std::find(header.trace.begin(), header.trace.end(), cls) != header.trace.end();
    };
    if (!observed("lifecycle")) {
      unknown_.reaped = unknown_.left = unknown_.failed_execs = unknown_.waits = std::nullopt;
      unknown_.waited = std::nullopt;
    }
    if (!observed("signal")) unknown_.sent = unknown_.received = std::nullopt;
  }

  // All that will ever be known of those who leave is known now.
  void event(const Event& event, const World& world) override {
    count(event, world);
    objects_.event(event, world);
    for (const ProcessIndex process : world.leaving()) settle_with_creator(world[process], world);
    for (const ProcessIndex process : world.leaving()) add(world[process], {}, world);
  }

  void end(const std::optional<RunEnd>& end, const World& world) override {
    over_ = true;
    for (const Process& process : world.processes()) {
      if (!process.leaving) settle_with_creator(process, world);
    }
    for (const Process& process : world.processes()) {
      if (!process.leaving) add(process, end, world);
    }
    std::vector<Row> rows = folded();
    if (!options_.stable) {
      std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        return a.figures.wall.value_or(0) > b.figures.wall.value_or(0);
      });
    }
    if (rows.empty()) return;  // nothing was ever run
    draw(rows);
    out_.write(text::wrap(total_words(end), 2, options_.width) + "\n");
    if (const std::string objects = objects_.text(world); !objects.empty()) out_.write("\n" + objects);
    if (!end) out_.write("the recording is cut off here\n");
  }

 private:
  struct Count {
    Figures figures;
    std::uint64_t children = 0;  // that it has created, and of whom it is not yet known whether it has left them
  };

  Count& count_of(ProcessIndex process) { return counted_.try_emplace(process, Count{unknown_}).first->second; }

  void count(const Event& event, const World& world) {
    const Task* task = world.find(event.tid);
    if (task == nullptr) return;
    Figures& figures = count_of(task->process).figures;
    const auto one_more = [](Known<std::uint64_t>& count) { count = count.value_or(0) + 1; };
    if (const auto* forked = std::get_if<Forked>(&event.fact)) {
      ++(forked->how == BirthHow::thread ? figures.threads : figures.forked);
      const Process* creator = world.find(event.pid);
      if (forked->how != BirthHow::thread && !forked->ppid && creator != nullptr) ++count_of(creator->index).children;
    } else if (const auto* sent = std::get_if<SignalSent>(&event.fact)) {
      if (sent->signal && !sent->err) one_more(figures.sent);
    } else if (std::holds_alternative<SignalDelivered>(event.fact)) {
      one_more(figures.received);
    } else if (std::holds_alternative<Execed>(event.fact)) {
      ++figures.execs;
    } else if (std::holds_alternative<ExecFailed>(event.fact)) {
      one_more(figures.failed_execs);
    } else if (const auto* reaped = std::get_if<Reaped>(&event.fact)) {
      one_more(figures.reaped);
      if (!reaped->by_kernel && !reaped->syscall.empty()) count_wait(figures, event);
    } else if (std::holds_alternative<WaitFailed>(event.fact)) {
      count_wait(figures, event);
    }
  }

  static void count_wait(Figures& figures, const Event& event) {
    figures.waits = figures.waits.value_or(0) + 1;
    figures.waited = figures.waited.value_or(0) + event.dur;
  }

  // What somebody else reaped it has left behind only if it was taken from it: not with CLONE_PARENT.
  void settle_with_creator(const Process& process, const World& world) {
    if (!process.creator) return;
    const Process* known = world.find(*process.creator);
    if (known == nullptr || (over_ && known->leaving)) return;  // it went before, and its children counted as left
    Count& creator = count_of(*process.creator);
    if (!process.of_another && creator.children > 0) --creator.children;
    const auto& reaped = process.reaped;
    const bool left = !reaped || (reaped->by != process.creator_pid && !process.adopters.empty());
    if (creator.figures.left && left) ++*creator.figures.left;
  }

  void add(const Process& process, const std::optional<RunEnd>& end, const World& world) {
    Row row = row_of(process, end);
    if (!total_) total_ = unknown_;
    *total_ += row.figures;
    ++processes_;
    const auto program = [&] { return naming_.process(process, world) + " " + command(process, row.name); };
    if (options_.verbose) {
      row.program = program();
      alone_.push_back(std::move(row));
      return;
    }
    const bool failed = row.end != "exit 0" && row.end.starts_with("exit ");
    Group& group = groups_[Key{row.name, failed ? "exit ≠ 0" : row.end, row.figures.forked != 0}];
    if (group.like == 0) {
      group.sum = row.figures;
    } else {
      group.sum += row.figures;
      group.one_end = group.one_end && group.rows[0].end == row.end;
    }
    if (++group.like < fold_from) {
      row.program = program();
      group.rows.push_back(std::move(row));
    } else if (row.descent < first_of(group).descent) {
      group.rows[0] = std::move(row);
    }
  }

  // The others are no longer needed.
  static Row& first_of(Group& group) {
    auto& rows = group.rows;
    if (rows.size() > 1) {
      std::swap(rows[0], *std::min_element(rows.begin(), rows.end(), in_tree_order));
      rows.resize(1);
    }
    return rows[0];
  }
  static bool in_tree_order(const Row& a, const Row& b) { return a.descent < b.descent; }

  Row row_of(const Process& process, const std::optional<RunEnd>& end) {
    Row row;
    row.figures = unknown_;
    if (auto counted = counted_.extract(process.index)) {
      row.figures = counted.mapped().figures;
      if (row.figures.left) *row.figures.left += counted.mapped().children;  // they live on without it
    }
    Figures& figures = row.figures;
    const Known<Nanoseconds> until = process.life.end ? process.life.end
                                     : end            ? Known<Nanoseconds>{end->dur}
                                                      : Known<Nanoseconds>{};
    figures.wall = until ? Known<Nanoseconds>{*until - process.life.begin} : std::nullopt;
    figures.cpu = std::nullopt;
    if (process.exit && process.exit->utime_ns && process.exit->stime_ns)
      figures.cpu = *process.exit->utime_ns + *process.exit->stime_ns;
    if (process.exit) figures.peak = process.exit->maxrss;
    row.descent = process.descent;
    row.name = text::printable(process.comm.empty() ? "?" : process.comm);
    std::tie(row.end, row.style) = end_of(process, end);
    return row;
  }

  std::string command(const Process& process, const std::string& name) const {
    if (process.argv.empty() || (process.execs == 0 && process.creator)) return name;
    std::vector<Bytes> words = process.argv;
    words[0] = words[0].substr(words[0].rfind('/') + 1);
    return text::shell_line(words, {options_.string_limit.value_or(widest_program), 16});
  }

  static std::pair<std::string, text::Style> end_of(const Process& process, const std::optional<RunEnd>& end) {
    if (!process.detached.empty()) return {"detached", text::Style::plain};
    if (!process.exit) return {end && end->why != "done" ? "running" : "-", text::Style::plain};
    const Exited& exit = *process.exit;
    if (exit.signal) {
      return {text::signal_name(*exit.signal) + (exit.core ? ", core" : ""), text::Style::red};
    }
    if (!exit.code) return {"-", text::Style::plain};
    return {fmt::format("exit {}", *exit.code), *exit.code == 0 ? text::Style::plain : text::Style::orange};
  }

  std::vector<Row> folded() {
    std::vector<Row> out = std::move(alone_);
    for (auto& [key, group] : groups_) {
      if (group.like < fold_from) {
        std::move(group.rows.begin(), group.rows.end(), std::back_inserter(out));
        continue;
      }
      Row& row = first_of(group);
      row.figures = group.sum;
      if (!group.one_end) row.end = std::get<1>(key);
      row.program = fmt::format("×{} {}", text::count(group.like), row.name);
      row.stands_for_more = true;
      out.push_back(std::move(row));
    }
    std::sort(out.begin(), out.end(), in_tree_order);
    return out;
  }

  void draw(const std::vector<Row>& rows) {
    std::vector<std::vector<std::string>> table;  // column by column, its head first
    for (const Column& column : columns) {
      const bool tells =
          std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return column.tells(row.figures); });
      if (!tells || (column.chance && options_.stable)) continue;
      auto& cells = table.emplace_back(1, std::string{column.head});
      for (const Row& row : rows) cells.push_back(column.cell(row.figures));
    }
    std::size_t taken = 0, end_width = text::width("end");
    std::vector<std::size_t> widths;
    for (const auto& cells : table) {
      widths.push_back(0);
      for (const std::string& cell : cells) widths.back() = std::max(widths.back(), text::width(cell));
      taken += widths.back();
    }
    for (const Row& row : rows) end_width = std::max(end_width, text::width(row.end));
    taken += end_width;
    const auto width = static_cast<std::size_t>(std::max(options_.width.value_or(0), 0));
    const auto room = [&](std::size_t gap) {
      if (width == 0) return widest_program;
      const std::size_t all = taken + gap * (table.size() + 1);
      return std::max(width > all ? width - all : 0, narrowest_program);
    };
    const std::size_t gap = room(2) < comfortable_program ? 1 : 2;
    for (std::size_t line = 0; line <= rows.size(); ++line) {
      std::string text;
      for (std::size_t i = 0; i < table.size(); ++i)
        text += text::pad_left(table[i][line], widths[i]) + std::string(gap, ' ');
      const std::string end = text::pad_right(line == 0 ? "end" : rows[line - 1].end, end_width);
      const std::string program = line == 0 ? "program" : text::cut(rows[line - 1].program, room(gap));
      if (line == 0) {
        out_.write(palette_.paint(fmt::format("{}{}{:{}}{}", text, end, "", gap, program), text::Style::dim) + "\n");
      } else {
        out_.write(fmt::format("{}{}{:{}}{}\n", text, palette_.paint(end, rows[line - 1].style), "", gap, program));
      }
    }
    if (std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.stands_for_more; }))
      out_.write(palette_.paint(
          options_.stable ? "×: processes alike, their sums\n" : "×: processes alike, their sums, the largest peak\n",
          text::Style::dim));
  }

  std::string total_words(const std::optional<RunEnd>& end) const {
    const Figures& total = *total_;
    std::vector<std::string> words{"total: " + text::counted(processes_, "process")};
    const auto tell = [&](const Known<std::uint64_t>& count, std::string_view one, std::string_view many) {
      if (count.value_or(0) > 0) words.push_back(text::counted(*count, one, many));
    };
    tell(total.threads, "thread", "threads");
    if (!options_.stable && end) words.push_back(text::duration(end->dur));
    if (!options_.stable && total.cpu) words.push_back("cpu " + text::duration(*total.cpu));
    if (!options_.stable && !total.cpu) words.emplace_back("cpu not known");
    tell(total.failed_execs, "failed exec", "failed execs");
    tell(total.left, "child left unreaped", "children left unreaped");
    tell(total.received, "signal delivered", "signals delivered");
    if (end && end->lost > 0) words.push_back(text::counted(static_cast<std::uint64_t>(end->lost), "event") + " lost");
    return fmt::format("{}", fmt::join(words, ", "));
  }

  Writer& out_;
  ViewOptions options_;
  Naming naming_;
  text::Palette palette_;
  ObjectTable objects_;
  Figures unknown_;                                  // of a process of which nothing has been counted
  std::unordered_map<ProcessIndex, Count> counted_;  // until their rows are made
  using Key = std::tuple<std::string, std::string, bool>;
  std::map<Key, Group> groups_;
  std::vector<Row> alone_;
  std::optional<Figures> total_;
  std::uint64_t processes_ = 0;
  bool over_ = false;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& options) { return std::make_unique<Summary>(out, options); }

}  // namespace

extern const ViewSpec summary_view{
    "summary", "what each process did and used, in numbers", make, {}, [](const ViewOptions&) { return true; }};

}  // namespace kintrace::views
