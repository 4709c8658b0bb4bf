// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::view_of;

TEST_CASE("exec-failed: a process that never became what it wanted") {
  CHECK(view_of("findings", R"(
      10 execed path=/bin/sh argv=sh comm=sh
      10 forked child=11 child_pid=11 how=fork
      11 exec_failed path=/usr/bin/nosuch argv=nosuch err=ENOENT syscall=execve
      11 exec_failed path=/bin/nosuch argv=nosuch err=ENOENT syscall=execve
      11 exited code=127 group=true)") ==
        "note: exec-failed: 11 could not become 'nosuch': No such file or directory.\n"
        "      Check the name, PATH and the permissions.\n");
}

TEST_CASE("exec-failed: who does not end as the shells do is told to") {
  CHECK_THAT(view_of("findings", R"(
      10 forked child=11 child_pid=11 how=fork
      11 exec_failed path=/nonexistent/other argv=other err=ENOENT syscall=execve
      11 exec_failed path=/bin/echX argv=a err=ENOENT syscall=execve
      11 exited code=0 group=true)"),
             test::contains("11 could not become '/bin/echX'") && test::contains("_exit(127)"));
}

TEST_CASE("exec-failed: many who wanted the same are one finding") {
  CHECK(view_of("findings", R"(
      11 exec_failed path=/bin/x argv=x err=EACCES syscall=execve
      11 exited code=126 group=true
      12 exec_failed path=/bin/x argv=x err=EACCES syscall=execve
      12 exited code=126 group=true
      13 exec_failed path=/bin/x argv=x err=EACCES syscall=execve
      13 exited code=126 group=true)") ==
        "note: exec-failed: 11 and 2 other processes could not become '/bin/x': Permission denied.\n"
        "      Check the name, PATH and the permissions.\n");
}

TEST_CASE("exec-failed: a search through PATH that finds it is a success") {
  CHECK(view_of("findings", R"(
      10 exec_failed path=/usr/local/bin/ls argv=ls err=ENOENT syscall=execve
      10 exec_failed path=/usr/bin/ls argv=ls err=EACCES syscall=execve
      10 execed path=/bin/ls argv=ls comm=ls
      10 exited code=0 group=true)")
            .empty());
}

TEST_CASE("exec-failed: nothing is said of one that has not ended, or failed for another reason than its program") {
  CHECK(view_of("findings", "10 exec_failed path=/bin/ls argv=ls err=ENOENT syscall=execve\n").empty());
  CHECK(view_of("findings", R"(
      10 exec_failed path=/bin/ls argv=ls err=EAGAIN syscall=execve
      10 exited code=1 group=true)")
            .empty());
}
