// SPDX-License-Identifier: MIT
#include "kintrace/world.hpp"

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::world_from;

TEST_CASE("world: a fork makes a process with its creator's program until it execs") {
  const World world = world_from(R"(
      10 seen how=launched ppid=1 comm=sh argv=sh,-c,ls
      10 execed path=/bin/sh argv=sh,-c,ls comm=sh
      10 forked child=11 child_pid=11 how=fork
      11 execed path=/bin/ls argv=ls comm=ls
      10 forked child=12 child_pid=12 how=fork)");
  const Process& root = *world.find(Tgid{10});
  CHECK_FALSE(root.creator);
  CHECK(root.children_born == 2);
  CHECK(root.offspring.size() == 2);
  const Process& ls = *world.find(Tgid{11});
  CHECK(ls.parent == Tgid{10});
  CHECK(ls.path == "/bin/ls");
  CHECK(ls.execs == 1);
  CHECK(world.find(Tid{11})->comm == "ls");
  const Process& copy = *world.find(Tgid{12});
  CHECK(copy.argv == std::vector<Bytes>{"sh", "-c", "ls"});
  CHECK(copy.execs == 0);
  CHECK(copy.ordinal == 2);
  CHECK(world.live_processes() == 3);
}

TEST_CASE("world: names and argv are remembered after death") {
  const World world = world_from(R"(
      10 execed path=/bin/sh argv=sh comm=sh
      10 forked child=11 child_pid=11 how=fork
      11 execed path=/bin/ls argv=ls,-l comm=ls
      11 exited code=2 group=true utime_ns=5000 stime_ns=7000 maxrss=4096
      10 reaped child=11 code=2 syscall=wait4 zombie_ns=1000)");
  const Process& ls = *world.find(Tgid{11});
  CHECK(ls.comm == "ls");
  CHECK(ls.argv == std::vector<Bytes>{"ls", "-l"});
  REQUIRE(ls.exit);
  CHECK(ls.exit->code == 2);
  CHECK(ls.exit->maxrss == 4096);
  REQUIRE(ls.reaped);
  CHECK(ls.reaped->by == Tgid{10});
  CHECK(ls.reaped->zombie_ns == 1000);
  CHECK(ls.life.begin == 1'000'000);
  CHECK(ls.life.end == 3'000'000);
  CHECK(world.live_processes() == 1);
}

TEST_CASE("world: threads belong to their group, which lives as long as its leader's record") {
  const World world = world_from(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=10 how=thread
      11/10 forked child=12 child_pid=10 how=thread
      11/10 exited code=0
      10 exited code=0 group=true)");
  const Process& process = *world.find(Tgid{10});
  CHECK(process.tasks.size() == 3);
  CHECK(process.children_born == 0);
  CHECK(process.live_tasks == 1);  // 12 has no end: the recording does not say
  CHECK(world.find(Tid{12})->ordinal == 3);
  CHECK(process.exit->code == 0);
  CHECK(world.live_processes() == 0);
}

TEST_CASE("world: an exec by a thread gives it the leader's tid") {
  const World world = world_from(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=10 how=thread
      10 exited code=0 by=superseded
      10 execed path=/bin/echo argv=echo comm=echo from_tid=11
      10 exited code=0 group=true)");
  const Process& process = *world.find(Tgid{10});
  REQUIRE(process.tasks.size() == 2);
  const Task& leader = world[*process.tasks.begin()];
  const Task& caller = world[*process.tasks.rbegin()];
  CHECK(leader.exit->by == EndedBy::superseded);
  CHECK(caller.tid == Tid{10});
  CHECK(caller.comm == "echo");
  CHECK(world.find(Tid{10}) == &caller);
  CHECK(world.find(Tid{11}) == nullptr);
  CHECK(process.exit);
  CHECK(process.live_tasks == 0);
}

TEST_CASE("world: real parents follow reparenting and CLONE_PARENT") {
  const World world = world_from(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      11 forked child=12 child_pid=12 how=clone ppid=10
      11 forked child=13 child_pid=13 how=fork
      11 exited code=0 group=true
      13 reparented from=11 to=1)");
  CHECK(world.find(Tgid{12})->parent == Tgid{10});
  CHECK(world[*world.find(Tgid{12})->creator].pid == Tgid{11});
  CHECK(world.find(Tgid{13})->parent == Tgid{1});
  CHECK(world.find(Tgid{13})->adopters == std::vector<Tgid>{Tgid{1}});
}

TEST_CASE("world: a number that is used again is another task") {
  const World world = world_from(R"(
      10 execed path=/bin/x argv=x comm=x
      10 forked child=11 child_pid=11 how=fork
      11 exited code=1 group=true
      10 reaped child=11 code=1 syscall=wait4
      10 forked child=11 child_pid=11 how=fork)");
  CHECK(world.processes().size() == 3);
  CHECK_FALSE(world.find(Tgid{11})->exit);
  CHECK(world[ProcessIndex{1}].exit->code == 1);
  CHECK(world[ProcessIndex{1}].reaped);
}

TEST_CASE("world: a recording that was joined late or edited does not break it") {
  const World world = world_from(R"(
      77 exited code=0
      78 reaped child=99 code=0 syscall=wait4
      79 execed path=/bin/x argv=x comm=x from_tid=500
      80/81 exited code=0 group=true
      80/81 exited code=0 group=true)");
  CHECK(world.find(Tid{77})->exit);
  CHECK(world.find(Tgid{79})->path == "/bin/x");
}
