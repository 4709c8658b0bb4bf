// SPDX-License-Identifier: MIT
// The calls that wait for any of several things, for a signal, or for time to pass: poll(2), select(2), epoll_wait(2),
// nanosleep(2), pause(2), sigsuspend(2), sigtimedwait(2).
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <span>
#include <vector>

#include "syscalls/row.hpp"
#include "syscalls/signal.hpp"
#include "syscalls/times.hpp"

namespace kintrace::syscalls {
namespace {

Waited waited(const Call& call) {
  Waited fact;
  fact.syscall = call.row->name;
  if (call.failed()) {
    fact.err = call.error();
  } else {
    fact.result = call.result;
  }
  return fact;
}

template <class Time>
std::optional<Nanoseconds> timeout(const Call& call, std::size_t arg) {
  const auto time = call.args.at(arg) != 0 ? call.structure<Time>(arg) : std::nullopt;
  return time ? std::optional{nanoseconds(*time)} : std::nullopt;
}

// poll(2)'s int: milliseconds, negative for ever.
std::optional<Nanoseconds> milliseconds(const Call& call, std::size_t arg) {
  const std::int64_t time = call.integer(arg);
  return time < 0 ? std::nullopt : std::optional{time * 1'000'000};
}

// The kernel writes into the array only `revents`, which says who is ready.
void polled(const Call& call, Keeper& keeper, std::optional<Nanoseconds> limit) {
  Waited fact = waited(call);
  fact.timeout_ns = limit;
  std::vector<Keeper::Watched> watched;
  const Bytes bytes = call.text(0);
  for (std::size_t at = 0; at + sizeof(pollfd) <= bytes.size(); at += sizeof(pollfd)) {
    pollfd one{};
    std::memcpy(&one, bytes.data() + at, sizeof one);
    if (one.fd >= 0) watched.push_back({one.fd, succeeded(call) && one.revents != 0});
  }
  keeper.waited(call, std::move(fact), watched);
}
#ifdef SYS_poll
void polled_for(const Call& call, Keeper& keeper) { polled(call, keeper, milliseconds(call, 2)); }
#endif
void polled_until(const Call& call, Keeper& keeper) { polled(call, keeper, timeout<timespec>(call, 2)); }

// What was asked for is overwritten by what is ready; only the latter is read.
void selected(const Call& call, Keeper& keeper, std::optional<Nanoseconds> limit) {
  Waited fact = waited(call);
  fact.timeout_ns = limit;
  std::vector<Keeper::Watched> watched;
  const std::array sets{call.text(1), call.text(2), call.text(3)};
  const int count = std::min<int>(call.integer(0), FD_SETSIZE);
  for (int fd = 0; fd < count; ++fd) {
    const auto is_in = [fd](const Bytes& bytes) {
      const auto at = static_cast<std::size_t>(fd) / 8;
      return at < bytes.size() && (static_cast<unsigned char>(bytes[at]) >> (fd % 8) & 1) != 0;
    };
    if (std::any_of(sets.begin(), sets.end(), is_in)) watched.push_back({fd, succeeded(call)});
  }
  keeper.waited(call, std::move(fact), watched);
}
#ifdef SYS_select
void selected_for(const Call& call, Keeper& keeper) { selected(call, keeper, timeout<timeval>(call, 4)); }
#endif
void selected_until(const Call& call, Keeper& keeper) { selected(call, keeper, timeout<timespec>(call, 4)); }

void epolled(const Call& call, Keeper& keeper, std::optional<Nanoseconds> limit) {
  Waited fact = waited(call);
  fact.timeout_ns = limit;
  std::vector<std::uint64_t> ready;
  const Bytes bytes = call.text(1);
  for (std::size_t at = 0; at + sizeof(epoll_event) <= bytes.size(); at += sizeof(epoll_event)) {
    epoll_event one{};
    std::memcpy(&one, bytes.data() + at, sizeof one);
    ready.push_back(one.data.u64);
  }
  keeper.epoll_waited(call, std::move(fact), ready);
}
void epolled_for(const Call& call, Keeper& keeper) { epolled(call, keeper, milliseconds(call, 3)); }
#ifdef SYS_epoll_pwait2
void epolled_until(const Call& call, Keeper& keeper) { epolled(call, keeper, timeout<timespec>(call, 3)); }
#endif

void slept(const Call& call, Keeper& keeper) {
  Waited fact = waited(call);
  fact.timeout_ns = timeout<timespec>(call, 0);
  keeper.waited(call, std::move(fact), {});
}

// TIMER_ABSTIME: until a moment of a clock of its choice; how long that is, nobody asked.
void slept_by_clock(const Call& call, Keeper& keeper) {
  Waited fact = waited(call);
  if ((call.args[1] & TIMER_ABSTIME) == 0) fact.timeout_ns = timeout<timespec>(call, 2);
  keeper.waited(call, std::move(fact), {});
}

void paused(const Call& call, Keeper& keeper) { keeper.waited(call, waited(call), {}); }

void accepted(const Call& call, Keeper& keeper) {
  Waited fact = waited(call);
  fact.timeout_ns = timeout<timespec>(call, 2);
  if (succeeded(call)) fact.signal = Signal{static_cast<std::int32_t>(*call.result)};
  const auto info = call.structure<siginfo_t>(1);
  if (info && fact.signal && names_a_process(*fact.signal, info->si_code)) fact.from = Tgid{info->si_pid};
  keeper.waited(call, std::move(fact), {});
}

using Args = std::array<ArgSpec, 6>;
constexpr std::size_t set_size = FD_SETSIZE / 8;
constexpr ArgSpec time{"timeout", Arg::in_memory, sizeof(timespec)};

constexpr Row rows[] = {
#ifdef SYS_poll
    {SYS_poll,
     "poll",
     Class::event,
     Exit::always,
     {{{"fds", Arg::out_array_of_next, sizeof(pollfd)}, {"nfds", Arg::number}, {"timeout", Arg::number}}},
     polled_for,
     Blocks::on_any},
#endif
    {SYS_ppoll,
     "ppoll",
     Class::event,
     Exit::always,
     {{{"fds", Arg::out_array_of_next, sizeof(pollfd)},
       {"nfds", Arg::number},
       time,
       {"sigmask", Arg::address},
       {"sigsetsize", Arg::number}}},
     polled_until,
     Blocks::on_any},
#ifdef SYS_select
    {SYS_select,
     "select",
     Class::event,
     Exit::always,
     {{{"nfds", Arg::number},
       {"readfds", Arg::out_memory, set_size},
       {"writefds", Arg::out_memory, set_size},
       {"exceptfds", Arg::out_memory, set_size},
       {"timeout", Arg::in_memory, sizeof(timeval)}}},
     selected_for,
     Blocks::on_any},
#endif
    {SYS_pselect6,
     "pselect6",
     Class::event,
     Exit::always,
     {{{"nfds", Arg::number},
       {"readfds", Arg::out_memory, set_size},
       {"writefds", Arg::out_memory, set_size},
       {"exceptfds", Arg::out_memory, set_size},
       time,
       {"sigmask", Arg::address}}},
     selected_until,
     Blocks::on_any},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait,
     "epoll_wait",
     Class::event,
     Exit::always,
     {{{"epfd", Arg::descriptor},
       {"events", Arg::out_array, sizeof(epoll_event)},
       {"maxevents", Arg::number},
       {"timeout", Arg::number}}},
     epolled_for,
     Blocks::on_any},
#endif
    {SYS_epoll_pwait,
     "epoll_pwait",
     Class::event,
     Exit::always,
     {{{"epfd", Arg::descriptor},
       {"events", Arg::out_array, sizeof(epoll_event)},
       {"maxevents", Arg::number},
       {"timeout", Arg::number},
       {"sigmask", Arg::address}}},
     epolled_for,
     Blocks::on_any},
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2,
     "epoll_pwait2",
     Class::event,
     Exit::always,
     {{{"epfd", Arg::descriptor},
       {"events", Arg::out_array, sizeof(epoll_event)},
       {"maxevents", Arg::number},
       time,
       {"sigmask", Arg::address}}},
     epolled_until,
     Blocks::on_any},
#endif
    {SYS_nanosleep,
     "nanosleep",
     Class::event,
     Exit::always,
     {{{"duration", Arg::in_memory, sizeof(timespec)}, {"rem", Arg::address}}},
     slept,
     Blocks::on_any},
    {SYS_clock_nanosleep,
     "clock_nanosleep",
     Class::event,
     Exit::always,
     {{{"clockid", Arg::number}, {"flags", Arg::number}, time, {"remain", Arg::address}}},
     slept_by_clock,
     Blocks::on_any},
#ifdef SYS_pause
    {SYS_pause, "pause", Class::event, Exit::always, {}, paused, Blocks::on_any},
#endif
    {SYS_rt_sigsuspend,
     "rt_sigsuspend",
     Class::event,
     Exit::always,
     {{{"mask", Arg::address}, {"sigsetsize", Arg::number}}},
     paused,
     Blocks::on_any},
    {SYS_rt_sigtimedwait,
     "rt_sigtimedwait",
     Class::event,
     Exit::always,
     {{{"set", Arg::address}, {"info", Arg::out_memory, sizeof(siginfo_t)}, time, {"sigsetsize", Arg::number}}},
     accepted,
     Blocks::on_any},
};

}  // namespace

extern const std::span<const Row> readiness_rows{rows};

}  // namespace kintrace::syscalls
