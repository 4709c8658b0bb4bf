// SPDX-License-Identifier: MIT
// The process that the shell started. It traces nothing and prints nothing while all is well: it is the program's
// parent, is stopped by the tracer while the program is stopped, passes on what was meant for the program, and at last
// ends as the program did.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <vector>

#include "os/fd.hpp"

namespace kintrace::sources {

struct Face {
  pid_t program = 0;
  pid_t tracer = 0;
  // The tracer writes its exit status there when it has told all, but cannot end yet: an int.
  os::Fd verdict;
  bool filtered = false;  // the program cannot do without the tracer
  std::vector<pid_t> helpers;
  sigset_t mask{};  // to be restored once its handlers stand
};

[[noreturn]] void be_the_face(const Face& face);

}  // namespace kintrace::sources
