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
        "      Check the name, PATH and the permissions; after a failed exec the child must call _exit(127).\n");
}

TEST_CASE("exec-failed: a search through PATH that finds it is a success") {
  CHECK(view_of("findings", R"(
      10 exec_failed path=/usr/local/bin/ls argv=ls err=ENOENT syscall=execve
      10 exec_failed path=/usr/bin/ls argv=ls err=EACCES syscall=execve
      10 execed path=/bin/ls argv=ls comm=ls
      10 exited code=0 group=true)")
            .empty());
}

TEST_CASE("exec-failed: errors that are no mistake in the name are not its business") {
  CHECK(view_of("findings", R"(
      10 exec_failed path=/bin/ls argv=ls err=EAGAIN syscall=execve
      10 exited code=1 group=true)")
            .empty());
}
