// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/events.hpp"

using namespace kintrace;
using kintrace::test::stable;
using kintrace::test::view_of;

namespace {

// Facts about objects with all that a tracee, or whoever wrote the recording, may put into them.
std::string hostile_objects() {
  const std::string esc = "\"\\u001b]0;x\\u0007\"";
  const std::string who = R"(,"seq":9,"t":0,"pid":2,"tid":2,"obj":"unix#1","fd":3)";
  std::string lines = R"({"ev":"object","seq":8,"t":0,"pid":2,"tid":2,"obj":"fifo#1","kind":"fifo","path":)" + esc +
                      "}\n" + R"({"ev":"fd_opened","seq":8,"t":0,"pid":2,"tid":2,"obj":"fifo#1","fd":3,"end":"read",)" +
                      R"("how":"open"})" + "\n";
  for (const char* fact : {"bound", "listening", "connected", "accepted"})
    lines += R"({"ev":")" + std::string(fact) + '"' + who + R"(,"addr":)" + esc + R"(,"listener":"unix#2"})" + "\n";
  for (const char* fact : {"sent", "received"})
    lines +=
        R"({"ev":")" + std::string(fact) + '"' + who + R"(,"bytes":9,"data":)" + esc + R"(,"syscall":)" + esc + "}\n";
  lines += R"({"ev":"blocked","dur":9000000)" + who + R"(,"waits_for":[],"syscall":)" + esc + "}\n";
  return lines + R"({"ev":"fd_duplicated","to":1)" + who + R"(,"end":"both","syscall":)" + esc + "}\n";
}

constexpr std::string_view pipeline = R"(
    0+10 seen how=launched ppid=1 comm=sh argv=sh,-c,ls
    0+10 execed path=/bin/sh argv=sh,-c,ls|wc comm=sh
    100+10 forked child=11 child_pid=11 how=fork
    200+11 execed path=/usr/bin/ls argv=ls comm=ls
    300+11 exited code=0 group=true
    490+10 reaped child=11 code=0 syscall=wait4 zombie_ns=190000
    500+10 exited code=3 group=true)";

}  // namespace

TEST_CASE("timeline: one line an event, with time, lanes, task and words") {
  CHECK(view_of("timeline", pipeline) ==
        " 0.000000 ●       10 sh      exec /bin/sh -c 'ls|wc'\n"
        " 0.000100 ├─╮     10 sh      fork → 11\n"
        " 0.000200 │ ●     11 ls      exec /usr/bin/ls\n"
        " 0.000300 │ ✖     11 ls      exit 0; memory released; SIGCHLD → 10\n"
        " 0.000490 ├─╯     10 sh      wait4 reaped 11 (exit 0), a zombie for 190 µs\n"
        " 0.000500 ✖       10 sh      exit 3; memory released\n");
}

TEST_CASE("timeline: with --stable one section a task and nothing that chance decides") {
  CHECK(view_of("timeline", pipeline, stable()) ==
        "p1 sh\n"
        "  exec /bin/sh -c 'ls|wc'\n"
        "  fork → p1.1\n"
        "  wait4 reaped p1.1 (exit 0)\n"
        "  exit 3\n"
        "p1.1 ls\n"
        "  exec /usr/bin/ls\n"
        "  exit 0\n");
}

TEST_CASE("timeline: with --stable equal neighbours fold") {
  CHECK(view_of("timeline", R"(
            10 execed path=/bin/x argv=x comm=x
            10 wait_failed syscall=wait4 err=ECHILD
            10 wait_failed syscall=wait4 err=ECHILD
            10 wait_failed syscall=wait4 err=ECHILD)",
                stable()) ==
        "p1 x\n"
        "  exec /bin/x\n"
        "  wait4 failed: ECHILD (No child processes) (×3)\n");
}

TEST_CASE("timeline: with --stable signals fold without their number, which is chance") {
  CHECK(view_of("timeline", R"(
            10 signal_delivered signal=SIGUSR1 code=SI_USER from=9 disposition=handler
            10 signal_delivered signal=SIGUSR1 code=SI_USER from=9 disposition=handler)",
                stable()) == "p1 ?\n  SIGUSR1 from an outsider: handler\n");
}

TEST_CASE("timeline: what repeats the line before is counted, and told when something else is") {
  const std::string_view lines = R"(
      10 execed path=/bin/x argv=x comm=x
      10 signal_delivered signal=SIGALRM code=SI_KERNEL disposition=handler
      10 signal_delivered signal=SIGALRM code=SI_KERNEL disposition=handler
      10 signal_delivered signal=SIGALRM code=SI_KERNEL disposition=handler
      10 stopped signal=SIGTSTP
      10 continued
      10 continued)";
  CHECK(view_of("timeline", lines) ==
        " 0.000000 ●       10 x       exec /bin/x\n"
        " 0.001000 ├       10 x       SIGALRM from its timer: handler\n"
        " 0.003000 ├       10 x       … and 2 more like it\n"
        " 0.004000 ├       10 x       stopped by SIGTSTP\n"
        " 0.005000 ├       10 x       continued\n"
        " 0.006000 ├       10 x       continued\n");
  ViewOptions verbose;
  verbose.verbose = true;
  CHECK_THAT(view_of("timeline", lines, verbose), test::contains(" 0.003000 ├       10 x       SIGALRM from its"));
}

TEST_CASE("timeline: every clock") {
  const auto with = [](Clock clock) {
    ViewOptions options;
    options.clock = clock;
    return view_of("timeline", "0+10 execed path=/bin/x argv=x comm=x\n1500+10 exited code=0 group=true\n", options);
  };
  CHECK_THAT(with(Clock::delta), test::contains("\n 0.001500 ✖       10 x"));
  CHECK_THAT(with(Clock::epoch_us), test::contains("\n1000000000.001500 ✖       10 x"));
  CHECK_THAT(with(Clock::of_day_us), test::contains(":40.001500 ✖       10 x"));
  CHECK_THAT(with(Clock::of_day), test::contains(":40 ✖       10 x"));
}

TEST_CASE("timeline: with -T what calls took") {
  ViewOptions options;
  options.call_times = true;
  const std::string text = view_of("timeline", R"(
      10 execed path=/bin/x argv=x comm=x dur=190000
      10 wait_failed syscall=wait4 err=ECHILD dur=4000
      10 stopped signal=SIGSTOP
      10 blocked syscall=pause waits_for= dur=9000
      10 wait_failed syscall=waitid unfinished=true
      10 exited code=0 group=true)",
                                   options);
  CHECK_THAT(text, test::contains("exec /bin/x <0.000190>\n"));
  CHECK_THAT(text, test::contains("wait4 failed: ECHILD (No child processes) <0.000004>\n"));
  CHECK_THAT(text, test::contains("stopped by SIGSTOP\n"));
  CHECK_THAT(text, test::contains("pause waits\n"));
  CHECK_THAT(text, test::contains("waitid never returned\n"));
  CHECK_THAT(text, test::contains("exit 0; memory released\n"));
}

TEST_CASE("timeline: threads show their group, columns widen as they must") {
  CHECK(view_of("timeline", R"(
            0+10 execed path=/bin/x argv=x comm=x
            1+10 forked child=11 child_pid=10 how=thread
            2+11/10 exited code=0)") ==
        " 0.000000 ●       10 x       exec /bin/x\n"
        " 0.000001 ├─╮     10 x       thread → 11\n"
        " 0.000002 │ ✖     10/11 x       thread ended\n");
}

TEST_CASE("timeline: a recording cut short leaves its lanes as they are") {
  test::Run run = test::read(test::recording_of(pipeline));
  run.events.resize(4);
  run.end.reset();
  CHECK_THAT(view_of("timeline", run), test::contains("exec /usr/bin/ls\nthe recording is cut off here\n"));
}

TEST_CASE("timeline: no control byte of a tracee reaches the terminal") {
  const std::string run =
      "{\"kintrace\":1,\"version\":\"\\u001b[2J\"}\n"
      "{\"ev\":\"execed\",\"seq\":1,\"t\":0,\"pid\":1,\"tid\":1,\"path\":\"/"
      "\\u001b]0;x\\u0007\",\"argv\":[\"\\u009b31m\",\"a\\nb\\\\xff\"],"
      "\"comm\":\"\\r\\u001b[A\"}\n"
      "{\"ev\":\"failed\",\"seq\":2,\"t\":0,\"pid\":1,\"tid\":1,\"syscall\":\"\\u001b[31m\",\"err\":\"EAGAIN\"}\n"
      "{\"ev\":\"set\",\"seq\":3,\"t\":0,\"pid\":1,\"tid\":1,\"what\":\"\\u001b[31m\",\"value\":\"\\u001b[31m\"}\n"
      "{\"ev\":\"signal_delivered\",\"seq\":4,\"t\":0,\"pid\":1,\"tid\":1,\"signal\":\"SIGHUP\",\"from\":1,"
      "\"code\":\"\\u001b\",\"disposition\":\"default\",\"interrupts\":\"\\u001b\"}\n"
      "{\"ev\":\"blocked\",\"seq\":5,\"t\":0,\"pid\":1,\"tid\":1,\"syscall\":\"\\u001b\",\"waits_for\":[1]}\n"
      "{\"ev\":\"foreground\",\"seq\":6,\"t\":0,\"pid\":1,\"tid\":1,\"pgid\":1,\"tty\":\"\\u001b\"}\n"
      "{\"ev\":\"detached\",\"seq\":7,\"t\":0,\"pid\":1,\"tid\":1,\"why\":\"\\u001b\"}\n" +
      hostile_objects();
  for (const char* view : {"timeline", "tree", "findings", "summary"}) {
    for (const bool stable : {false, true}) {
      ViewOptions options;
      options.stable = stable;
      options.verbose = true;
      for (const char c : view_of(view, test::read(run), options)) {
        CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
      }
    }
  }
}

TEST_CASE("timeline: on a terminal long lines wrap under their own column, beside the lanes") {
  ViewOptions options;
  options.width = 60;
  CHECK(view_of("timeline",
                "0+10 execed path=/bin/echo argv=echo,one,two,three,four,five,six,seven,eight,nine,ten comm=echo\n"
                "1+10 forked child=11 child_pid=11 how=vfork flags=CLONE_VM,CLONE_VFORK\n"
                "2+11 exited code=0 group=true\n",
                options) ==
        " 0.000000 ●   10 echo    exec /bin/echo one two three four\n"
        "          │              five six seven eight nine ten\n"
        " 0.000001 ├─╮ 10 echo    vfork → 11, borrows the memory\n"
        "          │ │            until its exec or end\n"
        " 0.000002 │ ✖ 11 echo    exit 0; memory given back to 10;\n"
        "          │ ┊            SIGCHLD → 10\n");
}

TEST_CASE("timeline: colour is by task, in its lane and on its line") {
  ViewOptions options;
  options.color = true;
  const std::string text = view_of("timeline", pipeline, options);
  CHECK_THAT(text, test::contains("\x1b[38;5;32m├\x1b[0m\x1b[38;5;166m─╮\x1b[0m"));
  CHECK_THAT(text, test::contains("\x1b[38;5;166m11 ls    \x1b[0m"));
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b')
      at = text.find('m', at);
    else
      plain += text[at];
  }
  CHECK(plain == view_of("timeline", pipeline));
}
