// SPDX-License-Identifier: MIT
// The calls that make descriptors, copy them and close them: pipe(2), open(2), dup(2), fcntl(2), close(2),
// close_range(2), pidfd_getfd(2). Those of sockets are in socket.cpp; what fork, exec and exit do to descriptors is
// told by their own events.
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/limits.h>
#include <sys/syscall.h>

#include <array>
#include <limits>
#include <span>

#include "syscalls/lock.hpp"
#include "syscalls/row.hpp"

namespace kintrace::syscalls {
namespace {

void made_pipe(const Call& call, Keeper& keeper) {
  const auto fds = call.structure<std::array<int, 2>>(0);
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result && fds) keeper.opened(call, *fds, OpenedHow::pipe);
}

// What it opened is seen at its first use, wherever its path led: only a FIFO is worth waiting for.
template <std::size_t Path>
void opened(const Call& call, Keeper& keeper) {
  if (!call.result) return;
  if (call.failed()) return keeper.tell_of_object(call, Path, Failed{std::string{call.row->name}, call.error(), {}});
  const std::array fd{static_cast<int>(*call.result)};
  keeper.opened(call, fd, OpenedHow::open);
}

void taken(const Call& call, Keeper& keeper) {
  if (!call.result || call.failed()) return;
  const std::array fd{static_cast<int>(*call.result)};
  keeper.opened(call, fd, OpenedHow::pidfd_getfd);
}

void duplicated(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result) keeper.duplicated(call, call.integer(0), static_cast<int>(*call.result));
}

void commanded(const Call& call, Keeper& keeper) {
  if (const int command = call.integer(1); command == F_DUPFD || command == F_DUPFD_CLOEXEC)
    return duplicated(call, keeper);
  if (const auto lock = locking_of(call)) return keeper.locked(call, *lock);
  if (call.failed()) keeper.tell(call, Failed{std::string{call.row->name}, call.error(), call.objects[0]});
}

void closed(const Call& call, Keeper& keeper) {
  const auto fd = static_cast<unsigned>(call.args[0]);
  keeper.closing(call, fd, fd);
}

void closed_range(const Call& call, Keeper& keeper) {
  constexpr std::size_t first = 0, last = 1, flags = 2;
  if ((call.args[flags] & CLOSE_RANGE_CLOEXEC) != 0) return;  // their exec will show it
  keeper.closing(call, static_cast<unsigned>(call.args[first]), static_cast<unsigned>(call.args[last]));
}

void ring_made(const Call& call, Keeper& keeper) {
  if (call.result && !call.failed()) keeper.unseen_from_now(call);
}

constexpr std::uint64_t low = std::numeric_limits<std::uint32_t>::max();
constexpr Only commands[] = {{1, Only::Is::equal, F_DUPFD, low},     {1, Only::Is::equal, F_DUPFD_CLOEXEC, low},
                             {1, Only::Is::equal, F_SETLK, low},     {1, Only::Is::equal, F_SETLKW, low},
                             {1, Only::Is::equal, F_OFD_SETLK, low}, {1, Only::Is::equal, F_OFD_SETLKW, low}};
using Args = std::array<ArgSpec, 6>;
constexpr Args copies{{{"oldfd", Arg::descriptor}, {"newfd", Arg::number}, {"flags", Arg::number}}};

constexpr Row rows[] = {
#ifdef SYS_pipe
    {SYS_pipe, "pipe", Class::pipe, Exit::always, {{{"pipefd", Arg::out_memory, 2 * sizeof(int)}}}, made_pipe},
#endif
    {SYS_pipe2,
     "pipe2",
     Class::pipe,
     Exit::always,
     {{{"pipefd", Arg::out_memory, 2 * sizeof(int)}, {"flags", Arg::number}}},
     made_pipe},
#ifdef SYS_open
    {SYS_open,
     "open",
     Class::opening,
     Exit::on_fifo,
     {{{"path", Arg::in_string, PATH_MAX}, {"flags", Arg::number}, {"mode", Arg::number}}},
     opened<0>,
     Blocks::on_other_side},
#endif
    {SYS_openat,
     "openat",
     Class::opening,
     Exit::on_fifo,
     {{{"dirfd", Arg::number}, {"path", Arg::in_string, PATH_MAX}, {"flags", Arg::number}, {"mode", Arg::number}}},
     opened<1>,
     Blocks::on_other_side},
    {SYS_openat2,
     "openat2",
     Class::opening,
     Exit::on_fifo,
     {{{"dirfd", Arg::number}, {"path", Arg::in_string, PATH_MAX}, {"how", Arg::address}, {"size", Arg::number}}},
     opened<1>,
     Blocks::on_other_side},
#ifdef SYS_dup2
    {SYS_dup2, "dup2", Class::stream, Exit::always, copies, duplicated},
#endif
    {SYS_dup, "dup", Class::stream, Exit::always, {{{"oldfd", Arg::descriptor}}}, duplicated},
    {SYS_dup3, "dup3", Class::stream, Exit::always, copies, duplicated},
    {SYS_fcntl,
     "fcntl",
     Class::stream,
     Exit::always,
     {{{"fd", Arg::descriptor}, {"cmd", Arg::number}, {"arg", Arg::in_memory, sizeof(struct flock)}}},
     commanded,
     Blocks::on_change,
     Observed::standard,
     commands},
    {SYS_close, "close", Class::stream, Exit::never, {{{"fd", Arg::number}}}, closed},
    {SYS_close_range,
     "close_range",
     Class::stream,
     Exit::never,
     {{{"first", Arg::number}, {"last", Arg::number}, {"flags", Arg::number}}},
     closed_range},
    {SYS_pidfd_getfd,
     "pidfd_getfd",
     Class::stream,
     Exit::always,
     {{{"pidfd", Arg::number}, {"targetfd", Arg::number}, {"flags", Arg::number}}},
     taken},
    {SYS_io_uring_setup,
     "io_uring_setup",
     Class::stream,
     Exit::always,
     {{{"entries", Arg::number}, {"params", Arg::address}}},
     ring_made},
};

}  // namespace

extern const std::span<const Row> descriptor_rows{rows};

}  // namespace kintrace::syscalls
