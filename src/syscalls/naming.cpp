// SPDX-License-Identifier: MIT
// The calls that give objects names in a file system and take them away: mkfifo(3), link(2), unlink(2), mq_unlink(2).
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <span>

#include "syscalls/row.hpp"

namespace kintrace::syscalls {
namespace {

template <std::size_t Path>
void fifo_made(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error(), {}});
  if (call.result) keeper.fifo_made(call, Path);
}

// sem_open(3) makes a file under a name of chance, and then gives it the one that was asked for.
template <std::size_t From, std::size_t To>
void linked(const Call& call, Keeper& keeper) {
  if (succeeded(call)) keeper.linked(call, call.text(From), call.text(To));
}

void unlinked(const Call& call, Keeper& keeper) {
  if (call.result) keeper.unlinked(call);
}

constexpr Only fifo[] = {{1, Only::Is::equal, S_IFIFO, S_IFMT}};
constexpr Only fifo_at[] = {{2, Only::Is::equal, S_IFIFO, S_IFMT}};
constexpr ArgSpec path{"path", Arg::in_string, PATH_MAX};

constexpr Row rows[] = {
#ifdef SYS_mknod
    {SYS_mknod,
     "mknod",
     Class::naming,
     Exit::always,
     {{path, {"mode", Arg::number}, {"dev", Arg::number}}},
     fifo_made<0>,
     Blocks::no,
     Observed::standard,
     fifo},
#endif
    {SYS_mknodat,
     "mknodat",
     Class::naming,
     Exit::always,
     {{{"dirfd", Arg::number}, path, {"mode", Arg::number}, {"dev", Arg::number}}},
     fifo_made<1>,
     Blocks::no,
     Observed::standard,
     fifo_at},
#ifdef SYS_link
    {SYS_link,
     "link",
     Class::naming,
     Exit::on_name,
     {{{"oldpath", Arg::in_string, PATH_MAX}, {"newpath", Arg::in_string, PATH_MAX}}},
     linked<0, 1>},
#endif
    {SYS_linkat,
     "linkat",
     Class::naming,
     Exit::on_name,
     {{{"olddirfd", Arg::number},
       {"oldpath", Arg::in_string, PATH_MAX},
       {"newdirfd", Arg::number},
       {"newpath", Arg::in_string, PATH_MAX},
       {"flags", Arg::number}}},
     linked<1, 3>},
#ifdef SYS_unlink
    {SYS_unlink, "unlink", Class::naming, Exit::on_name, {{path}}, unlinked},
#endif
    {SYS_unlinkat,
     "unlinkat",
     Class::naming,
     Exit::on_name,
     {{{"dirfd", Arg::number}, path, {"flags", Arg::number}}},
     unlinked},
    {SYS_mq_unlink, "mq_unlink", Class::queue, Exit::on_name, {{{"name", Arg::in_string, NAME_MAX}}}, unlinked},
};

}  // namespace

extern const std::span<const Row> naming_rows{rows};

}  // namespace kintrace::syscalls
