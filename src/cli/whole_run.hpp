// SPDX-License-Identifier: MIT
// The views that tell a run when it is over, and all of it. They are given it only then, with a world of their own, so
// that nothing of it stays in memory meanwhile: from the recording that is written anyhow, or else from lines put aside
// in a temporary file, once they are more than a few. Not here: what the views write to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "kintrace/error.hpp"
#include "kintrace/source.hpp"
#include "kintrace/view.hpp"
#include "kintrace/world.hpp"
#include "os/fd.hpp"
#include "recording/spool.hpp"

namespace kintrace::cli {

class WholeRun {
 public:
  // `view` lives as long as this; `name` is what an error message calls it.
  void add(View& view, std::string_view name);
  // `out` is a recording of this run, begun anew at `path`: a regular file need not be written twice.
  void use(const std::string& path, Output& out);

  // As the run goes.
  void begin(const RunHeader& header);
  void event(const Event& event);
  // The run is over, and all outputs have been flushed: gives it to the views, all but its end. If that cannot be, the
  // views are not to be shown; says why.
  std::optional<UserError> replay();
  // As the replay left it.
  const World& world() const { return world_; }

 private:
  class Feed;
  void keep();
  std::optional<UserError> feed();
  std::string missing() const;

  std::vector<View*> views_;
  std::vector<std::string> names_;
  World world_;
  std::uint64_t events_ = 0;
  // The recording.
  std::string path_;
  Output* recording_ = nullptr;
  os::Fd reading_;
  // Or what is put aside.
  std::string lines_;  // not yet in the file
  std::optional<recording::Spool> spool_;
  std::optional<UserError> failure_;  // of writing it
};

}  // namespace kintrace::cli
