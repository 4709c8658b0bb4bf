// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "kintrace/world.hpp"
#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::world_from;

namespace {

constexpr ObjectId pipe_of(std::uint32_t number) { return {ObjectKind::pipe, number}; }

const std::string piped = R"(
    10 execed path=/bin/sh argv=sh comm=sh
    10 object obj=pipe#1 kind=pipe inode=77
    10 fd_opened fd=3 obj=pipe#1 end=read how=pipe
    10 fd_opened fd=4 obj=pipe#1 end=write how=pipe
)";

std::vector<int> pids(const World& world, ObjectId obj, End end) {
  std::vector<int> found;
  for (const ProcessIndex process : world.holders(obj, end)) found.push_back(world[process].pid.value);
  return found;
}

int pid(const World& world, const std::optional<ProcessIndex>& process) {
  return process ? world[*process].pid.value : 0;
}

using Pids = std::vector<int>;

}  // namespace

TEST_CASE("objects: a shell's pipeline, from pipe(2) to the last end") {
  const std::string running = piped + R"(
      10 forked child=11 child_pid=11 how=fork
      11 fd_duplicated fd=4 to=1 obj=pipe#1 end=write syscall=dup2
      11 fd_closed fd=3 obj=pipe#1 end=read how=close
      11 fd_closed fd=4 obj=pipe#1 end=write how=close
      10 fd_closed fd=4 obj=pipe#1 end=write how=close
      10 forked child=12 child_pid=12 how=fork
      10 fd_closed fd=3 obj=pipe#1 end=read how=close)";
  const World world = world_from(running);
  CHECK(pids(world, pipe_of(1), End::write) == Pids{11});
  CHECK(pids(world, pipe_of(1), End::read) == Pids{12});
  CHECK(pids(world, pipe_of(1), End::both) == Pids{11, 12});
  CHECK(*world.descriptor(*world.find(Tid{11}), 1) == Holders::Held{pipe_of(1), End::write});
  CHECK(world.descriptor(*world.find(Tid{11}), 4) == nullptr);
  const Object& object = *world.find(pipe_of(1));
  CHECK(object.maker == world.find(Tgid{10})->descent);
  CHECK(object.ordinal == 1);
  CHECK(object.life.begin == 1'000'000);
  CHECK_FALSE(object.life.end);
  CHECK_FALSE(object.last_writer);

  const World over = world_from(running + R"(
      11 sent obj=pipe#1 fd=1 bytes=5 data=hello syscall=write
      11 fd_closed fd=1 obj=pipe#1 end=write how=exit last=true
      11 exited code=0 group=true
      12 received obj=pipe#1 fd=3 bytes=2 data=he from=12:2:11 syscall=read
      12 received obj=pipe#1 fd=3 bytes=3 peeked=true syscall=tee
      12 received obj=pipe#1 fd=3 bytes=3 from=12:3:11 syscall=read
      12 received obj=pipe#1 fd=3 bytes=0 eof=true eof_by=11 syscall=read
      12 exited code=0 group=true)");
  const Object& gone = *over.find(pipe_of(1));
  CHECK(pid(over, gone.last_writer) == 11);
  CHECK(pid(over, gone.last_reader) == 12);
  CHECK(gone.life.end == 18'000'000);
  CHECK((gone.writes == 1 && gone.bytes_written == 5));
  CHECK((gone.reads == 2 && gone.bytes_read == 5));
  CHECK(over.holders(pipe_of(1), End::both).empty());
}

TEST_CASE("objects: what an end closes for good is there at its exited, and not after it") {
  const auto run = test::read(test::recording_of(piped + R"(
      10 forked child=11 child_pid=11 how=fork
      10 fd_closed fd=4 obj=pipe#1 end=write how=close
      11 fd_closed fd=4 obj=pipe#1 end=write how=exit last=true left=3
      11 exited signal=SIGKILL group=true
      10 reaped child=11 signal=SIGKILL syscall=wait4)"));
  World world;
  for (const Event& event : run.events) {
    world.apply(event);
    const Process* const child = world.find(Tgid{11});
    if (child == nullptr) continue;
    const auto& closed = world.closed_by_end(*child);
    if (std::holds_alternative<Exited>(event.fact)) {
      REQUIRE(closed.size() == 1);
      CHECK((closed[0].fd == 4 && closed[0].obj == pipe_of(1) && closed[0].end == End::write && closed[0].left == 3));
    } else if (!std::holds_alternative<FdClosed>(event.fact)) {
      CHECK(closed.empty());
    }
  }
}

TEST_CASE("objects: an end tells what it closed even where the recording does not") {
  const World world = world_from(piped + "10 exited code=0 group=true\n");
  const auto& closed = world.closed_by_end(*world.find(Tgid{10}));
  REQUIRE(closed.size() == 2);
  CHECK((closed[0].fd == 3 && closed[0].last && closed[0].how == ClosedHow::exit));
  CHECK(world.find(pipe_of(1))->life.end == 4'000'000);
}

TEST_CASE("objects: threads share descriptors, and unshare them by unshare(2) and exec") {
  const std::string threads = piped + "10 forked child=11 child_pid=10 how=thread flags=CLONE_VM,CLONE_FILES\n";
  const World shared = world_from(threads + "11/10 fd_closed fd=4 obj=pipe#1 end=write how=close last=true\n");
  CHECK(shared.descriptor(*shared.find(Tid{10}), 4) == nullptr);
  CHECK(pids(shared, pipe_of(1), End::read) == Pids{10});
  for (const char* what :
       {"unshared value=CLONE_FS,\\x20CLONE_FILES", "namespace value=CLONE_NEWNS,\\x20CLONE_FILES"}) {
    const World apart = world_from(threads + fmt::format("11/10 set what={}\n", what) +
                                   "11/10 fd_closed fd=4 obj=pipe#1 end=write how=close\n");
    CHECK(apart.descriptor(*apart.find(Tid{10}), 4) != nullptr);
    CHECK(apart.descriptor(*apart.find(Tid{11}), 4) == nullptr);
    CHECK_FALSE(apart.find(pipe_of(1))->last_writer);
  }
  const World still = world_from(threads + "11/10 set what=unshared value=CLONE_FS\n" +
                                 "11/10 fd_closed fd=4 obj=pipe#1 end=write how=close\n");
  CHECK(still.descriptor(*still.find(Tid{10}), 4) == nullptr);
  // A process that shares them, until it execs.
  const World execed = world_from(piped + R"(
      10 forked child=11 child_pid=11 how=clone flags=CLONE_FILES
      11 execed path=/bin/x argv=x comm=x
      11 fd_closed fd=3 obj=pipe#1 end=read how=exec)");
  CHECK(execed.descriptor(*execed.find(Tid{10}), 3) != nullptr);
  CHECK(execed.descriptor(*execed.find(Tid{11}), 3) == nullptr);
  CHECK(pids(execed, pipe_of(1), End::write) == Pids{10, 11});
}

TEST_CASE("objects: the table lives as long as one of its tasks") {
  const World world = world_from(piped + R"(
      10 forked child=11 child_pid=10 how=thread
      10 exited code=0
      11/10 fd_opened fd=9 obj=pipe#2 end=read how=open)");
  CHECK(pids(world, pipe_of(1), End::both) == Pids{10});
  CHECK(world.find(pipe_of(2))->ordinal == 2);
  CHECK(world.descriptor(*world.find(Tid{10}), 9) == nullptr);  // it has ended
}

TEST_CASE("objects: who is followed no longer, or never was, holds nothing") {
  const World detached = world_from(piped + "10 forked child=11 child_pid=10 how=thread\n10 detached why=-b\n");
  CHECK(detached.holders(pipe_of(1), End::both).empty());
  CHECK(detached.find(pipe_of(1))->life.end);
  CHECK_FALSE(detached.find(pipe_of(1))->last_writer);  // nobody closed it
  const World untraced = world_from(piped + "10 forked child=11 child_pid=11 how=clone untraced=true\n");
  CHECK(pids(untraced, pipe_of(1), End::both) == Pids{10});
  const World cut = world_from(piped + "10 forked child=11 child_pid=10 how=thread\n10 exited code=0 group=true\n");
  CHECK(cut.holders(pipe_of(1), End::both).empty());
}

TEST_CASE("objects: names and peers of sockets") {
  const World world = world_from(R"(
      10 object obj=unix#1 kind=unix inode=1
      10 fd_opened fd=3 obj=unix#1 end=both how=socket
      10 bound obj=unix#1 fd=3 addr=unix\x20/run/x
      10 bound obj=unix#1 fd=3 addr=unix\x20/run/y err=EINVAL
      11 object obj=unix#2 kind=unix inode=2
      11 fd_opened fd=3 obj=unix#2 end=both how=socket
      11 bound obj=unix#2 fd=3 addr=unix\x20/run/x err=EADDRINUSE
      11 connected obj=unix#2 fd=3 addr=unix\x20/run/x
      10 object obj=unix#3 kind=unix inode=3
      10 fd_opened fd=4 obj=unix#3 end=both how=accept
      10 accepted obj=unix#3 fd=4 listener=unix#1 addr= peer=unix#2
      10 object obj=unix#4 kind=unix inode=4
      10 object obj=unix#5 kind=unix inode=5 peer=unix#4
      11 connected obj=inet#1 fd=5 addr=127.0.0.1:80 peer=inet#9 err=ECONNREFUSED
      11 shut_down obj=unix#2 fd=3 end=write
      11 shut_down obj=unix#2 fd=3 end=read err=ENOTCONN)");
  const auto object = [&](std::uint32_t number) { return *world.find(ObjectId{ObjectKind::unix_socket, number}); };
  CHECK(object(1).path == "unix /run/x");
  CHECK(object(2).path.empty());
  CHECK_FALSE(object(1).peer);
  CHECK(object(2).peer == object(3).id);
  CHECK(object(3).peer == object(2).id);
  CHECK(object(4).peer == object(5).id);
  CHECK(object(5).peer == object(4).id);
  CHECK(object(3).ordinal == 2);  // of those that 10 made
  CHECK(object(2).ordinal == 1);
  CHECK_FALSE(world.find(ObjectId{ObjectKind::inet, 1})->peer);
  CHECK(world.find(ObjectId{ObjectKind::inet, 9}) == nullptr);
  CHECK(pid(world, object(2).last_writer) == 11);
  CHECK_FALSE(object(2).last_reader);
}

TEST_CASE("objects: an end that is opened again has had no last holder") {
  const std::string fifo = R"(
      10 object obj=fifo#1 kind=fifo inode=5 path=/tmp/f
      10 fd_opened fd=3 obj=fifo#1 end=both how=open
      11 fd_opened fd=3 obj=fifo#1 end=read how=open
      10 fd_closed fd=3 obj=fifo#1 end=both how=close
  )";
  const ObjectId id{ObjectKind::fifo, 1};
  const World without = world_from(fifo);
  CHECK(pid(without, without.find(id)->last_writer) == 10);  // though it was not the last of both ends
  CHECK_FALSE(without.find(id)->last_reader);
  CHECK(without.find(id)->path == "/tmp/f");
  const World again = world_from(fifo +
                                 "11 fd_closed fd=3 obj=fifo#1 end=read how=close last=true\n"
                                 "12 fd_opened fd=3 obj=fifo#1 end=write how=open\n");
  CHECK_FALSE(again.find(id)->last_writer);
  CHECK(pid(again, again.find(id)->last_reader) == 11);
  CHECK_FALSE(again.find(id)->life.end);
}
