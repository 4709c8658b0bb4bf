// SPDX-License-Identifier: MIT
// Where a source's events go: first to the world, then to every view that was asked for. The one place that joins them.
// Of a live run, the views that need all of it get it when it is over (whole_run.hpp).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/verdict.hpp"
#include "cli/whole_run.hpp"
#include "kintrace/source.hpp"
#include "kintrace/view.hpp"
#include "kintrace/world.hpp"

namespace kintrace::cli {

class Story final : public Sink {
 public:
  // Opens every output. Throws UserError.
  explicit Story(const Options& options);
  void begin(const RunHeader& header) override;
  void event(const Event& event) override;
  void settle() override;
  void end(const RunEnd& end) override;
  // After the source has returned: the last words of the views, and whatever went wrong with the outputs.
  std::optional<UserError> conclude();
  // After it: what the exit status is to be instead of the program's own, or 0. 124: the time was over; what
  // --error-exitcode asks for: there was an error among the findings.
  int status();

  const World& world() const { return world_; }
  std::vector<pid_t> readers() const;
  // Whether anything shows how much memory processes used (ViewSpec::tells_memory).
  bool tells_memory() const { return tells_memory_; }
  bool uses_stdout() const { return uses_stdout_; }
  // A remark of kintrace's own, on a line of its own; not with -q.
  void remark(const std::string& text);

 private:
  struct Shown {
    std::unique_ptr<View> view;
    Output* out;
    bool at_end;  // it belongs to whole_
  };
  void close_views(const std::optional<UserError>& missing);
  void show(const std::string& name, Output& out, const Options& options);
  void remark_on_root_end(const Event& event);

  World world_;
  std::vector<std::unique_ptr<Output>> outputs_;
  std::vector<Shown> shown_;
  WholeRun whole_;
  Output* terminal_ = nullptr;
  std::optional<RunEnd> end_;
  std::optional<Tgid> root_;
  bool begun_ = false;
  bool live_;
  bool quiet_;
  std::string how_to_stop_;  // watching
  std::optional<int> error_exitcode_;
  std::optional<Verdict> verdict_;
  bool uses_stdout_ = false;
  bool tells_memory_ = false;
};

}  // namespace kintrace::cli
