// SPDX-License-Identifier: MIT
// Which reason is found in a /proc that is a directory of files.
#include "os/refusal.hpp"

#include <cerrno>
#include <filesystem>
#include <map>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace kintrace;

namespace {

UserError refusal(const std::map<std::string, std::string>& files) {
  const test::Scratch scratch;
  for (const auto& [path, text] : files) {
    std::filesystem::create_directories(std::filesystem::path{scratch.path(path)}.parent_path());
    test::write_file(scratch.path(path), text);
  }
  return os::ptrace_refused(Errno{EPERM}, Tid{77}, scratch.directory());
}

}  // namespace

TEST_CASE("refusal: another tracer comes first") {
  const UserError error = refusal(
      {{"77/status", "Name:\tx\nTracerPid:\t42\n"}, {"42/comm", "strace\n"}, {"sys/kernel/yama/ptrace_scope", "3\n"}});
  CHECK_THAT(error.what(), test::contains("traced already, by strace 42"));
  CHECK_THAT(error.hint(), test::contains("outside of strace"));
  CHECK(error.status() == 125);
}

TEST_CASE("refusal: Yama's scope") {
  const std::string scope = "sys/kernel/yama/ptrace_scope";
  CHECK_THAT(refusal({{"77/status", "TracerPid:\t0\n"}, {scope, "3\n"}}).what(), test::contains("ptrace_scope is 3"));
  const std::string user = "CapEff:\t0000000000000000\n", root = "CapEff:\t000001ffffffffff\n";
  CHECK_THAT(refusal({{scope, "2\n"}, {"self/status", user}}).what(), test::contains("ptrace_scope is 2"));
  CHECK_THAT(refusal({{scope, "2\n"}, {"self/status", root}}).what(), test::contains("ptrace is refused"));
}

TEST_CASE("refusal: a container's filter, a security module, or nobody knows") {
  CHECK_THAT(refusal({{"self/status", "Seccomp:\t2\n"}}).hint(), test::contains("--cap-add=SYS_PTRACE"));
  CHECK_THAT(refusal({{"self/status", "Seccomp:\t0\n"}, {"self/attr/current", "docker-default (enforce)\n"}}).what(),
             test::contains("docker-default (enforce)"));
  CHECK_THAT(refusal({{"self/attr/current", "unconfined\n"}}).what(), test::contains("Operation not permitted"));
  CHECK_THAT(refusal({}).what(), test::contains("ptrace is refused"));
}
