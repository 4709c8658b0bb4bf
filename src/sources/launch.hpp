// SPDX-License-Identifier: MIT
// Launching a program under trace, as three processes (docs/architecture.md, "Three processes"): the face, which the
// shell started and which is the program's parent; the tracer, in a process group of its own; and the program.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "kintrace/source.hpp"
#include "sources/engine.hpp"

namespace kintrace::sources {

struct LaunchPlan {
  std::vector<std::string> argv;  // the program and its arguments, looked up as execvp(3) does
  bool keep_stdout = false;       // kintrace itself writes there
  std::vector<pid_t> helpers;     // children of this process that read our output: the face waits for them at its end
};

// Forks. Returns in the tracer process only, before the program has been started: run the source, and let its end be
// the process's. Status 0 there means "as the program ended"; any other overrides it. The calling process becomes the
// face and never returns from here. Throws UserError where fork(2) fails.
std::unique_ptr<Source> launch(const LaunchPlan& plan, EngineOptions options);

}  // namespace kintrace::sources
