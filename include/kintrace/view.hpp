// SPDX-License-Identifier: MIT
// How a person or a program sees a run. A view is told every event after the world has understood it, and writes text
// to its Writer. One file per view, one line in src/views/registry.cpp.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "kintrace/choice.hpp"
#include "kintrace/event.hpp"
#include "kintrace/world.hpp"

namespace kintrace {

// Where a view writes. What becomes of the bytes (a terminal, a file, a full disk) is not the view's business.
class Writer {
 public:
  virtual void write(std::string_view bytes) = 0;

 protected:
  ~Writer() = default;
};

enum class Clock { since_start, of_day, of_day_us, epoch_us, delta };  // default, -t, -tt, -ttt, -r

struct ViewOptions {
  bool stable = false;  // no clock, no durations, tasks named by descent
  bool color = false;
  std::optional<int> width;  // columns of the terminal; nothing: as wide as it takes
  Clock clock = Clock::since_start;
  std::optional<std::size_t> string_limit;  // -s: at most so many bytes of each string
  bool verbose = false;                     // -v: nothing is left out, folded or shortened
  bool call_times = false;                  // -T: the time spent in every call
  Choice choice;                            // -e, -z, -Z: what to show
};

class View {
 public:
  virtual ~View() = default;
  virtual void begin(const RunHeader&) {}
  virtual void event(const Event&, const World&) {}
  // The run is over. `end` is absent when a recording was cut short.
  virtual void end(const std::optional<RunEnd>& end, const World& world) = 0;
};

struct ViewSpec {
  std::string_view name;
  std::string_view summary;  // one line for --view list and the help
  std::unique_ptr<View> (*make)(Writer& out, const ViewOptions& options);
  std::span<const std::string_view> suffixes = {};  // of file names that mean this view
  // Whether it writes nothing before the end and needs the whole run then. It is given the run when that is over: what
  // it keeps, it does not keep while the program runs.
  bool (*at_end)(const ViewOptions& options) = [](const ViewOptions&) { return false; };
  // Whether it shows Exited::maxrss, which takes time to learn.
  bool tells_memory = true;
};

}  // namespace kintrace
