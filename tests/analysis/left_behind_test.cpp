// SPDX-License-Identifier: MIT
// What a run has made and not removed.
#include <string>

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::view_of;

namespace {

constexpr std::string_view made = R"(
    10 execed path=/bin/sh argv=sh comm=sh
    10 object obj=sysv_sem#1 kind=sysv_sem key=0 ipcid=5
    10 object obj=sysv_msg#1 kind=sysv_msg key=0 ipcid=6
    10 object obj=posix_shm#1 kind=posix_shm inode=7 path=/dev/shm/x
    10 object obj=fifo#1 kind=fifo inode=8 path=/tmp/f
    10 exited code=0 group=true
)";

std::string findings(const std::string& lines) { return view_of("findings", std::string{made} + lines); }

}  // namespace

TEST_CASE("left behind: nothing, and nothing is said") { CHECK(findings("").empty()); }

TEST_CASE("left behind: System V objects, with the commands that remove them") {
  CHECK(findings("10 left_behind obj=sysv_sem#1\n10 left_behind obj=sysv_msg#1 inside=2\n") ==
        "note: sysv-leftover: 10 made a semaphore set and a message queue (System V) that are still there, with 2 "
        "messages inside.\n"
        "      Remove them with semctl(IPC_RMID) and msgctl(IPC_RMID), or by hand:\n"
        "        ipcrm -s 5\n"
        "        ipcrm -q 6\n");
}

TEST_CASE("left behind: what has a path, quoted for a shell") {
  CHECK(findings("10 left_behind obj=posix_shm#1 path=/dev/shm/x\n10 left_behind obj=fifo#1 path=/tmp/a\\x20b\n") ==
        "note: posix-leftover: 10 made a shared memory object (POSIX) that is still there.\n"
        "      Remove it with shm_unlink(), or by hand:\n"
        "        rm /dev/shm/x\n"
        "note: fifo-left: 10 made a FIFO that is still there.\n"
        "      Remove it with unlink(), or by hand:\n"
        "        rm '/tmp/a b'\n");
}

TEST_CASE("left behind: many are counted, and the first are named") {
  std::string lines;
  for (int i = 1; i <= 40; ++i) {
    const std::string number = std::to_string(i);
    lines += "11/11 object obj=sysv_shm#" + number + " kind=sysv_shm key=0 ipcid=" + number + "\n";
    lines += "11/11 left_behind obj=sysv_shm#" + number + "\n";
  }
  const std::string text = findings(lines);
  CHECK(text.find("40 segments") != std::string::npos);
  CHECK(text.find("ipcrm -m 16\n") != std::string::npos);
  CHECK(text.find("ipcrm -m 17\n") == std::string::npos);
}
