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
  CHECK(status->vm_hwm == 1684 * 1024);
}

TEST_CASE("procfs: a zombie has no memory lines, a name may begin with blanks") {
  const FakeProc fake;
  fake.write("12/status", "Name:\t  x\nState:\tZ (zombie)\nTgid:\t12\nPPid:\t0\n");
  const auto status = fake.proc().status(Tid{12});
  REQUIRE(status);
  CHECK(status->name == "  x");
  CHECK(status->state == 'Z');
  CHECK_FALSE(status->vm_hwm);
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
