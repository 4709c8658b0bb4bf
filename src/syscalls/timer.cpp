// SPDX-License-Identifier: MIT
// The calls that arm a timer whose end is a signal: alarm(2), setitimer(2), timer_settime(2).
#include <sys/syscall.h>
#include <sys/time.h>

#include <ctime>
#include <span>

#include "syscalls/row.hpp"
#include "syscalls/times.hpp"

namespace kintrace::syscalls {
namespace {

#ifdef SYS_alarm
void alarm_set(const Call& call, Keeper& keeper) {
  if (!succeeded(call)) return;
  keeper.tell(call, TimerSet{"alarm", nanoseconds(static_cast<std::uint32_t>(call.integer(0)), 0), 0});
}
#endif

void itimer_set(const Call& call, Keeper& keeper) {
  const auto timer = call.structure<itimerval>(1);
  if (!timer || !succeeded(call)) return;
  const int which = call.integer(0);
  const char* kind = which == ITIMER_REAL ? "ITIMER_REAL" : which == ITIMER_VIRTUAL ? "ITIMER_VIRTUAL" : "ITIMER_PROF";
  keeper.tell(call, TimerSet{kind, nanoseconds(timer->it_value), nanoseconds(timer->it_interval)});
}

void posix_timer_set(const Call& call, Keeper& keeper) {
  const auto timer = call.structure<itimerspec>(2);
  // TIMER_ABSTIME: a moment of a clock of the program's choice, and not so long from now.
  const bool absolute = (call.args[1] & TIMER_ABSTIME) != 0;
  if (!timer || !succeeded(call) || absolute) return;
  keeper.tell(call, TimerSet{"posix", nanoseconds(timer->it_value), nanoseconds(timer->it_interval)});
}

constexpr Row rows[] = {
#ifdef SYS_alarm
    {SYS_alarm, "alarm", Class::signal, Exit::always, {{{"seconds", Arg::number}}}, alarm_set},
#endif
    {SYS_setitimer,
     "setitimer",
     Class::signal,
     Exit::always,
     {{{"which", Arg::number}, {"new", Arg::in_memory, sizeof(itimerval)}, {"old", Arg::address}}},
     itimer_set},
    {SYS_timer_settime,
     "timer_settime",
     Class::signal,
     Exit::always,
     {{{"timer", Arg::number},
       {"flags", Arg::number},
       {"new", Arg::in_memory, sizeof(itimerspec)},
       {"old", Arg::address}}},
     posix_timer_set},
};

}  // namespace

extern const std::span<const Row> timer_rows{rows};

}  // namespace kintrace::syscalls
