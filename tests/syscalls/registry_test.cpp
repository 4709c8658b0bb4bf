// SPDX-License-Identifier: MIT
// What every row must be.
#include "syscalls/registry.hpp"

#include <linux/sched.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstring>
#include <set>

#include "support/catch.hpp"
#include "syscalls/clone.hpp"
#include "syscalls/exec.hpp"

using namespace kintrace;
using namespace kintrace::syscalls;

TEST_CASE("syscalls: every row is complete and the only one of its number and name") {
  std::set<long> numbers;
  std::set<std::string_view> names;
  for (const auto family : families()) {
    for (const Row& row : family) {
      INFO(row.name);
      CHECK(numbers.insert(row.nr).second);
      CHECK(names.insert(row.name).second);
      CHECK_FALSE(row.name.empty());
      CHECK(row.effect != nullptr);
      CHECK(find(static_cast<std::uint64_t>(row.nr)) == &row);
      bool ended = false;
      for (const ArgSpec& arg : row.args) {
        CHECK(arg.name.empty() == (arg.kind == Arg::none));
        CHECK_FALSE((ended && arg.kind != Arg::none));  // no hole in the arguments
        ended = ended || arg.kind == Arg::none;
        // What the kernel fills in can be read only at the exit.
        const bool out = arg.kind == Arg::out_memory || arg.kind == Arg::out_array ||
                         arg.kind == Arg::out_array_of_next || arg.kind == Arg::out_message_of;
        CHECK((!out || row.exit == Exit::always));
        const std::set sized{Arg::in_string, Arg::in_strings, Arg::in_sized,  Arg::in_memory,
                             Arg::in_array,  Arg::out_memory, Arg::out_array, Arg::out_array_of_next};
        CHECK((arg.size != 0) == sized.contains(arg.kind));
      }
    }
  }
  CHECK(numbers.size() > 8);
}

TEST_CASE("syscalls: numbers without a row have none") {
  CHECK(find(SYS_getppid) == nullptr);
  CHECK(find(1'000'000) == nullptr);
  CHECK(find(~std::uint64_t{0}) == nullptr);
}

TEST_CASE("syscalls: what a clone asks for") {
  Call call;
  call.row = find(SYS_clone);
  call.args[0] = CLONE_VM | CLONE_FILES | SIGCHLD;
  CHECK(clone_request(call).flags == (CLONE_VM | CLONE_FILES));
  CHECK(clone_request(call).exit_signal == SIGCHLD);
  CHECK(clone_flag_names(CLONE_VM | CLONE_FILES) == std::vector<std::string>{"CLONE_VM", "CLONE_FILES"});

  call.row = find(SYS_clone3);
  clone_args args{};
  args.flags = CLONE_NEWPID;
  args.exit_signal = SIGUSR1;
  Bytes bytes(sizeof args, '\0');
  std::memcpy(bytes.data(), &args, sizeof args);
  call.captured[0] = bytes;
  CHECK(clone_request(call).flags == CLONE_NEWPID);
  CHECK(clone_request(call).exit_signal == SIGUSR1);
  call.captured[0] = bytes.substr(0, 8);  // the rest could not be read
  CHECK(clone_request(call).flags == CLONE_NEWPID);
  call.captured[0] = {};
  CHECK(clone_request(call).flags == 0);
}

TEST_CASE("syscalls: what an exec asks for, in either call") {
  Call call;
  call.row = find(SYS_execveat);
  call.captured[1] = Bytes{"/bin/ls"};
  call.captured[2] = std::vector<Bytes>{"ls", "-l"};
  CHECK(is_exec(*call.row));
  CHECK(exec_request(call).path == "/bin/ls");
  REQUIRE(exec_request(call).argv);
  CHECK(exec_request(call).argv->size() == 2);
  call.args[2] = 1;
  call.captured[2] = {};
  CHECK_FALSE(exec_request(call).argv);  // it could not be read
  call.captured[2] = std::vector<Bytes>{};
  REQUIRE(exec_request(call).argv);
  CHECK(exec_request(call).argv->empty());
  call.row = find(SYS_execve);
  CHECK(exec_request(call).path.empty());  // its path is another argument
  CHECK_FALSE(is_exec(*find(SYS_wait4)));
}
