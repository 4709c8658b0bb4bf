// SPDX-License-Identifier: MIT
// What events do to the lanes, seen in the timeline's first columns.
#include "views/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;

namespace {

// The lanes alone, of every event.
std::string lanes_of(std::string_view lines, std::size_t most = 12) {
  views::Graph graph(most);
  World world;
  std::string out = "\n";
  for (const Event& event : test::read(test::recording_of(lines)).events) {
    world.apply(event);
    std::string line;
    for (const auto& cell : graph.draw(event, world)) line += cell.glyph;
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  std::string rest;
  for (const auto& cell : graph.between()) rest += cell.glyph;
  return out + rest.substr(0, rest.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

TEST_CASE("graph: a zombie whose parent ends goes to the traced heir, or out of sight") {
  CHECK(lanes_of(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      11 forked child=12 child_pid=12 how=fork
      12 exited code=0 group=true
      11 exited code=0 group=true children_to=10
      10 reaped child=11 code=0 syscall=wait4 zombie_ns=1
      10 exited code=0 group=true)") == R"(
●
├─╮
│ ├─╮
│ │ ✖
│ ✖ ┊
├─╯ ┊
✖   ┊

)");
  CHECK(lanes_of(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      11 forked child=12 child_pid=12 how=fork
      12 exited code=0 group=true
      11 exited code=0 group=true
      10 stopped signal=SIGSTOP)") == R"(
●
├─╮
│ ├─╮
│ │ ✖
│ ✖ ┊
├ ┊
│ ┊
)");
}

TEST_CASE("graph: an orphan that init reaps ends at its end") {
  CHECK(lanes_of(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      11 forked child=12 child_pid=12 how=fork
      11 exited code=0 group=true children_to=1
      12 reparented from=11 to=1
      10 reaped child=11 code=0 syscall=wait4 zombie_ns=1
      12 exited code=0 group=true
      10 exited code=0 group=true)") == R"(
●
├─╮
│ ├─╮
│ ✖ │
│ ┊ ├
├─╯ │
│   ✖
✖

)");
}

TEST_CASE("graph: what the kernel reaps has no zombie for long") {
  CHECK(lanes_of(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      11 exited code=0 group=true
      10 reaped child=11 code=0 auto=true)") == R"(
●
├─╮
│ ✖
├─╯
│
)");
}

TEST_CASE("graph: threads leave no zombies, but a leader that ends first waits for them") {
  CHECK(lanes_of(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      11 forked child=12 child_pid=11 how=thread
      11 forked child=13 child_pid=11 how=thread
      12/11 exited code=0
      11 exited code=0
      13/11 exited code=3 group=true
      10 reaped child=11 code=3 syscall=wait4 zombie_ns=1)") == R"(
●
├─╮
│ ├─╮
│ ├─┼─╮
│ │ ✖ │
│ ✖   │
│ ┊   ✖
├─╯
│
)");
}

TEST_CASE("graph: an exec by a thread goes on in that thread's lane") {
  const char* leader_lives = R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=10 how=thread
      10 forked child=12 child_pid=10 how=thread
      11/10 exited code=0 by=exec
      10 exited code=0 by=superseded
      10 execed path=/bin/y argv=y comm=y from_tid=12
      10 exited code=0 group=true)";
  CHECK(lanes_of(leader_lives) == R"(
●
├─╮
├─┼─╮
│ ✖ │
✖   │
    ●
    ✖

)");
  CHECK(lanes_of(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=10 how=thread
      10 exited code=0
      10 execed path=/bin/y argv=y comm=y from_tid=11)") == R"(
●
├─╮
✖ │
┊ ●
  │
)");
}

TEST_CASE("graph: who is not followed has no lane") {
  CHECK(lanes_of(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=clone untraced=true
      10 reaped child=11 code=0 syscall=wait4 zombie_ns=1
      10 forked child=12 child_pid=12 how=fork
      12 forked child=13 child_pid=13 how=fork
      12 detached why=-b
      13 exited code=0 group=true
      10 exited code=0 group=true)") == R"(
●
├
├
├─╮
│ ├─╮
│ ○ │
│   ✖
✖

)");
}

TEST_CASE("graph: a task that nobody announced begins where it is first heard of") {
  CHECK(lanes_of(R"(
      10 wait_failed syscall=wait4 err=ECHILD
      11 forked child=12 child_pid=12 how=fork
      99 exited code=0 group=true
      12 seen how=adopted ppid=1 comm=x)") == R"(
├
│ ├─╮
│ │ │ ✖
│ │ ●
│ │ │
)");
}

TEST_CASE("graph: any number of tasks costs the lanes that there are") {
  std::string lines = "10 execed path=/bin/sh argv=sh comm=sh\n";
  for (int pid = 11; pid < 2011; ++pid) lines += fmt::format("10 forked child={0} child_pid={0} how=fork\n", pid);
  for (int pid = 11; pid < 2011; ++pid) lines += fmt::format("{} exited code=0 group=true\n", pid);
  std::istringstream drawn(lanes_of(lines, 6));
  for (std::string line; std::getline(drawn, line);) CHECK(std::count(line.begin(), line.end(), ' ') <= 14);
}

TEST_CASE("graph: an arrow from each writer whose bytes were read, and none from who is not known") {
  CHECK(lanes_of(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      10 forked child=12 child_pid=12 how=fork
      11 received obj=pipe#1 fd=3 bytes=1 from=1:1:10 syscall=read
      10 received obj=pipe#2 fd=3 bytes=2 from=1:1:11,1:1:12 syscall=read
      12 received obj=pipe#2 fd=3 bytes=2 from=1:2:99 syscall=read
      12 received obj=pipe#2 fd=3 bytes=2 syscall=read)") == R"(
●
├─╮
├─┼─╮
├─▶ │
◀─┤─┤
│ │ ├
│ │ ├
│ │ │
)");
}

TEST_CASE("graph: a connection comes from its connector, where it is known who that is") {
  const std::string connected = R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      11 object obj=unix#2 kind=unix
      11 fd_opened fd=3 obj=unix#2 end=both how=socket
      11 connected obj=unix#2 fd=3 addr=unix peer=unix#3
)";
  const std::string accepted = "10 accepted obj=unix#3 fd=7 listener=unix#1 peer=unix#2\n";
  const auto last_of = [](const std::string& lanes) {
    const std::size_t end = lanes.rfind('\n', lanes.size() - 2);
    const std::size_t begin = lanes.rfind('\n', end - 1) + 1;
    return lanes.substr(begin, end - begin);
  };
  CHECK(last_of(lanes_of(connected + accepted)) == "◀─┤");
  CHECK(last_of(lanes_of(connected + "11 forked child=12 child_pid=12 how=fork\n" + accepted)) == "├ │ │");
}
