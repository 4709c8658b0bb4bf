// SPDX-License-Identifier: MIT
// Where events come from (a launched program, a recording) and where they go. A source calls begin once, event in the
// order in which it learned of things, and end once, unless what it reads was cut short.
#pragma once

#include "kintrace/event.hpp"

namespace kintrace {

class Sink {
 public:
  virtual void begin(const RunHeader& header) = 0;
  virtual void event(const Event& event) = 0;
  // Everything that was ready has been given: a good moment to show it. May be called at any time after begin.
  virtual void settle() = 0;
  virtual void end(const RunEnd& end) = 0;

 protected:
  ~Sink() = default;
};

class Source {
 public:
  virtual ~Source() = default;
  // Tells everything to `sink`, in the calling thread. Throws UserError where the user can act.
  virtual void run(Sink& sink) = 0;
};

}  // namespace kintrace
