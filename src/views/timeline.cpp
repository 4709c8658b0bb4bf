// SPDX-License-Identifier: MIT
// One line an event, in the order in which kintrace learned of it, beside the lanes of the tasks. With --stable: one
// section a task, in tree order.
#include <fmt/chrono.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kintrace/view.hpp"
#include "text/columns.hpp"
#include "text/escape.hpp"
#include "text/units.hpp"
#include "views/graph.hpp"
#include "views/naming.hpp"
#include "views/narrator.hpp"
#include "views/words.hpp"

namespace kintrace::views {
namespace {

constexpr std::size_t narrowest_name = 6;
constexpr std::size_t room_for_words = 40;  // that lanes leave on a narrow terminal

std::string shown_name(const Bytes& comm) { return text::printable(comm.empty() ? "?" : comm); }

text::Style style_of(Tone tone) {
  switch (tone) {
    case Tone::bad: return text::Style::red;
    case Tone::notable: return text::Style::orange;
    case Tone::quiet: return text::Style::dim;
    default: return text::Style::plain;
  }
}

// Lanes of two columns each, one of them shared by those that have none of their own.
std::size_t lanes_for(const ViewOptions& options, std::size_t time_width) {
  if (!options.width) return Lanes::limit;
  const std::size_t others = time_width + sizeof " 12345 " + narrowest_name + sizeof " " + room_for_words;
  const auto width = static_cast<std::size_t>(*options.width);
  const std::size_t columns = width > others ? (width - others) / 2 : 0;
  return std::clamp<std::size_t>(columns, 3, Lanes::limit + 1) - 1;
}

std::size_t time_width_of(Clock clock) {
  switch (clock) {
    case Clock::of_day: return sizeof "12:34:56" - 1;
    case Clock::of_day_us: return sizeof "12:34:56.123456" - 1;
    case Clock::epoch_us: return sizeof "1234567890.123456" - 1;
    default: return sizeof "12.123456" - 1;
  }
}

class Timeline : public View {
 public:
  Timeline(Writer& out, const ViewOptions& options)
      : out_(out),
        options_(options),
        naming_(false),
        palette_(options.color),
        narrator_(options),
        graph_(lanes_for(options, time_width_of(options.clock))),
        time_width_(time_width_of(options.clock)) {}

  void begin(const RunHeader& header) override {
    std::from_chars(header.start_realtime_ns.data(), header.start_realtime_ns.data() + header.start_realtime_ns.size(),
                    start_);
    constexpr std::int64_t year_2200 = 7'258'118'400'000'000'000;
    if (start_ < 0 || start_ > year_2200) start_ = 0;
    if (header.root) pid_width_ = std::to_string(header.root->value).size();
  }

  void event(const Event& event, const World& world) override {
    Narrator::Lines lines = narrator_.event(event, world);
    for (Line& line : lines.held) tell_marked(std::move(line), world);
    if (lines.own) {
      tell_with(std::move(*lines.own), world, [&] { return graph_.draw(event, world); });
    } else {
      graph_.pass(event, world);
    }
  }

  void end(const std::optional<RunEnd>& end, const World& world) override {
    for (Line& line : narrator_.rest(world)) tell_marked(std::move(line), world);
    tell_repeated();
    if (!end) out_.write("the recording is cut off here\n");
  }

 private:
  // What was written last, and how often it has been said again since.
  struct Last {
    Line line;
    std::string pid;  // its task may have been forgotten when it is told
    std::uint64_t again = 0;
  };

  // `draw` gives the lanes of the line's moment, which those of the lines before it must not see.
  template <class Draw>
  void tell_with(Line line, const World& world, Draw draw) {
    const bool same = last_line_ && last_line_->line.task == line.task && !line.message &&
                      last_line_->line.sentence.words == line.sentence.words && !options_.verbose;
    if (same) {
      last_line_->line.at = line.at;
      last_line_->line.spent = line.spent;
      ++last_line_->again;
      draw();
      return;
    }
    tell_repeated();
    const Lanes::Drawing drawing = draw();
    std::string pid = naming_.task(world[line.task], world);
    last_line_ = Last{std::move(line), std::move(pid)};
    write(last_line_->line, last_line_->pid, drawing);
  }

  void tell_marked(Line line, const World& world) {
    const TaskIndex task = line.task;
    tell_with(std::move(line), world, [&] { return graph_.mark(task); });
  }

  // A line that was written cannot be changed, and the next may be long in coming: what repeats it is counted, and told
  // when something else is.
  void tell_repeated() {
    if (!last_line_ || last_line_->again == 0) return;
    Line line = last_line_->line;
    if (last_line_->again > 1) {
      line.sentence.words = fmt::format("… and {} more like it", text::count(last_line_->again));
      line.spent.reset();
    }
    write(line, last_line_->pid, graph_.mark(line.task));
    last_line_->again = 0;
  }

  void write(const Line& line, const std::string& pid, const Lanes::Drawing& drawing) {
    const std::string name = shown_name(line.comm), time = clock(line.at);
    time_width_ = std::max(time_width_, time.size());
    pid_width_ = std::max(pid_width_, pid.size());
    name_width_ = std::max(name_width_, text::width(name));
    text_ = palette_.begin(text::Style::dim);
    text::append_left_padded(text_, time, time_width_);
    text_ += palette_.end(text::Style::dim);
    text_ += ' ';
    append(drawing);
    text_ += palette_.begin(text::Style::task, line.task.value);
    text::append_left_padded(text_, pid, pid_width_);
    text_ += ' ';
    text::append_right_padded(text_, name, name_width_);
    text_ += palette_.end(text::Style::task);
    text_ += "  ";
    const std::size_t beside = pid_width_ + 1 + name_width_ + 2;
    append(line, time_width_ + 1 + drawing.size(), beside);
    out_.write(text_);
  }

  // Its words, on as many lines as they need: they begin after the lanes and who it is.
  void append(const Line& line, std::size_t lanes_end, std::size_t beside) {
    const text::Style style = style_of(line.sentence.tone);
    const auto append_piece = [&](std::string_view piece) {
      text_ += palette_.begin(style);
      text_ += piece;
      text_ += palette_.end(style);
      text_ += '\n';
    };
    std::string timed;
    if (line.spent) timed = fmt::format(FMT_COMPILE("{} <{}>"), line.sentence.words, text::seconds(*line.spent));
    const std::string_view words = line.spent ? timed : line.sentence.words;
    const auto room = room_after(lanes_end + beside);
    if (!room || text::width(words) <= *room) return append_piece(words);
    const std::vector<std::string> pieces = text::broken(words, *room);
    append_piece(pieces[0]);
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      text_.append(time_width_ + 1, ' ');
      append(graph_.between());
      text_.append(beside, ' ');
      append_piece(pieces[i]);
    }
  }

  // Columns; nothing: as many as it takes.
  std::optional<std::size_t> room_after(std::size_t indent) const {
    constexpr std::size_t least = 20;
    if (!options_.width || static_cast<std::size_t>(*options_.width) < indent + least) return {};
    return static_cast<std::size_t>(*options_.width) - indent;
  }

  void append(const Lanes::Drawing& drawing) {
    const Lanes::Cell* cell = drawing.begin();
    while (cell != drawing.end()) {
      const auto owner = cell->owner;
      const auto other = [&](const Lanes::Cell& one) { return one.owner != owner; };
      const Lanes::Cell* const next = options_.color ? std::find_if(cell, drawing.end(), other) : drawing.end();
      if (owner) text_ += palette_.begin(text::Style::task, owner->value);
      append(cell, next);
      if (owner) text_ += palette_.end(text::Style::task);
      cell = next;
    }
  }

  // Each glyph is copied with the room behind it, where the next one goes: that needs no call.
  void append(const Lanes::Cell* begin, const Lanes::Cell* end) {
    std::array<char, sizeof(Lanes::Drawing)> glyphs;
    char* at = glyphs.data();
    for (const auto* cell = begin; cell != end; ++cell) {
      std::copy(cell->glyph.bytes.begin(), cell->glyph.bytes.end(), at);
      at += cell->glyph.size;
    }
    text_.append(glyphs.data(), at);
  }

  std::string clock(Nanoseconds t) {
    const std::int64_t at = start_ + t;
    const std::int64_t second = at / 1'000'000'000, micro = at / 1'000 % 1'000'000;
    switch (options_.clock) {
      case Clock::of_day: return of_day(second);
      case Clock::of_day_us: return fmt::format(FMT_COMPILE("{}.{:06}"), of_day(second), micro);
      case Clock::epoch_us: return fmt::format(FMT_COMPILE("{}.{:06}"), second, micro);
      // A line that was held is older than the one before it.
      case Clock::delta: return text::seconds(std::max<Nanoseconds>(0, t - std::exchange(last_, std::max(last_, t))));
      default: return text::seconds(t);
    }
  }

  // localtime(3) is slow, and there are many lines in a second.
  const std::string& of_day(std::time_t second) {
    if (std::exchange(second_, second) != second || of_day_.empty())
      of_day_ = fmt::format("{:%H:%M:%S}", fmt::localtime(second));
    return of_day_;
  }

  Writer& out_;
  ViewOptions options_;
  Naming naming_;
  text::Palette palette_;
  Narrator narrator_;
  Graph graph_;
  std::optional<Last> last_line_;
  std::int64_t start_ = 0;  // CLOCK_REALTIME of t = 0
  Nanoseconds last_ = 0;    // of the lines before
  std::time_t second_ = 0;  // whose words are:
  std::string of_day_;
  std::string text_;  // the line that is written: kept, as its room is
  std::size_t time_width_, pid_width_ = 1, name_width_ = narrowest_name;
};

// What a task did, in its own order; what others did meanwhile is chance.
class StableTimeline : public View {
 public:
  StableTimeline(Writer& out, const ViewOptions& options)
      : out_(out), options_(options), naming_(true), palette_(options.color), narrator_(options) {}

  void event(const Event& event, const World& world) override {
    Narrator::Lines lines = narrator_.event(event, world);
    for (Line& line : lines.held) add(std::move(line));
    if (lines.own) add(std::move(*lines.own));
    for (const TaskIndex thread : world.leaving_threads()) close(thread, world);
    for (const ProcessIndex process : world.leaving()) {
      for (const TaskIndex task : world[process].tasks) close(task, world);
    }
  }

  void end(const std::optional<RunEnd>& end, const World& world) override {
    for (Line& line : narrator_.rest(world)) add(std::move(line));
    for (const Task& task : world.tasks()) close(task.index, world);
    std::vector<const Section*> in_tree_order;
    for (const auto& [task, section] : sections_) in_tree_order.push_back(&section);
    std::sort(in_tree_order.begin(), in_tree_order.end(), [](const Section* a, const Section* b) {
      const auto by_descent = a->descent <=> b->descent;
      return by_descent != 0 ? by_descent < 0 : a->ordinal < b->ordinal;
    });
    for (const Section* section : in_tree_order) write(*section);
    if (!end) out_.write("the recording is cut off here\n");
  }

 private:
  struct Entry {
    Sentence sentence;
    std::uint64_t times;
  };
  struct Section {
    std::vector<Entry> entries;
    Descent descent;  // of its process, and its place there
    std::uint32_t ordinal = 0;
    std::string head;
    std::size_t color = 0;
  };

  // It may be forgotten from now on.
  void close(TaskIndex index, const World& world) {
    const auto found = sections_.find(index);
    if (found == sections_.end()) return;
    const Task& task = world[index];
    Section& section = found->second;
    section.descent = world[task.process].descent;
    section.ordinal = task.ordinal;
    section.head = fmt::format("{} {}", naming_.task(task, world), shown_name(task.comm));
    section.color = task.process.value;
  }

  void add(Line line) {
    auto& entries = sections_[line.task].entries;
    if (!options_.verbose && !entries.empty() && entries.back().sentence.words == line.sentence.words) {
      ++entries.back().times;
    } else {
      entries.push_back({std::move(line.sentence), 1});
    }
  }

  void write(const Section& section) {
    out_.write(palette_.paint(section.head, text::Style::task, section.color) + "\n");
    for (const Entry& line : section.entries) {
      const std::string times =
          line.times > 1 && !line.sentence.countless ? fmt::format(" (×{})", text::count(line.times)) : "";
      out_.write(fmt::format("  {}\n", palette_.paint(text::wrap(line.sentence.words + times, 2, options_.width),
                                                      style_of(line.sentence.tone))));
    }
  }

  Writer& out_;
  ViewOptions options_;
  Naming naming_;
  text::Palette palette_;
  Narrator narrator_;
  std::map<TaskIndex, Section> sections_;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& options) {
  if (options.stable) return std::make_unique<StableTimeline>(out, options);
  return std::make_unique<Timeline>(out, options);
}

constexpr std::string_view suffixes[] = {".txt", ".log"};

}  // namespace

extern const ViewSpec timeline_view{"timeline", "what happened, one line an event, as it happens",         make,
                                    suffixes,   [](const ViewOptions& options) { return options.stable; }, false};

}  // namespace kintrace::views
