// SPDX-License-Identifier: MIT
// Launching a program under trace. As three processes (docs/architecture.md, "Three processes"): the face, which the
// shell started and which is the program's parent; the tracer, in a process group of its own; and the program. Or, with
// -D, as two: the program is what the shell started, and the tracer is nobody's child.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "kintrace/source.hpp"
#include "os/fd.hpp"
#include "os/program.hpp"
#include "sources/engine.hpp"

namespace kintrace::sources {

struct LaunchPlan {
  os::Program program;
  bool keep_stdout = false;    // kintrace itself writes there
  std::vector<pid_t> helpers;  // children of this process that read our output: the face waits for them at its end
};

// The tracer's side of a launched program.
class Launched : public Source {
 public:
  // After run: whether there are still tasks that cannot do without a tracer.
  virtual bool must_stay() const = 0;
  // When all has been told and written; `status` is what this process is to end with. If it must stay, whoever waits
  // for it is told that, the standard descriptors are let go of, and this returns when the last of those tasks has
  // ended.
  virtual void stay(int status) = 0;
  struct Figures {
    std::int64_t stops = 0, events = 0;
    std::int64_t spilled = 0;  // events that EventQueue put aside
  };
  virtual Figures figures() const = 0;  // of the watch
};

// Forks. Returns in the tracer process only, before the program has been started: run the source, and let its end be
// the process's. Status 0 there means "as the program ended"; any other overrides it. The calling process becomes the
// face and never returns from here. Throws UserError where fork(2) fails.
std::unique_ptr<Launched> launch(const LaunchPlan& plan, EngineOptions options);

// Where the tracer lives that has no face above it.
enum class Aside { own_group, own_session };

// The tracer after step_aside, and what it knows of the program that waits for it.
struct SteppedAside {
  os::Fd gate;
  pid_t parent = 0;  // the program's
};

// -D. Forks twice and returns in the grandchild only, which is the tracer to be: it must open its own outputs, as the
// program must not have them, and then call launch_aside. The calling process waits to be traced, becomes the program,
// and has no child: the grandchild's parent has ended. If the tracer ends before it launches, so does the calling
// process, with 125. Throws UserError where fork(2) fails, and where we are the init of a pid namespace, which would be
// given every orphan, the tracer too.
SteppedAside step_aside(const os::Program& program, Aside aside);
// As launch, after step_aside.
std::unique_ptr<Launched> launch_aside(SteppedAside aside, const LaunchPlan& plan, EngineOptions options);

}  // namespace kintrace::sources
