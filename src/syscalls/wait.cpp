// SPDX-License-Identifier: MIT
// The calls that collect a child: wait4(2), waitid(2). What is told of the child is known from its own end; only whom
// they collected is taken from them, so that wait(NULL) tells as much as wait(&status).
#include "syscalls/wait.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>

#include <csignal>
#include <span>

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
  std::optional<Ending> ending;
  if (const auto status = call.structure<int>(wstatus)) {
    if (WIFSTOPPED(*status) || WIFCONTINUED(*status)) return;
    ending.emplace();
    if (WIFEXITED(*status)) ending->code = WEXITSTATUS(*status);
    if (WIFSIGNALED(*status)) ending->signal = Signal{WTERMSIG(*status)};
  }
  keeper.collected(call, Tgid{static_cast<std::int32_t>(*call.result)}, ending);
}

void waited_by_id(const Call& call, Keeper& keeper) {
  constexpr std::size_t idtype = 0, id = 1, infop = 2, options = 3;
  if (came_to_nothing(call, keeper) || (call.args[options] & WNOWAIT) != 0) return;
  if (const auto info = call.structure<siginfo_t>(infop)) {
    const bool died = info->si_code == CLD_EXITED || info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED;
    if (info->si_pid == 0 || !died) return;  // 0: WNOHANG, and nobody was dead
    Ending ending;
    if (info->si_code == CLD_EXITED) ending.code = info->si_status;
    if (info->si_code != CLD_EXITED) ending.signal = Signal{info->si_status};
    keeper.collected(call, Tgid{info->si_pid}, ending);
  } else if (call.args[idtype] == P_PID) {
    keeper.collected(call, Tgid{call.integer(id)}, {});
  } else {
    keeper.collected(call, {}, {});
  }
}

constexpr Row rows[] = {
    {SYS_wait4,
     "wait4",
     Class::lifecycle,
     Exit::always,
     {{{"pid", Arg::number},
       {"status", Arg::out_memory, sizeof(int)},
       {"options", Arg::number},
       {"rusage", Arg::address}}},
     waited_for,
     Blocks::on_children},
    {SYS_waitid,
     "waitid",
     Class::lifecycle,
     Exit::always,
     {{{"idtype", Arg::number},
       {"id", Arg::number},
       {"infop", Arg::out_memory, sizeof(siginfo_t)},
       {"options", Arg::number},
       {"rusage", Arg::address}}},
     waited_by_id,
     Blocks::on_children},
};

}  // namespace

extern const std::span<const Row> wait_rows{rows};

Awaited awaited(const Call& call) {
  const bool by_id = call.row->nr == SYS_waitid;
  const std::int32_t which = by_id ? call.integer(0) : 0;
  const std::int32_t pid = call.integer(by_id ? 1 : 0);
  const std::uint64_t options = call.args.at(by_id ? 3 : 2);
  if ((options & WNOHANG) != 0) return {Awaited::Whom::nobody, {}};
  if (by_id ? which == P_PID : pid > 0) return {Awaited::Whom::one, Tgid{pid}};
  if (by_id ? which == P_ALL : pid == -1) return {Awaited::Whom::any, {}};
  return {Awaited::Whom::some, {}};
}

}  // namespace kintrace::syscalls
