// SPDX-License-Identifier: MIT
#include "cli/whole_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "recording/encode.hpp"
#include "recording/reader.hpp"
#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::cli {
namespace {

// Runs of up to some 2,000 events need no file.
constexpr std::size_t in_memory = 1U << 18U;

}  // namespace

class WholeRun::Feed final : public Sink {
 public:
  explicit Feed(WholeRun& whole) : whole_(whole) {}
  void begin(const RunHeader& header) override {
    for (View* view : whole_.views_) view->begin(header);
  }
  void event(const Event& event) override {
    whole_.world_.apply(event);
    for (View* view : whole_.views_) view->event(event, whole_.world_);
    ++events;
  }
  void settle() override {}
  void end(const RunEnd& /*end*/) override {}
  std::uint64_t events = 0;

 private:
  WholeRun& whole_;
};

void WholeRun::add(View& view, std::string_view name) {
  views_.push_back(&view);
  if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.emplace_back(name);
}

// Opened now: whatever the program does to the name, this is what we wrote.
void WholeRun::use(const std::string& path, Output& out) {
  if (recording_ != nullptr || !out.is_file()) return;
  auto reading = os::open(path, O_RDONLY | O_NONBLOCK);
  if (!reading || !out.is_same_file(reading->get())) return;
  path_ = path;
  recording_ = &out;
  reading_ = std::move(*reading);
}

void WholeRun::begin(const RunHeader& header) {
  if (views_.empty() || recording_ != nullptr) return;
  recording::append_line(lines_, header);
}

void WholeRun::event(const Event& event) {
  if (views_.empty()) return;
  ++events_;
  if (recording_ != nullptr || failure_) return;
  recording::append_line(lines_, event);
  if (lines_.size() >= in_memory) keep();
}

void WholeRun::keep() {
  Result<void> kept;
  if (!spool_) {
    auto made = recording::Spool::make();
    if (made) {
      spool_.emplace(std::move(*made));
    } else {
      kept = made.error();
    }
  }
  const std::string directory = spool_ ? spool_->directory() : recording::spool_directory();
  if (kept) kept = spool_->append(lines_);
  lines_.clear();
  if (kept) return;
  failure_.emplace(fmt::format("{}: a temporary file in {} could not be written: {}", missing(),
                               text::shell_word(directory), text::errno_text(kept.error().error())),
                   "TMPDIR may name a directory with more room; with -o FILE.jsonl no temporary file is needed");
  spool_.reset();  // its space may be missed elsewhere
}

std::optional<UserError> WholeRun::replay() {
  if (views_.empty()) return {};
  if (failure_) return failure_;
  if (recording_ != nullptr && recording_->failed())
    return UserError(fmt::format("{}: {} could not be written", missing(), text::shell_word(path_)));
  try {
    return feed();
  } catch (const UserError& error) {
    return UserError(fmt::format("{}: {}", missing(), error.what()));
  }
}

std::optional<UserError> WholeRun::feed() {
  Feed feed(*this);
  std::size_t given = 0;  // of lines_
  const auto read = [&](char* into, std::size_t most) {
    if (spool_) {
      const auto got = spool_->read(into, most);
      if (!got) throw UserError("cannot read the temporary file: " + text::errno_text(got.error().error()));
      if (*got != 0) return *got;
    }
    const std::size_t rest = std::min(most, lines_.size() - given);
    std::memcpy(into, lines_.data() + given, rest);
    given += rest;
    return rest;
  };
  recording::tell(recording_ != nullptr ? recording::from_descriptor(reading_.get()) : read,
                  recording_ != nullptr ? path_ : "the temporary file", feed);
  if (feed.events == events_) return {};
  return UserError(fmt::format("{}: {} was changed by somebody else", missing(), text::shell_word(path_)));
}

// "the tree and the summary are missing"
std::string WholeRun::missing() const {
  return fmt::format("the {} {} missing", fmt::join(names_, " and the "), names_.size() == 1 ? "is" : "are");
}

}  // namespace kintrace::cli
