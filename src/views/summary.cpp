// SPDX-License-Identifier: MIT
// What each process did and used, in numbers: one row a process, the longest-lived first. Those alike are one row, with
// their sums. Columns in which there is nothing to tell are left out; what is not known is a dash.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
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
  std::string name;     // its program's, without arguments
  std::string program;  // the whole of it, as it is shown
  std::string end;
  text::Style style = text::Style::plain;
  bool stands_for_more = false;
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
      : out_(out), options_(options), naming_(options.stable), palette_(options.color) {}

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

  void event(const Event& event, const World& world) override {
    const Task* task = world.find(event.tid);
    if (task == nullptr) return;
    Figures& figures = counted_.try_emplace(task->process.value, unknown_).first->second;
    const auto one_more = [](Known<std::uint64_t>& count) { count = count.value_or(0) + 1; };
    if (const auto* forked = std::get_if<Forked>(&event.fact)) {
      ++(forked->how == BirthHow::thread ? figures.threads : figures.forked);
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

  void end(const std::optional<RunEnd>& end, const World& world) override {
    std::vector<Row> rows;
    for (const ProcessIndex process : in_tree_order(world)) rows.push_back(row_of(world[process], end, world));
    Figures total = unknown_;
    for (const Row& row : rows) total += row.figures;
    const std::size_t processes = rows.size();
    if (!options_.verbose) rows = folded(std::move(rows));
    if (!options_.stable) {
      std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
        return a.figures.wall.value_or(0) > b.figures.wall.value_or(0);
      });
    }
    if (rows.empty()) return;  // nothing was ever run
    draw(rows);
    out_.write(text::wrap(total_words(total, processes, end), 2, options_.width) + "\n");
    if (!end) out_.write("the recording is cut off here\n");
  }

 private:
  static void count_wait(Figures& figures, const Event& event) {
    figures.waits = figures.waits.value_or(0) + 1;
    figures.waited = figures.waited.value_or(0) + event.dur;
  }

  static std::vector<ProcessIndex> in_tree_order(const World& world) {
    std::vector<ProcessIndex> order, left{world.roots().rbegin(), world.roots().rend()};
    while (!left.empty()) {
      order.push_back(left.back());
      left.pop_back();
      const auto& children = world[order.back()].children;
      left.insert(left.end(), children.rbegin(), children.rend());
    }
    return order;
  }

  Row row_of(const Process& process, const std::optional<RunEnd>& end, const World& world) const {
    Row row;
    const auto counted = counted_.find(process.index.value);
    row.figures = counted != counted_.end() ? counted->second : unknown_;
    Figures& figures = row.figures;
    const Known<Nanoseconds> until = process.life.end ? process.life.end
                                     : end            ? Known<Nanoseconds>{end->dur}
                                                      : Known<Nanoseconds>{};
    figures.wall = until ? Known<Nanoseconds>{*until - process.life.begin} : std::nullopt;
    figures.cpu = std::nullopt;
    if (process.exit && process.exit->utime_ns && process.exit->stime_ns)
      figures.cpu = *process.exit->utime_ns + *process.exit->stime_ns;
    if (process.exit) figures.peak = process.exit->maxrss;
    if (figures.left) {
      for (const ProcessIndex child : process.children) {
        // What somebody else reaped it has left behind only if it was taken from it: not with CLONE_PARENT.
        const auto& reaped = world[child].reaped;
        if (!reaped || (reaped->by != process.pid && !world[child].adopters.empty())) ++*figures.left;
      }
    }
    row.name = text::printable(process.comm.empty() ? "?" : process.comm);
    row.program = naming_.process(process, world) + " " + command(process, row.name);
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

  // Those of one name that ended alike are one row, where the first of them stands; whoever created others is not like
  // those who did not.
  static std::vector<Row> folded(std::vector<Row> rows) {
    using Key = std::tuple<std::string, std::string, bool>;
    const auto key_of = [](const Row& row) {
      const bool failed = row.end != "exit 0" && row.end.starts_with("exit ");
      return Key{row.name, failed ? "exit ≠ 0" : row.end, row.figures.forked != 0};
    };
    std::map<Key, std::size_t> times, at;
    for (const Row& row : rows) ++times[key_of(row)];
    std::vector<Row> out;
    for (Row& row : rows) {
      const Key key = key_of(row);
      const std::size_t like = times[key];
      if (const auto known = at.find(key); like >= fold_from && known != at.end()) {
        Row& first = out[known->second];
        first.figures += row.figures;
        if (first.end != row.end) first.end = std::get<1>(key);
        continue;
      }
      at.emplace(key, out.size());
      if (like >= fold_from) {
        row.program = fmt::format("×{} {}", text::count(like), row.name);
        row.stands_for_more = true;
      }
      out.push_back(std::move(row));
    }
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

  std::string total_words(const Figures& total, std::size_t processes, const std::optional<RunEnd>& end) const {
    std::vector<std::string> words{"total: " + text::counted(processes, "process")};
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
  Figures unknown_;  // of a process of which nothing has been counted
  std::unordered_map<std::uint32_t, Figures> counted_;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& options) { return std::make_unique<Summary>(out, options); }

}  // namespace

extern const ViewSpec summary_view{
    "summary", "what each process did and used, in numbers", make, {}, [](const ViewOptions&) { return true; }};

}  // namespace kintrace::views
