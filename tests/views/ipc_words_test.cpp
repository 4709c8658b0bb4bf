// SPDX-License-Identifier: MIT
// Facts about objects in words.
#include "views/ipc_words.hpp"

#include <fmt/format.h>

#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::stable;
using kintrace::test::view_of;

namespace {

// 10 sh, which has made pipe#1, with its children 11 ls and 12 cat.
constexpr std::string_view family = R"(
    0+10 execed path=/bin/sh argv=sh comm=sh
    1+10 object obj=pipe#1 kind=pipe
    1+10 fd_opened fd=3 obj=pipe#1 end=read how=pipe
    1+10 fd_opened fd=4 obj=pipe#1 end=write how=pipe
    2+10 forked child=11 child_pid=11 how=fork
    3+11 execed path=/bin/ls argv=ls comm=ls
    4+10 forked child=12 child_pid=12 how=fork
    5+12 execed path=/bin/cat argv=cat comm=cat
)";

// The words of the last line.
std::string last_words(std::string_view lines, const ViewOptions& options = {}) {
  const std::string text = view_of("timeline", std::string(family) + std::string(lines), options);
  const std::size_t line = text.rfind('\n', text.size() - 2) + 1;
  const std::size_t name = text.find_first_of("slc", line);  // sh, ls or cat, padded to six columns
  return text.substr(name + 8, text.size() - name - 9);
}

ViewOptions verbose() {
  ViewOptions options;
  options.verbose = true;
  return options;
}

bool told(std::string_view words, std::string_view lines, const ViewOptions& options = {}) {
  return view_of("timeline", std::string(family) + std::string(lines), options).find(words) != std::string::npos;
}

constexpr std::string_view pair_made = R"(
    10 object obj=unix#1 kind=unix
    10 fd_opened fd=5 obj=unix#1 end=both how=socketpair
    10 object obj=unix#2 kind=unix peer=unix#1
    10 fd_opened fd=6 obj=unix#2 end=both how=socketpair
)";

// 12 has neither end of pipe#1.
constexpr std::string_view only_11 = R"(
    12 fd_closed fd=3 obj=pipe#1 end=read
    12 fd_closed fd=4 obj=pipe#1 end=write
)";

}  // namespace

TEST_CASE("ipc words: what makes an object is one line") {
  CHECK(view_of("timeline", std::string(family).substr(0, std::string(family).find("2+10"))) ==
        " 0.000000 ●       10 sh      exec /bin/sh\n"
        " 0.000001 ├       10 sh      pipe#1 made: read fd 3, write fd 4\n");
  CHECK(last_words(pair_made) == "unix#1 and unix#2 made: a pair, fd 5 and fd 6");
  CHECK_FALSE(told("unix#1 made", pair_made));
  CHECK(last_words("10 object obj=inet#1 kind=inet\n10 fd_opened fd=5 obj=inet#1 end=both how=socket") ==
        "inet#1 made: fd 5");
}

TEST_CASE("ipc words: a FIFO that is opened, and how long that waited for its other side") {
  const std::string fifo = "11 object obj=fifo#1 kind=fifo path=/tmp/f\n";
  CHECK(last_words(fifo + "11 fd_opened fd=3 obj=fifo#1 end=read how=open dur=2100000000") ==
        "open fifo#1 /tmp/f for reading: fd 3, waited 2.1 s for a writer");
  CHECK(last_words(fifo + "11 fd_opened fd=3 obj=fifo#1 end=write how=open dur=900000") ==
        "open fifo#1 /tmp/f for writing: fd 3");
  CHECK(last_words("11 object obj=fifo#2 kind=fifo path=\"/\\u001b[2J\"\n"
                   "11 fd_opened fd=3 obj=fifo#2 end=write how=open") == "open fifo#2 $'/\\x1b[2J' for writing: fd 3");
}

TEST_CASE("ipc words: what was there before, and what came by another way") {
  CHECK(last_words("11 object obj=pipe#2 kind=pipe\n11 fd_opened fd=0 obj=pipe#2 end=read how=inherited", verbose()) ==
        "has pipe#2 read end from before: fd 0");
  CHECK_FALSE(told("from before", "11 object obj=pipe#2 kind=pipe\n11 fd_opened fd=0 obj=pipe#2 end=read"));
  CHECK(last_words("11 fd_opened fd=7 obj=unix#2 end=both how=received") == "receives unix#2: fd 7");
  CHECK(last_words("11 fd_opened fd=7 obj=pipe#1 end=write how=pidfd_getfd") == "takes pipe#1 write end: fd 7");
}

TEST_CASE("ipc words: a descriptor is copied") {
  CHECK(last_words("11 fd_duplicated fd=4 to=1 obj=pipe#1 end=write syscall=dup2") ==
        "fd 1 ← pipe#1 write end (dup2 4→1)");
  CHECK(last_words("11 fd_duplicated fd=4 to=9 obj=pipe#1 end=write syscall=fcntl", verbose()) ==
        "fd 9 ← pipe#1 write end (fcntl 4→9)");
  CHECK_FALSE(told("fcntl", "11 fd_duplicated fd=4 to=9 obj=pipe#1 end=write syscall=fcntl"));
}

TEST_CASE("ipc words: a close is worth a line only if it was the last of its end") {
  const std::string ends = std::string(only_11) + "10 fd_closed fd=4 obj=pipe#1 end=write\n";
  CHECK(last_words("11 fd_closed fd=4 obj=pipe#1 end=write", verbose()) == "close fd 4: pipe#1 write end");
  CHECK_FALSE(told("close", ends));
  CHECK(last_words(ends + "11 fd_closed fd=4 obj=pipe#1 end=write last=true") ==
        "close fd 4: last writer of pipe#1 gone: its readers get EOF");
  CHECK(last_words(ends + "11 fd_closed fd=4 obj=pipe#1 end=write how=exec last=true") ==
        "exec closes fd 4 (close-on-exec): last writer of pipe#1 gone: its readers get EOF");
  const std::string readers = std::string(only_11) + "10 fd_closed fd=3 obj=pipe#1 end=read\n";
  CHECK(last_words(readers + "11 fd_closed fd=3 obj=pipe#1 end=read how=replaced last=true") ==
        "fd 3 replaced: last reader of pipe#1 gone: its writers get SIGPIPE");
  CHECK(last_words(std::string(only_11) + "10 fd_closed fd=4 obj=pipe#1 end=write\n"
                                          "11 fd_closed fd=4 obj=pipe#1 end=write last=true\n"
                                          "10 fd_closed fd=3 obj=pipe#1 end=read\n"
                                          "11 fd_closed fd=3 obj=pipe#1 end=read last=true left=120") ==
        "close fd 3: pipe#1 gone, 120 B in it never read");
  CHECK(last_words(std::string(pair_made) + "10 fd_closed fd=6 obj=unix#2 end=both last=true") ==
        "close fd 6: unix#2 gone: unix#1 gets EOF");
}

TEST_CASE("ipc words: a write, with the first of its bytes as C writes them") {
  CHECK(last_words(R"(11 sent obj=pipe#1 fd=4 bytes=120 data="a.out\nMakefile\n" cut=true syscall=write)") ==
        R"(write pipe#1 120 B "a.out\nMakefile\n"…)");
  CHECK(last_words(R"(11 sent obj=pipe#1 fd=4 bytes=3 data="\"\\x5c\u001b" syscall=write)") ==
        R"(write pipe#1 3 B "\"\\\x1b")");
  CHECK(last_words("11 sent obj=pipe#1 fd=4 bytes=0 syscall=write") == "write pipe#1 0 B");
  CHECK(last_words("11 sent obj=pipe#1 fd=4 bytes=9 data=abc cut=true syscall=writev dur=30000000") ==
        R"(writev pipe#1 9 B "abc"…, waited 30 ms)");
  CHECK(last_words("11 sent obj=pipe#1 fd=4 bytes=0 syscall=write unfinished=true") == "write pipe#1 never returned");
}

TEST_CASE("ipc words: of a message as much as was asked for, and no torn character") {
  ViewOptions options;
  options.string_limit = 3;
  CHECK(last_words("11 sent obj=pipe#1 fd=4 bytes=4 data=abcd syscall=write", options) == R"(write pipe#1 4 B "abc"…)");
  CHECK(last_words("11 sent obj=pipe#1 fd=4 bytes=4 data=abä syscall=write", options) == R"(write pipe#1 4 B "ab"…)");
  options.string_limit = 0;
  CHECK(last_words("11 sent obj=pipe#1 fd=4 bytes=4 data=abcd syscall=write", options) == "write pipe#1 4 B");
  const std::string long_one =
      fmt::format("11 sent obj=pipe#1 fd=4 bytes=40 data={} syscall=write", std::string(40, 'x'));
  CHECK(last_words(long_one) == fmt::format(R"(write pipe#1 40 B "{}"…)", std::string(32, 'x')));
  CHECK(last_words(long_one, verbose()) == fmt::format(R"(write pipe#1 40 B "{}")", std::string(40, 'x')));
}

TEST_CASE("ipc words: a read says whose bytes these are, and what they are only if that is not known") {
  CHECK(last_words("12 received obj=pipe#1 fd=3 bytes=120 data=abc cut=true from=1:120:11 syscall=read") ==
        "read pipe#1 120 B, from ls 11");
  CHECK(last_words("12 received obj=pipe#1 fd=3 bytes=120 from=1:60:11,1:60:11 syscall=read dur=2100000000") ==
        "read pipe#1 120 B, from ls 11, waited 2.1 s");
  CHECK(last_words("12 received obj=pipe#1 fd=3 bytes=140 from=1:64:11,1:56:10 order_unknown=true syscall=read") ==
        "read pipe#1 140 B, 64 B from ls 11 and 56 B from sh 10, in unknown order (20 B from before)");
  CHECK(last_words("12 received obj=pipe#1 fd=3 bytes=15 from=1:1:11,1:2:10,1:3:12,1:4:99,1:5:98 syscall=read") ==
        "read pipe#1 15 B, 1 B from ls 11, 2 B from sh 10, 3 B from cat 12 and 2 more");
  CHECK(last_words("12 received obj=pipe#1 fd=3 bytes=3 data=abc syscall=read") == R"(read pipe#1 3 B "abc")");
  CHECK(last_words("12 received obj=pipe#1 fd=3 bytes=3 peeked=true from=1:3:11 syscall=tee") ==
        "tee pipe#1 3 B, which stay there, from ls 11");
}

TEST_CASE("ipc words: the end of a file, and who brought it about") {
  CHECK(last_words("12 received obj=pipe#1 fd=3 eof=true eof_by=11 syscall=read") ==
        "read pipe#1: end of file: ls 11 was the last writer");
  CHECK(last_words("12 received obj=unix#1 fd=3 eof=true eof_by=11 syscall=recvmsg") ==
        "recvmsg unix#1: end of file: ls 11 sends no more");
  CHECK(last_words("12 received obj=pipe#1 fd=3 eof=true syscall=read dur=5000000") ==
        "read pipe#1: end of file, waited 5.0 ms");
}

TEST_CASE("ipc words: what fails, and that only a call that would wait is not worth a line") {
  CHECK(last_words("11 sent obj=pipe#1 fd=4 syscall=write err=EPIPE broken_by=12") ==
        "write pipe#1 failed: EPIPE (Broken pipe): cat 12 was the last reader");
  CHECK(last_words("11 sent obj=unix#1 fd=4 syscall=sendmsg err=EPIPE broken_by=12") ==
        "sendmsg unix#1 failed: EPIPE (Broken pipe): cat 12 reads no more");
  const std::string_view would_wait = "11 received obj=pipe#1 fd=3 syscall=read err=EAGAIN";
  CHECK_FALSE(told("EAGAIN", would_wait));
  CHECK(last_words(would_wait, verbose()) == "read pipe#1 failed: EAGAIN (Resource temporarily unavailable)");
  ViewOptions failed;
  failed.choice.outcomes = {Outcome::failed};
  CHECK(told("EAGAIN", would_wait, failed));
}

TEST_CASE("ipc words: SIGPIPE is told with the write that it comes from, once") {
  const std::string sigpipe = "11 signal_delivered signal=SIGPIPE code=SI_USER from=11 disposition=handler\n";
  const std::string written = "11 sent obj=pipe#1 fd=4 syscall=write err=EPIPE broken_by=12\n";
  CHECK(last_words(written + sigpipe) == "SIGPIPE from its write to pipe#1, which nobody can read: handler");
  CHECK(last_words(written + sigpipe + sigpipe) ==
        "SIGPIPE from itself, as a write that nobody can read sends it: handler");
}

TEST_CASE("ipc words: sockets find each other") {
  const std::string server =
      "10 object obj=unix#1 kind=unix\n10 fd_opened fd=5 obj=unix#1 end=both how=socket\n"
      "10 bound obj=unix#1 fd=5 addr=\"unix\\u0020/run/x\"\n";
  CHECK(last_words(server) == "bind unix#1 to unix /run/x");
  CHECK(last_words("10 bound obj=inet#1 fd=5 addr=0.0.0.0:80 err=EACCES") ==
        "bind inet#1 to 0.0.0.0:80 failed: EACCES (Permission denied)");
  CHECK(last_words(server + "10 listening obj=unix#1 fd=5 addr=\"unix\\u0020/run/x\"") ==
        "listen on unix#1 at unix /run/x");
  const std::string client = server +
                             "11 object obj=unix#2 kind=unix\n11 fd_opened fd=3 obj=unix#2 end=both how=socket\n"
                             "10 object obj=unix#3 kind=unix\n10 fd_opened fd=7 obj=unix#3 end=both how=accept\n";
  CHECK(last_words(client + "11 connected obj=unix#2 fd=3 addr=\"unix\\u0020/run/x\" peer=unix#3") ==
        "connect unix#2 → unix /run/x (unix#3)");
  CHECK(last_words(client + "11 connected obj=unix#2 fd=3 addr=\"unix\\u0020/run/x\" err=ECONNREFUSED") ==
        "connect unix#2 → unix /run/x failed: ECONNREFUSED (Connection refused)");
  CHECK(last_words(client + "10 accepted obj=unix#3 fd=7 listener=unix#1 peer=unix#2") ==
        "accept unix#3: fd 7 ← unix#2 of ls 11");
  CHECK(last_words("11 shut_down obj=unix#1 fd=3 end=write") == "shut down unix#1 for writing: its peer gets EOF");
}

TEST_CASE("ipc words: a wait at an object, and who may end it") {
  CHECK(last_words("12 blocked syscall=read obj=pipe#1 waits_for= dur=2000000") ==
        "read waits for data or EOF on pipe#1 (writers: sh 10, ls 11, itself by fd 4)");
  CHECK(last_words("12 blocked syscall=write obj=pipe#1 waits_for= dur=2000000") ==
        "write waits: pipe#1 is full (readers: sh 10, ls 11, itself by fd 3)");
  CHECK(last_words("12 blocked syscall=openat obj=fifo#1 waits_for= dur=2000000") ==
        "openat waits for the other side of fifo#1");
  CHECK(last_words(std::string(pair_made) + "10 blocked syscall=recvmsg obj=unix#1 waits_for= dur=2000000") ==
        "recvmsg waits for data on unix#1 (peer: itself by fd 6)");
  CHECK(last_words("12 blocked syscall=accept4 obj=unix#1 waits_for= dur=2000000") ==
        "accept4 waits for a connection to unix#1");
  CHECK(last_words("12 blocked syscall=write obj=pipe#1 waits_for= dur=2000") == "write pipe#1 begins");
  CHECK(view_of("timeline", "12 blocked syscall=read obj=pipe#1 waits_for= dur=2000000", stable()).empty());
}

TEST_CASE("ipc words: a death tells which ends were the last") {
  const std::string ends = std::string(only_11) +
                           "10 fd_closed fd=4 obj=pipe#1 end=write\n"
                           "11 fd_closed fd=4 obj=pipe#1 end=write how=exit last=true\n";
  CHECK(last_words(ends + "11 exited code=0 group=true") ==
        "exit 0; memory released; last writer of pipe#1 gone: its readers get EOF; SIGCHLD → 10");
  CHECK_FALSE(told("last writer", ends));
  CHECK(last_words(std::string(only_11) + "10 fd_closed fd=3 obj=pipe#1 end=read\n"
                                          "11 fd_closed fd=3 obj=pipe#1 end=read how=exit last=true\n"
                                          "11 exited code=0 group=true") ==
        "exit 0; memory released; last reader of pipe#1 gone: its writers get SIGPIPE; SIGCHLD → 10");
}

TEST_CASE("ipc words: of many ends that a death closes a few are named") {
  std::string lines;
  for (int i = 2; i <= 7; ++i) {
    lines += fmt::format(
        "11 object obj=pipe#{0} kind=pipe\n11 fd_opened fd={0}0 obj=pipe#{0} end=read how=pipe\n"
        "11 fd_opened fd={0}1 obj=pipe#{0} end=write how=pipe\n",
        i);
  }
  lines += "11 forked child=13 child_pid=13 how=fork\n";
  for (int i = 2; i <= 7; ++i)
    lines += fmt::format(
        "13 fd_closed fd={0}1 obj=pipe#{0} end=write\n11 fd_closed fd={0}1 obj=pipe#{0} end=write how=exit last=true\n",
        i);
  lines += "11 exited code=0 group=true";
  CHECK_THAT(last_words(lines), test::contains("; last writer of pipe#4 gone: its readers get EOF; 3 more such ends;"));
  CHECK_THAT(last_words(lines, verbose()), test::contains("; last writer of pipe#7 gone: its readers get EOF;"));
}

TEST_CASE("ipc words: with --stable a FIFO is named by its path, whoever opens it first") {
  CHECK_THAT(view_of("timeline",
                     "10 execed path=/bin/sh argv=sh comm=sh\n10 object obj=fifo#1 kind=fifo path=/tmp/f\n"
                     "10 fd_opened fd=3 obj=fifo#1 end=write how=open\n",
                     stable()),
             test::contains("  open fifo /tmp/f for writing: fd 3\n"));
}

TEST_CASE("ipc words: with --stable objects are named by their maker, and nothing of chance is told") {
  CHECK(view_of("timeline",
                std::string(family) + std::string(only_11) +
                    "11 fd_duplicated fd=4 to=1 obj=pipe#1 end=write syscall=dup2\n"
                    "11 sent obj=pipe#1 fd=1 bytes=6 data=abcdef syscall=write dur=30000000\n"
                    "11 fd_closed fd=4 obj=pipe#1 end=write last=true\n"
                    "11 fd_closed fd=1 obj=pipe#1 end=write last=true how=exit\n"
                    "11 exited code=0 group=true\n"
                    "12 received obj=pipe#1 fd=3 bytes=6 from=1:6:11 syscall=read dur=30000000\n"
                    "12 received obj=pipe#1 fd=3 eof=true eof_by=11 syscall=read\n",
                stable()) ==
        "p1 sh\n"
        "  exec /bin/sh\n"
        "  p1.pipe#1 made: read fd 3, write fd 4\n"
        "  fork → p1.1\n"
        "  fork → p1.2\n"
        "p1.1 ls\n"
        "  exec /bin/ls\n"
        "  fd 1 ← p1.pipe#1 write end (dup2 4→1)\n"
        "  write 6 B to p1.pipe#1 \"abcdef\"\n"
        "  exit 0\n"
        "p1.2 cat\n"
        "  exec /bin/cat\n"
        "  read 6 B of p1.pipe#1, from p1.1\n"
        "  read p1.pipe#1: end of file\n");
}
