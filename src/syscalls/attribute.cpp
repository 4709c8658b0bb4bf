// SPDX-License-Identifier: MIT
// The calls that change what a task or process is: its name, its role for orphans, its credentials, its namespaces, its
// directory. prctl(2), setuid(2) and its like, unshare(2), setns(2), chdir(2).
#include <fmt/format.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <span>

#include "syscalls/clone.hpp"
#include "syscalls/row.hpp"
#include "text/names.hpp"

namespace kintrace::syscalls {
namespace {

constexpr std::size_t comm_size = 16;  // TASK_COMM_LEN

void process_controlled(const Call& call, Keeper& keeper) {
  if (call.failed() && call.integer(0) == PR_SET_SECCOMP) {
    if (call.args[1] == SECCOMP_MODE_STRICT) return keeper.tell(call, Set{"seccomp", "strict refused"});
    return keeper.tell(call, Failed{"prctl", call.error()});
  }
  if (!succeeded(call)) return;
  switch (call.integer(0)) {
    case PR_SET_NAME: return keeper.tell(call, Set{"name", call.text(1)});
    case PR_SET_CHILD_SUBREAPER: return keeper.tell(call, Set{"subreaper", call.args[1] != 0 ? "1" : "0"});
    case PR_SET_PDEATHSIG:
      return keeper.tell(call, Set{"pdeathsig", call.integer(1) == 0 ? "none" : text::signal_name({call.integer(1)})});
    case PR_SET_SECCOMP:
      return keeper.tell(call, Set{"seccomp", call.args[1] == SECCOMP_MODE_STRICT ? "strict" : "filter"});
    default: return;
  }
}

// A program that forbids itself nearly all calls cannot do so with a filter, as ours, in place (seccomp(2), EINVAL).
void seccomp_set(const Call& call, Keeper& keeper) {
  if (call.failed() && call.integer(0) == SECCOMP_SET_MODE_STRICT)
    return keeper.tell(call, Set{"seccomp", "strict refused"});
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error()});
  if (!succeeded(call)) return;
  keeper.tell(call, Set{"seccomp", call.integer(0) == SECCOMP_SET_MODE_STRICT ? "strict" : "filter"});
}

// setuid(2) has one argument, setreuid(2) two, setresuid(2) three; -1 leaves one as it is.
void ids_set(const Call& call, Keeper& keeper) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error()});
  if (!succeeded(call)) return;
  static constexpr std::array<std::string_view, 3> which{"real", "effective", "saved"};
  std::string value;
  for (std::size_t i = 0; i < which.size() && call.row->args.at(i).kind != Arg::none; ++i) {
    if (call.integer(i) == -1) continue;
    const auto id = static_cast<std::uint32_t>(call.integer(i));
    const bool only_one = call.row->args[1].kind == Arg::none;
    value += only_one ? std::to_string(id) : fmt::format("{}{} {}", value.empty() ? "" : ", ", which.at(i), id);
  }
  keeper.tell(call, Set{call.row->name.ends_with("uid") ? "uid" : "gid", std::move(value)});
}

constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                     CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;

void entered(const Call& call, Keeper& keeper, std::uint64_t flags) {
  if (call.failed()) return keeper.tell(call, Failed{std::string{call.row->name}, call.error()});
  if (!succeeded(call)) return;
  if ((flags & CLONE_NEWPID) != 0 || flags == 0) keeper.children_elsewhere(call);
  const bool of_others = flags != 0 && (flags & namespaces) == 0;
  keeper.tell(call,
              Set{of_others ? "unshared" : "namespace", fmt::format("{}", fmt::join(clone_flag_names(flags), ", "))});
}
void unshared(const Call& call, Keeper& keeper) { entered(call, keeper, call.args[0]); }
void namespace_joined(const Call& call, Keeper& keeper) { entered(call, keeper, call.args[1] & namespaces); }

void directory_changed(const Call& call, Keeper& keeper) {
  if (succeeded(call)) keeper.tell(call, Set{"cwd", call.text(0)});
}

constexpr std::uint64_t low_half = 0xffffffff;
constexpr Only name_and_family[] = {{0, Only::Is::equal, PR_SET_NAME, low_half},
                                    {0, Only::Is::equal, PR_SET_CHILD_SUBREAPER, low_half},
                                    {0, Only::Is::equal, PR_SET_PDEATHSIG, low_half},
                                    {0, Only::Is::equal, PR_SET_SECCOMP, low_half}};
constexpr Only new_mode[] = {{0, Only::Is::equal, SECCOMP_SET_MODE_STRICT, low_half},
                             {0, Only::Is::equal, SECCOMP_SET_MODE_FILTER, low_half}};

using Ids = std::array<ArgSpec, 6>;
constexpr Ids one_id{{{"id", Arg::number}}};
constexpr Ids two_ids{{{"real", Arg::number}, {"effective", Arg::number}}};
constexpr Ids three_ids{{{"real", Arg::number}, {"effective", Arg::number}, {"saved", Arg::number}}};

constexpr Row rows[] = {
    // PR_SET_NAME's string is the only pointer among them: of the others nothing can be read, and nothing is.
    {SYS_prctl,
     "prctl",
     Class::lifecycle,
     Exit::always,
     {{{"option", Arg::number}, {"value", Arg::in_string, comm_size - 1}}},
     process_controlled,
     Blocks::no,
     Observed::standard,
     name_and_family},
    {SYS_seccomp,
     "seccomp",
     Class::lifecycle,
     Exit::always,
     {{{"operation", Arg::number}, {"flags", Arg::number}, {"args", Arg::address}}},
     seccomp_set,
     Blocks::no,
     Observed::standard,
     new_mode},
    {SYS_setuid, "setuid", Class::lifecycle, Exit::always, one_id, ids_set},
    {SYS_setgid, "setgid", Class::lifecycle, Exit::always, one_id, ids_set},
    {SYS_setreuid, "setreuid", Class::lifecycle, Exit::always, two_ids, ids_set},
    {SYS_setregid, "setregid", Class::lifecycle, Exit::always, two_ids, ids_set},
    {SYS_setresuid, "setresuid", Class::lifecycle, Exit::always, three_ids, ids_set},
    {SYS_setresgid, "setresgid", Class::lifecycle, Exit::always, three_ids, ids_set},
    {SYS_unshare, "unshare", Class::lifecycle, Exit::always, {{{"flags", Arg::number}}}, unshared},
    {SYS_setns,
     "setns",
     Class::lifecycle,
     Exit::always,
     {{{"fd", Arg::number}, {"nstype", Arg::number}}},
     namespace_joined},
    {SYS_chdir,
     "chdir",
     Class::lifecycle,
     Exit::always,
     {{{"path", Arg::in_string, PATH_MAX}}},
     directory_changed,
     Blocks::no,
     Observed::asked},
    {SYS_fchdir,
     "fchdir",
     Class::lifecycle,
     Exit::always,
     {{{"fd", Arg::in_descriptor}}},
     directory_changed,
     Blocks::no,
     Observed::asked},
};

}  // namespace

extern const std::span<const Row> attribute_rows{rows};

}  // namespace kintrace::syscalls
