// SPDX-License-Identifier: MIT
#include "cli/first_words.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "os/program.hpp"
#include "text/escape.hpp"

namespace kintrace::cli {
namespace {

// execve(2): a traced program gains no privilege, unless its tracer has CAP_SYS_PTRACE.
std::string privilege_it_will_miss(const std::string& program) {
  const auto path = os::find_program(program);
  struct stat found {};
  if (::geteuid() == 0 || !path || ::stat(path->c_str(), &found) != 0) return {};
  const bool has_capabilities = ::getxattr(path->c_str(), "security.capability", nullptr, 0) > 0;
  std::string kind;
  if ((found.st_mode & S_ISUID) != 0 && found.st_uid != ::geteuid()) {
    kind = "set-user-ID";
  } else if ((found.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && found.st_gid != ::getegid()) {
    kind = "set-group-ID";
  } else if (has_capabilities) {
    kind = "privileged by file capabilities";
  } else {
    return {};
  }
  return fmt::format("{} is {} and will run without its privilege, as any traced program; run kintrace as root",
                     text::shell_word(*path, 256), kind);
}

}  // namespace

std::vector<std::string> first_words(const Options& options) {
  std::vector<std::string> words = options.remarks;
  if (!options.program.empty()) {
    if (auto missed = privilege_it_will_miss(options.program[0]); !missed.empty()) words.push_back(std::move(missed));
  }
  return words;
}

}  // namespace kintrace::cli
