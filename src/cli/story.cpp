// SPDX-License-Identifier: MIT
#include "cli/story.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "analysis/registry.hpp"
#include "text/columns.hpp"
#include "text/escape.hpp"
#include "text/units.hpp"
#include "views/registry.hpp"
#include "views/words.hpp"

namespace kintrace::cli {
namespace {

bool wants_color(const Options& options, const Output& out) {
  if (options.color != ColorWhen::automatic) return options.color == ColorWhen::always;
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): before any thread
  const char* term = std::getenv("TERM");          // NOLINT(concurrency-mt-unsafe)
  if (no_color != nullptr && *no_color != '\0') return false;
  return out.is_terminal() && (term == nullptr || std::strcmp(term, "dumb") != 0);
}

// One after the other, as if each were told by itself.
UserError joined(const std::optional<UserError>& first, const UserError& second) {
  if (!first) return second;
  const std::string hint = first->hint().empty() ? "" : fmt::format("          {}\n", first->hint());
  return UserError(fmt::format("{}\n{}kintrace: {}", first->what(), hint, second.what()), second.hint());
}

UserError events_lost(const RunEnd& end) {
  return UserError(
      fmt::format("{} lost: they came faster than they were shown, and {}",
                  end.lost == 1 ? "1 event was" : text::count(static_cast<std::uint64_t>(end.lost)) + " events were",
                  *end.lost_why),
      "TMPDIR may name a directory with more room");
}

}  // namespace

Story::Story(const Options& options)
    : live_(!options.read), quiet_(options.quiet > 0), error_exitcode_(options.error_exitcode) {
  if (error_exitcode_) verdict_.emplace(analysis::registry());
  for (const OutputRequest& request : options.outputs) {
    uses_stdout_ |= request.target == "-";
    outputs_.push_back(open_output(request.target, options.writing));
    for (const std::string& view : request.views) show(view, *outputs_.back(), options);
    const bool is_recording = request.views == std::vector<std::string>{"jsonl"};
    if (is_recording && options.writing == Writing::anew) whole_.use(request.target, *outputs_.back());
  }
  // A recording is read for its views: they are the output. A live program has standard output to itself.
  outputs_.push_back(standard_output(live_ ? STDERR_FILENO : STDOUT_FILENO));
  terminal_ = outputs_.back().get();
  for (const std::string& view : options.terminal_views) show(view, *terminal_, options);
  if (options.place != TracerPlace::under_face) {
    how_to_stop_ = fmt::format("; kill {} stops watching", ::getpid());
  } else if (terminal_->is_terminal()) {
    how_to_stop_ = "; ^C stops watching";
  }
}

void Story::show(const std::string& name, Output& out, const Options& options) {
  ViewOptions view_options;
  view_options.stable = options.stable;
  view_options.color = wants_color(options, out);
  view_options.width = out.columns();
  view_options.clock = options.clock;
  view_options.string_limit = options.string_limit;
  view_options.verbose = options.verbose;
  view_options.call_times = options.call_times;
  view_options.choice = options.choice;
  const ViewSpec& spec = *views::find(name);
  const bool at_end = live_ && spec.at_end(view_options);
  tells_memory_ = tells_memory_ || spec.tells_memory;
  shown_.push_back({spec.make(out, view_options), &out, at_end});
  if (at_end) whole_.add(*shown_.back().view, name);
}

void Story::begin(const RunHeader& header) {
  begun_ = true;
  root_ = header.root;
  whole_.begin(header);
  for (const Shown& shown : shown_) {
    if (!shown.at_end) shown.view->begin(header);
  }
}

void Story::event(const Event& event) {
  world_.apply(event);
  whole_.event(event);
  for (const Shown& shown : shown_) {
    if (!shown.at_end) shown.view->event(event, world_);
  }
  if (verdict_) verdict_->event(event, world_);
  if (live_ && !quiet_) remark_on_root_end(event);
}

void Story::settle() {
  for (const auto& output : outputs_) output->flush();
}

void Story::end(const RunEnd& end) {
  end_ = end;
  if (live_ && end.why == "timeout") remark("the time of --timeout was up: all that was followed has been ended");
}

std::optional<UserError> Story::conclude() {
  std::optional<UserError> missing;
  if (begun_) {  // else nothing was ever traced
    settle();
    missing = whole_.replay();
    close_views(missing);
  }
  std::optional<UserError> error;
  for (const auto& output : outputs_) {
    output->close();
    if (output.get() != terminal_ && !error) error = output->error();
  }
  if (live_ && end_ && end_->lost_why) error = joined(error, events_lost(*end_));
  return missing ? joined(error, *missing) : error;
}

void Story::close_views(const std::optional<UserError>& missing) {
  const Shown* before = nullptr;
  for (const Shown& shown : shown_) {
    if (shown.at_end && missing) continue;
    if (before != nullptr && before->out == shown.out) shown.out->separate();
    shown.view->end(end_, shown.at_end ? whole_.world() : world_);
    before = &shown;
  }
}

int Story::status() {
  constexpr int timed_out = 124;  // as timeout(1)
  if (end_ && end_->why == "timeout" && live_) return timed_out;
  if (verdict_ && verdict_->count(Severity::error, world_) > 0) return *error_exitcode_;
  return 0;
}

std::vector<pid_t> Story::readers() const {
  std::vector<pid_t> pids;
  for (const auto& output : outputs_) {
    if (output->reader() != 0) pids.push_back(output->reader());
  }
  return pids;
}

void Story::remark(const std::string& text) {
  if (quiet_) return;
  constexpr std::size_t indent = 10;  // of "kintrace: "
  terminal_->write("kintrace: " + text::wrap(text, indent, terminal_->columns()) + "\n");
  terminal_->flush();
}

void Story::remark_on_root_end(const Event& event) {
  const auto* exited = std::get_if<Exited>(&event.fact);
  if (exited == nullptr || !exited->group || event.pid != root_ || world_.live_processes() == 0) return;
  const auto& all = world_.processes();
  const auto other = std::find_if(all.begin(), all.end(), [](const Process& process) { return !process.exit; });
  if (other == all.end()) return;
  const std::uint32_t more = world_.live_processes() - 1;
  remark(fmt::format("the program ended ({}); still following {} {}{}{}",
                     views::ending_words(exited->code, exited->signal, exited->core), text::printable(other->comm),
                     other->pid.value, more == 0 ? "" : fmt::format(" and {} more", text::count(more)), how_to_stop_));
}

}  // namespace kintrace::cli
