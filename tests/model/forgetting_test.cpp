// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <set>

#include "kintrace/world.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;

namespace {

constexpr int many = 3000;  // more than are remembered

std::string lives(int from, int number, const char* reaped) {
  std::string lines;
  for (int pid = from; pid < from + number; ++pid) {
    lines += fmt::format("10 forked child={0} child_pid={0} how=fork\n{0} exited code=0 group=true\n", pid);
    if (*reaped != '\0') lines += fmt::format("{} reaped child={} code=0 syscall=wait4\n", reaped, pid);
  }
  return lines;
}

// Who was announced as leaving, in all.
std::multiset<std::uint32_t> left(World& world, const std::string& lines) {
  std::multiset<std::uint32_t> all;
  for (const Event& event : test::read(test::recording_of(lines)).events) {
    world.apply(event);
    for (const ProcessIndex process : world.leaving()) {
      CHECK(world[process].leaving);
      all.insert(process.value);
    }
  }
  return all;
}

}  // namespace

TEST_CASE("forgetting: those who were reaped go in the order of their ends, once each, and numbers go on") {
  World world;
  const auto gone = left(world, lives(100, many, "10") + "10 forked child=9 child_pid=9 how=fork\n");
  CHECK(gone.size() > 1000);
  CHECK(gone.size() < many);
  CHECK(std::set<std::uint32_t>(gone.begin(), gone.end()).size() == gone.size());
  CHECK(*gone.rbegin() == gone.size());  // 0 is the root
  CHECK(world.find(Tgid{100}) == nullptr);
  CHECK(world.find(Tid{100}) == nullptr);
  CHECK(world.find(Tgid{100 + many - 1}) != nullptr);
  CHECK(world.find(Tgid{9})->ordinal == many + 1);
  CHECK(world.find(Tgid{9})->index == ProcessIndex{many + 1});
  CHECK(world.find(Tgid{10})->offspring.size() == 1);
  CHECK(world.find(Tgid{10})->zombies.empty());
  CHECK(world[ProcessIndex{1}].tasks.empty());  // nothing is known of it
}

TEST_CASE("forgetting: zombies stay while somebody may reap them, and go with their parent") {
  const std::string run = lives(100, many, "");
  World world;
  CHECK(left(world, run).empty());
  CHECK(world.find(Tgid{10})->zombies.size() == many);
  World orphaned;
  CHECK(left(orphaned, run + "10 exited code=0 group=true\n1 signal_sent signal=SIGHUP target=2\n").size() > 1000);
}

TEST_CASE("forgetting: zombies that are given to somebody who is followed stay until he reaps them") {
  std::string run = "5 forked child=10 child_pid=10 how=fork\n" + lives(100, many, "") +
                    "10 exited code=0 group=true\n5 reaped child=10 code=0 syscall=wait4\n";
  for (int pid = 100; pid < 100 + many; ++pid) run += fmt::format("{} reparented from=10 to=5\n", pid);
  World world;
  CHECK(left(world, run + lives(10000, 10, "5")).empty());
  CHECK(world.find(Tgid{5})->zombies.size() == many);
}

TEST_CASE("forgetting: a zombie whose number is used again was reaped") {
  const World world = test::world_from(lives(100, 1, "") + "10 forked child=100 child_pid=100 how=fork\n");
  CHECK(world.find(Tgid{10})->zombies.empty());
  CHECK(world.find(Tgid{10})->offspring.size() == 1);
}

TEST_CASE("forgetting: threads that ended, but neither the first task nor those that live") {
  std::string lines = "10 execed path=/bin/x argv=x comm=x\n10 forked child=9 child_pid=10 how=thread\n";
  for (int tid = 100; tid < 100 + many; ++tid)
    lines += fmt::format("10 forked child={0} child_pid=10 how=thread\n{0}/10 exited code=0\n", tid);
  const World world = test::world_from(lines + "10 exited code=0\n");
  const Process& process = *world.find(Tgid{10});
  CHECK(process.tasks.size() < 1100);
  CHECK(world[*process.tasks.begin()].tid == Tid{10});
  CHECK(world.find(Tid{9})->ordinal == 2);
  CHECK(world.find(Tid{100}) == nullptr);
  CHECK(process.tasks_born == many + 2);
  CHECK(process.live_tasks == 1);
}

TEST_CASE("forgetting: what comes late of the forgotten does no harm") {
  const std::string late = R"(
      100 exited code=0 group=true
      10 reaped child=101 code=0 syscall=wait4
      102 reparented from=10 to=1
      103/104 exited code=0
      105 execed path=/bin/x argv=x comm=x from_tid=106
      10 signal_delivered signal=SIGCHLD from=107)";
  const World world = test::world_from(lives(100, many, "10") + late);
  CHECK(world.find(Tgid{100})->exit);
  CHECK(world.find(Tgid{101}) == nullptr);
  for (const auto* view : {"tree", "summary", "findings", "timeline"})
    CHECK_FALSE(test::view_of(view, lives(100, many, "10") + "10 exec_failed path=/x argv=x err=ENOENT\n" + late +
                                        "\n10 exited code=0 group=true\n")
                    .empty());
}

TEST_CASE("forgetting: a daemon that goes on in its child leaves no trace but its place") {
  std::string lines;
  for (int pid = 100; pid < 100 + many; ++pid)
    lines += fmt::format(
        "{0} forked child={1} child_pid={1} how=fork\n{0} exited code=0 group=true\n{1} reparented from={0} to=1\n",
        pid, pid + 1);
  const World world = test::world_from(lines);
  CHECK(world.processes().size() < 1100);
  const auto steps = world.find(Tgid{100 + many})->descent.steps();
  REQUIRE(steps.size() == 1);
  CHECK(steps[0].times == many + 1);
}
