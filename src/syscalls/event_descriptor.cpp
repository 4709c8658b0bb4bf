// SPDX-License-Identifier: MIT
// Descriptors that stand for events: eventfd(2), signalfd(2), timerfd_create(2), pidfd_open(2), epoll(7). What is read
// from and written to them is in stream.cpp, waits for them in readiness.cpp.
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include <ctime>
#include <span>

#include "syscalls/row.hpp"
#include "syscalls/times.hpp"

namespace kintrace::syscalls {
namespace {

void made(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result) keeper.made(call, static_cast<int>(*call.result), {});
}

void counter_made(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result) keeper.made(call, static_cast<int>(*call.result), static_cast<std::uint32_t>(call.args[0]));
}

// With a descriptor it changes which signals that takes.
void signals_chosen(const Call& call, Keeper& keeper) {
  if (call.integer(0) == -1 || call.failed()) made(call, keeper);
}

void timer_set(const Call& call, Keeper& keeper) {
  const auto timer = call.structure<itimerspec>(2);
  if (!timer || !succeeded(call) || (call.args[1] & TFD_TIMER_ABSTIME) != 0) return;
  keeper.tell(call, TimerSet{"timerfd", nanoseconds(timer->it_value), nanoseconds(timer->it_interval)});
}

void members_changed(const Call& call, Keeper& keeper) {
  const auto event = call.structure<epoll_event>(3);
  const std::uint64_t data = event ? event->data.u64 : 0;
  keeper.watches(call, call.integer(1), call.integer(2), data);
}

using Args = std::array<ArgSpec, 6>;
constexpr Args counter{{{"initval", Arg::number}, {"flags", Arg::number}}};
constexpr Args signals{
    {{"fd", Arg::number}, {"mask", Arg::address}, {"sizemask", Arg::number}, {"flags", Arg::number}}};

constexpr Row rows[] = {
#ifdef SYS_eventfd
    {SYS_eventfd, "eventfd", Class::event, Exit::always, {{{"initval", Arg::number}}}, counter_made},
#endif
    {SYS_eventfd2, "eventfd2", Class::event, Exit::always, counter, counter_made},
#ifdef SYS_signalfd
    {SYS_signalfd, "signalfd", Class::event, Exit::always, signals, signals_chosen},
#endif
    {SYS_signalfd4, "signalfd4", Class::event, Exit::always, signals, signals_chosen},
    {SYS_timerfd_create,
     "timerfd_create",
     Class::event,
     Exit::always,
     {{{"clockid", Arg::number}, {"flags", Arg::number}}},
     made},
    {SYS_timerfd_settime,
     "timerfd_settime",
     Class::event,
     Exit::always,
     {{{"fd", Arg::descriptor},
       {"flags", Arg::number},
       {"new_value", Arg::in_memory, sizeof(itimerspec)},
       {"old_value", Arg::address}}},
     timer_set},
    {SYS_pidfd_open, "pidfd_open", Class::event, Exit::always, {{{"pid", Arg::number}, {"flags", Arg::number}}}, made},
#ifdef SYS_epoll_create
    {SYS_epoll_create, "epoll_create", Class::event, Exit::always, {{{"size", Arg::number}}}, made},
#endif
    {SYS_epoll_create1, "epoll_create1", Class::event, Exit::always, {{{"flags", Arg::number}}}, made},
    // Its end is not waited for: an attempt that fails names a member that is there, or one that is not.
    {SYS_epoll_ctl,
     "epoll_ctl",
     Class::event,
     Exit::never,
     {{{"epfd", Arg::descriptor},
       {"op", Arg::number},
       {"fd", Arg::descriptor},
       {"event", Arg::in_memory, sizeof(epoll_event)}}},
     members_changed},
};

}  // namespace

extern const std::span<const Row> event_descriptor_rows{rows};

}  // namespace kintrace::syscalls
