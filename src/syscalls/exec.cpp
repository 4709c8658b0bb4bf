// SPDX-License-Identifier: MIT
#include "syscalls/exec.hpp"

#include <linux/limits.h>
#include <sys/syscall.h>

#include <algorithm>

namespace kintrace::syscalls {
namespace {

// A success is told by PTRACE_EVENT_EXEC, before the first instruction of the new program.
void execed(const Call& call, Keeper& keeper) {
  if (!call.failed()) return;
  ExecRequest request = exec_request(call);
  keeper.tell(call, ExecFailed{std::move(request.path), std::move(request.argv).value_or(std::vector<Bytes>{}),
                               std::string{call.row->name}, call.error()});
}

// More than the kernel takes for argv and environment together with the default 8 MiB stack (execve(2)).
constexpr std::size_t strings_limit = 2U << 20U;

constexpr Row rows[] = {
    {SYS_execve,
     "execve",
     Class::lifecycle,
     Exit::on_failure,
     {{{"path", Arg::in_string, PATH_MAX}, {"argv", Arg::in_strings, strings_limit}, {"envp", Arg::address}}},
     execed},
    {SYS_execveat,
     "execveat",
     Class::lifecycle,
     Exit::on_failure,
     {{{"dirfd", Arg::number},
       {"path", Arg::in_string, PATH_MAX},
       {"argv", Arg::in_strings, strings_limit},
       {"envp", Arg::address},
       {"flags", Arg::number}}},
     execed},
};

std::size_t position(const Row& row, Arg kind) {
  const auto* const at =
      std::find_if(row.args.begin(), row.args.end(), [&](const ArgSpec& arg) { return arg.kind == kind; });
  return static_cast<std::size_t>(at - row.args.begin());
}

}  // namespace

extern const std::span<const Row> exec_rows{rows};

bool is_exec(const Row& row) { return row.effect == execed; }

ExecRequest exec_request(const Call& call) {
  ExecRequest request;
  request.path = call.text(position(*call.row, Arg::in_string));
  const std::size_t argv = position(*call.row, Arg::in_strings);
  const bool none = call.args.at(argv) == 0;  // as good as an empty array, for Linux
  if (none || std::holds_alternative<std::vector<Bytes>>(call.captured.at(argv))) request.argv = call.strings(argv);
  return request;
}

}  // namespace kintrace::syscalls
