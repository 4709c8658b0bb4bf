// SPDX-License-Identifier: MIT
#include "os/refusal.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "os/fd.hpp"
#include "text/escape.hpp"
#include "text/names.hpp"

namespace kintrace::os {
namespace {

constexpr unsigned cap_sys_ptrace = 19;  // linux/capability.h

std::string contents(const std::string& path) {
  const auto fd = os::open(path, O_RDONLY);
  if (!fd) return {};
  auto text = read_all(fd->get(), 1U << 16U).value_or({});
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();
  return text;
}

// A field of a status file, without its name and blanks; empty if there is none.
std::string_view field(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    std::string_view line = status.substr(0, status.find('\n'));
    status.remove_prefix(std::min(line.size() + 1, status.size()));
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    line.remove_prefix(name.size() + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    return line;
  }
  return {};
}

bool may_trace_all(std::string_view own_status) {
  const std::string_view hex = field(own_status, "CapEff");
  std::uint64_t bits = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), bits, 16);
  return (bits >> cap_sys_ptrace & 1U) != 0;
}

}  // namespace

UserError ptrace_refused(Errno error, Tid program, const std::string& proc) {
  const auto refused = [](const std::string& why, std::string hint) {
    return UserError("cannot trace the program: " + why, std::move(hint));
  };
  const std::string status = contents(fmt::format("{}/{}/status", proc, program.value));
  const std::string own = contents(proc + "/self/status");
  const std::string_view tracer = field(status, "TracerPid");
  if (!tracer.empty() && tracer != "0") {
    const std::string name = contents(fmt::format("{}/{}/comm", proc, tracer));
    return refused(fmt::format("it is traced already, by {} {}", name.empty() ? "process" : text::printable(name),
                               text::printable(tracer)),
                   "a process has one tracer at most: run kintrace outside of strace, gdb and other kintraces");
  }
  const std::string scope = contents(proc + "/sys/kernel/yama/ptrace_scope");
  if (scope == "3") {
    return refused("Yama forbids all tracing (/proc/sys/kernel/yama/ptrace_scope is 3)",
                   "nobody can undo it before the next boot");
  }
  if (scope == "2" && !may_trace_all(own)) {
    return refused("Yama lets only root trace (/proc/sys/kernel/yama/ptrace_scope is 2)",
                   "run kintrace as root, in a container with --cap-add=SYS_PTRACE; or: sysctl "
                   "kernel.yama.ptrace_scope=1");
  }
  if (field(own, "Seccomp") == "2") {
    return refused(fmt::format("a seccomp filter forbids ptrace ({})", text::errno_name(error)),
                   "it is probably the container's: docker run --cap-add=SYS_PTRACE, or --security-opt "
                   "seccomp=unconfined");
  }
  const std::string profile = contents(proc + "/self/attr/current");
  if (!profile.empty() && !profile.starts_with("unconfined")) {
    return refused(fmt::format("a security module forbids ptrace (profile {})", text::printable(profile)),
                   "that is AppArmor, SELinux (setsebool deny_ptrace 0) or Smack");
  }
  return refused(fmt::format("ptrace is refused ({})", text::errno_text(error)),
                 "a container may need --cap-add=SYS_PTRACE");
}

}  // namespace kintrace::os
