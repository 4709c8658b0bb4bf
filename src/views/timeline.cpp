// SPDX-License-Identifier: MIT
// One line an event, in the order in which kintrace learned of it. With --stable: one section a task, in tree order.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <map>
#include <string>
#include <utility>

#include "kintrace/view.hpp"
#include "text/columns.hpp"
#include "text/escape.hpp"
#include "text/units.hpp"
#include "views/naming.hpp"
#include "views/words.hpp"

namespace kintrace::views {
namespace {

// The program's argv is worth more room than a message's bytes.
constexpr std::size_t word_limit = 256;
constexpr std::size_t narrowest_name = 6;

text::Limits limits_of(const ViewOptions& options) { return {options.string_limit.value_or(word_limit), 64}; }

std::string name_of(const Task& task) { return text::printable(task.comm.empty() ? "?" : task.comm); }

text::Style style_of(Tone tone) {
  switch (tone) {
    case Tone::bad: return text::Style::red;
    case Tone::notable: return text::Style::yellow;
    case Tone::quiet: return text::Style::dim;
    default: return text::Style::plain;
  }
}

class Timeline : public View {
 public:
  Timeline(Writer& out, const ViewOptions& options)
      : out_(out), options_(options), limits_(limits_of(options)), naming_(false), palette_(options.color) {}

  void begin(const RunHeader& header) override {
    std::from_chars(header.start_realtime_ns.data(), header.start_realtime_ns.data() + header.start_realtime_ns.size(),
                    start_);
    constexpr std::int64_t year_2200 = 7'258'118'400'000'000'000;
    if (start_ < 0 || start_ > year_2200) start_ = 0;
    if (header.root) pid_width_ = std::to_string(header.root->value).size();
  }

  void event(const Event& event, const World& world) override {
    const Sentence sentence = describe(event, world, naming_, limits_);
    const Task* task = world.find(event.tid);
    if (sentence.words.empty() || task == nullptr) return;
    const std::string pid = naming_.task(*task, world);
    const std::string name = name_of(*task);
    pid_width_ = std::max(pid_width_, pid.size());
    name_width_ = std::max(name_width_, text::width(name));
    const std::string time = clock(event.end());
    const std::size_t indent = text::width(time) + 1 + pid_width_ + 1 + name_width_ + 2;
    const std::string who = text::pad_left(pid, pid_width_) + " " + text::pad_right(name, name_width_);
    out_.write(
        fmt::format("{} {}  {}\n", palette_.paint(time, text::Style::dim),
                    palette_.paint(who, text::Style::task, task->process.value),
                    palette_.paint(text::wrap(sentence.words, indent, options_.width), style_of(sentence.tone))));
  }

  void end(const std::optional<RunEnd>& end, const World& /*world*/) override {
    if (!end) out_.write("the recording is cut off here\n");
  }

 private:
  std::string clock(Nanoseconds t) {
    const std::int64_t at = start_ + t;
    const auto second = static_cast<std::time_t>(at / 1'000'000'000);
    const std::int64_t micro = at / 1'000 % 1'000'000;
    switch (options_.clock) {
      case Clock::of_day: return fmt::format("{:%H:%M:%S}", fmt::localtime(second));
      case Clock::of_day_us: return fmt::format("{:%H:%M:%S}.{:06}", fmt::localtime(second), micro);
      case Clock::epoch_us: return fmt::format("{}.{:06}", second, micro);
      case Clock::delta: return fmt::format("{:11.6f}", static_cast<double>(t - std::exchange(last_, t)) / 1e9);
      default: return fmt::format("{:11.6f}", static_cast<double>(t) / 1e9);
    }
  }

  Writer& out_;
  ViewOptions options_;
  text::Limits limits_;
  Naming naming_;
  text::Palette palette_;
  std::int64_t start_ = 0;  // CLOCK_REALTIME of t = 0
  Nanoseconds last_ = 0;    // the line before's
  std::size_t pid_width_ = 1, name_width_ = narrowest_name;
};

// What a task did, in its own order; what others did meanwhile is chance.
class StableTimeline : public View {
 public:
  StableTimeline(Writer& out, const ViewOptions& options)
      : out_(out), options_(options), limits_(limits_of(options)), naming_(true), palette_(options.color) {}

  void event(const Event& event, const World& world) override {
    Sentence sentence = describe(event, world, naming_, limits_);
    const Task* task = world.find(event.tid);
    if (sentence.words.empty() || task == nullptr) return;
    auto& lines = sections_[task->index];
    if (!lines.empty() && lines.back().sentence.words == sentence.words) {
      ++lines.back().times;
    } else {
      lines.push_back({std::move(sentence), 1});
    }
  }

  void end(const std::optional<RunEnd>& end, const World& world) override {
    std::vector<ProcessIndex> left{world.roots().rbegin(), world.roots().rend()};
    while (!left.empty()) {
      const Process& process = world[left.back()];
      left.pop_back();
      for (const TaskIndex task : process.tasks) section(world[task], world);
      left.insert(left.end(), process.children.rbegin(), process.children.rend());
    }
    if (!end) out_.write("the recording is cut off here\n");
  }

 private:
  struct Line {
    Sentence sentence;
    std::uint64_t times;
  };

  void section(const Task& task, const World& world) {
    const auto lines = sections_.find(task.index);
    if (lines == sections_.end()) return;
    const std::string head = fmt::format("{} {}", naming_.task(task, world), name_of(task));
    out_.write(palette_.paint(head, text::Style::task, task.process.value) + "\n");
    for (const Line& line : lines->second) {
      const std::string times = line.times > 1 ? fmt::format(" (×{})", text::count(line.times)) : "";
      out_.write(fmt::format("  {}\n", palette_.paint(text::wrap(line.sentence.words + times, 2, options_.width),
                                                      style_of(line.sentence.tone))));
    }
  }

  Writer& out_;
  ViewOptions options_;
  text::Limits limits_;
  Naming naming_;
  text::Palette palette_;
  std::map<TaskIndex, std::vector<Line>> sections_;
};

std::unique_ptr<View> make(Writer& out, const ViewOptions& options) {
  if (options.stable) return std::make_unique<StableTimeline>(out, options);
  return std::make_unique<Timeline>(out, options);
}

constexpr std::string_view suffixes[] = {".txt", ".log"};

}  // namespace

extern const ViewSpec timeline_view{"timeline", "what happened, one line an event, as it happens", make, suffixes};

}  // namespace kintrace::views
