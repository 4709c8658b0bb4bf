// SPDX-License-Identifier: MIT
// The calls that collect a child: wait4(2), waitid(2). What is told of the child is known from its own end; only whom
// they collected is taken from them, so that wait(NULL) tells as much as wait(&status).
#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <span>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {
namespace {

// True if the call collected nothing because it failed or never returned; then that has been told.
bool came_to_nothing(const Call& call, Keeper& keeper) {
  if (call.result && !call.failed()) return false;
  keeper.tell(call, WaitFailed{std::string{call.row->name}, call.result ? std::optional{call.error()} : std::nullopt});
  return true;
}

void waited_for(const Call& call, Keeper& keeper) {
  constexpr std::size_t wstatus = 1;
  if (came_to_nothing(call, keeper) || *call.result == 0) return;  // 0: WNOHANG, and nobody was dead
  int status = 0;
  const Bytes bytes = call.text(wstatus);
  if (bytes.size() >= sizeof status) {
    std::memcpy(&status, bytes.data(), sizeof status);
    if (WIFSTOPPED(status) || WIFCONTINUED(status)) return;
  }
  keeper.collected(call, Tgid{static_cast<std::int32_t>(*call.result)});
}

void waited_by_id(const Call& call, Keeper& keeper) {
  constexpr std::size_t idtype = 0, id = 1, infop = 2, options = 3;
  if (came_to_nothing(call, keeper) || (call.args[options] & WNOWAIT) != 0) return;
  siginfo_t info{};
  const Bytes bytes = call.text(infop);
  if (bytes.size() >= sizeof info) {
    std::memcpy(&info, bytes.data(), sizeof info);
    const bool died = info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    if (info.si_pid != 0 && died) keeper.collected(call, Tgid{info.si_pid});  // 0: WNOHANG, and nobody was dead
  } else if (call.args[idtype] == P_PID) {
    keeper.collected(call, Tgid{static_cast<std::int32_t>(call.args[id])});
  } else {
    keeper.collected(call, {});
  }
}

constexpr Row rows[] = {
    {SYS_wait4,
     "wait4",
     Class::lifecycle,
     Exit::always,
     {{{"pid", Arg::number}, {"status", Arg::out_status}, {"options", Arg::number}, {"rusage", Arg::address}}},
     waited_for,
     Blocks::on_children},
    {SYS_waitid,
     "waitid",
     Class::lifecycle,
     Exit::always,
     {{{"idtype", Arg::number},
       {"id", Arg::number},
       {"infop", Arg::out_siginfo},
       {"options", Arg::number},
       {"rusage", Arg::address}}},
     waited_by_id,
     Blocks::on_children},
};

}  // namespace

extern const std::span<const Row> wait_rows{rows};

}  // namespace kintrace::syscalls
