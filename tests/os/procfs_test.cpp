// SPDX-License-Identifier: MIT
// A fake /proc is a directory of files.
#include "os/procfs.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include "support/catch.hpp"

using namespace kintrace;
using namespace std::string_literals;

namespace {

class FakeProc {
 public:
  FakeProc() {
    std::string name = "/tmp/kintrace-proc-XXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  ~FakeProc() { std::filesystem::remove_all(root_); }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  os::Procfs proc() const { return os::Procfs(root_); }

 private:
  std::filesystem::path root_;
};

}  // namespace

TEST_CASE("procfs: status") {
  const FakeProc fake;
  fake.write("12/status",
             "Name:\ta\\\\b) R 1 (\\n\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t12\nPid:\t12\nPPid:\t7\n"
             "VmHWM:\t    1684 kB\nThreads:\t3\n");
  const auto status = fake.proc().status(Tid{12});
  REQUIRE(status);
  CHECK(status->name == "a\\b) R 1 (\n");
  CHECK(status->state == 'S');
  CHECK(status->tgid == Tgid{12});
  CHECK(status->ppid == Tgid{7});
  CHECK(status->threads == 3);
  CHECK(fake.proc().peak_memory(Tid{12}) == 1684 * 1024);
}

TEST_CASE("procfs: the exit signal, beside a hostile name; signals and the namespace's pid") {
  const FakeProc fake;
  std::string fields = "S";
  for (int i = 4; i <= 37; ++i) fields += " " + std::to_string(i);
  fake.write("12/stat", "12 (a) R 1 ( 2 3) " + fields + " 17 1 0\n");
  fake.write("13/stat", "13 (x) S 1\n");
  fake.write("14/stat", "14 (t) " + fields + " -1 1 0\n");
  fake.write("12/status",
             "Name:\tx\nTgid:\t12\nNSpid:\t12\t3\t1\nSigIgn:\t0000000000001000\nSigCgt:\t8000000000000002\n");
  fake.write("13/status", "Name:\tx\nTgid:\t13\nNSpid:\t13\n");
  CHECK(fake.proc().exit_signal(Tid{12}) == Signal{17});
  CHECK_FALSE(fake.proc().exit_signal(Tid{13}));
  CHECK_FALSE(fake.proc().exit_signal(Tid{14}));
  CHECK_FALSE(fake.proc().exit_signal(Tid{15}));
  const auto status = fake.proc().status(Tid{12});
  REQUIRE(status);
  CHECK(status->ns_pid == Tgid{1});
  CHECK(status->ignored == 0x1000);
  CHECK(status->caught == 0x8000000000000002);
  CHECK_FALSE(fake.proc().status(Tid{13})->ns_pid);
}

TEST_CASE("procfs: descriptors, pidfds, the call that a task is blocked in") {
  const FakeProc fake;
  fake.write("12/fdinfo/5", "pos:\t0\nflags:\t02000002\nPid:\t4711\nNSpid:\t4711\n");
  fake.write("12/fdinfo/6", "pos:\t0\nflags:\t02\n");
  fake.write("12/fdinfo/7", "pos:\t0\nPid:\t-1\n");
  fake.write("12/syscall", "61 0xffffffff 0x7ffd 0x0 0x0 0x0 0x0 0x7ffd 0x7f12\n");
  fake.write("13/syscall", "running\n");
  fake.write("14/syscall", "-1 0x0 0x0\n");
  CHECK(fake.proc().pidfd(Tid{12}, 5) == Tgid{4711});
  CHECK_FALSE(fake.proc().pidfd(Tid{12}, 6));
  CHECK_FALSE(fake.proc().pidfd(Tid{12}, 7));
  CHECK_FALSE(fake.proc().pidfd(Tid{12}, 8));
  CHECK(fake.proc().blocked_in(Tid{12}) == 61);
  CHECK_FALSE(fake.proc().blocked_in(Tid{13}));
  CHECK_FALSE(fake.proc().blocked_in(Tid{14}));
}

TEST_CASE("procfs: a zombie has no memory lines, a name may begin with blanks") {
  const FakeProc fake;
  fake.write("12/status", "Name:\t  x\nState:\tZ (zombie)\nTgid:\t12\nPPid:\t0\n");
  const auto status = fake.proc().status(Tid{12});
  REQUIRE(status);
  CHECK(status->name == "  x");
  CHECK(status->state == 'Z');
  CHECK_FALSE(fake.proc().peak_memory(Tid{12}));
}

TEST_CASE("procfs: what is gone or was read while it went is gone") {
  const FakeProc fake;
  CHECK(fake.proc().status(Tid{12}).error().gone());
  fake.write("12/status", "");
  CHECK(fake.proc().status(Tid{12}).error().gone());
  CHECK(fake.proc().comm(Tid{13}).error().gone());
}

TEST_CASE("procfs: cmdline") {
  const FakeProc fake;
  fake.write("1/cmdline", "sh\0-c\0\0x y\0"s);
  fake.write("2/cmdline", "");
  fake.write("3/cmdline", "set by the program"s);
  CHECK(*fake.proc().cmdline(Tid{1}) == std::vector<std::string>{"sh", "-c", "", "x y"});
  CHECK(fake.proc().cmdline(Tid{2})->empty());
  CHECK(*fake.proc().cmdline(Tid{3}) == std::vector<std::string>{"set by the program"});
}

TEST_CASE("procfs: single lines and names") {
  const FakeProc fake;
  fake.write("sys/kernel/pid_max", "32768\n");
  fake.write("5/comm", "a\nb\n");
  CHECK(*fake.proc().line("sys/kernel/pid_max") == "32768");
  CHECK(*fake.proc().comm(Tid{5}) == "a\nb");
}
