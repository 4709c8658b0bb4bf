// SPDX-License-Identifier: MIT
// The same program under Debian's strace and under kintrace: the same births, execs, ends and waits.
// ECHILD is compared only where it is determined. A shell with a background job asks once more, without blocking, after
// each child it has collected: whether it is told "none left" or "none dead yet" depends on who ended first.
#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

enum class Echild { determined, chance };

// strace looks up PROGRAM itself and execvp(3) is kintrace's: an absolute path is the same to both.
struct Program {
  vector<string> argv;
  Echild echild = Echild::determined;
};

Command command_of(const vector<string>& argv, const string& directory) {
  Command command;
  command.argv = argv;
  command.directory = directory;
  // Not what the developer's own shell makes of them: shims in PATH, make's job server, python's settings.
  command.env = {{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"},   {"MAKEFLAGS", {}}, {"MAKELEVEL", {}}, {"MFLAGS", {}},
                 {"PYTHONPATH", {}},        {"PYTHONHOME", {}}};
  return command;
}

void compare(const Program& program, const string& directory = "/") {
  Scratch scratch;
  const Command alone = command_of(program.argv, directory);
  Command observed = alone;
  observed.argv = {"strace", "-f", "-q", "-o", scratch.path("strace.log"), "-e", "trace=%process"};
  observed.argv.insert(observed.argv.end(), program.argv.begin(), program.argv.end());
  const Outcome by_strace = run(observed);
  const Outcome by_kintrace = run(traced(alone, {"-qq", "-o", scratch.path("kintrace.jsonl")}));
  const string log = read_file(scratch.path("strace.log"));
  INFO("program: " << program.argv.at(0) << " " << (program.argv.size() > 2 ? program.argv.at(2) : ""));
  INFO("strace: " << by_strace.told() << "\n" << log);
  INFO("kintrace: " << by_kintrace.told() << "\n" << read_file(scratch.path("kintrace.jsonl")));
  REQUIRE_FALSE(by_strace.timed_out);
  REQUIRE_FALSE(by_kintrace.timed_out);
  CHECK(by_kintrace.out == by_strace.out);
  CHECK(by_kintrace.status == by_strace.status);
  const Lives expected = lives_in_strace(log);
  const Lives seen = lives_of(events_of(scratch.path("kintrace.jsonl")));
  REQUIRE_FALSE(expected.execs.empty());
  REQUIRE_FALSE(expected.ends.empty());
  CHECK(words(seen.births) == words(expected.births));
  CHECK(words(seen.execs) == words(expected.execs));
  CHECK(words(seen.failed_execs) == words(expected.failed_execs));
  CHECK(words(seen.ends) == words(expected.ends));
  CHECK(seen.thread_ends == expected.thread_ends);
  CHECK(seen.collected == expected.collected);
  if (program.echild == Echild::determined) CHECK(seen.nobody_to_wait_for == expected.nobody_to_wait_for);
}

}  // namespace

TEST_CASE("oracle: shells", "[live]") {
  if (!ptrace_allowed()) return;
  const string shell = GENERATE("/bin/sh", "/bin/bash");
  compare({{shell, "-c", "ls / | sort | head -2"}});
  compare({{shell, "-c", "(exit 3); (exec true); x=$(ls / | wc -l; exit 4); exit $?"}});
  compare({{shell, "-c", "echo $(echo a | cat) `true; false`; if false; then :; else (:); fi"}});
  compare({{shell, "-c", "sleep 0.05 & sleep 0.02 & (exit 7) & wait"}, Echild::chance});
  compare({{shell, "-c", "true & wait $!; for i in 1 2 3; do /bin/true; done"}, Echild::chance});
  compare({{shell, "-c", "nonexistent_program; /; PATH=/nonexistent; true_is_not_here; exit 5"}});
  compare({{shell, "-c", "trap 'exit 9' TERM; kill $$; exit 1"}});
  compare({{shell, "-c", "sh -c 'kill -SEGV $$'; sh -c 'kill $$'; exec sh -c 'kill -KILL $$'"}});
  compare({{shell, "-c", "cat <<X | { read a; echo $a; }\nhere\nX\nwhile read a; do echo $a; done </etc/hostname"}});
}

TEST_CASE("oracle: perl", "[live]") {
  if (!ptrace_allowed()) return;
  compare({{"/usr/bin/perl", "-e", "for (1..5) { fork // die; } wait for 1..6;"}});  // 31 children, each with its own
  compare({{"/usr/bin/perl", "-e", "system('true'); system('exit 3; :'); print `echo a; echo b`; exit $? >> 8"}});
  compare(
      {{"/usr/bin/perl", "-e", "my $p = fork; if (!$p) { kill 9, $$ } waitpid $p, 0; print $? & 127; exec 'true'"}});
  compare({{"/usr/bin/perl", "-e", "$SIG{CHLD} = 'IGNORE'; fork || exit 2 for 1..3; 1 while wait > 0; print $!+0"}});
  compare({{"/usr/bin/perl", "-e",
            "system('no_such_program_here') == -1 or die; open my $f, '-|', 'echo a; cat </dev/null' or die; print "
            "<$f>; close $f"}});
}

TEST_CASE("oracle: python", "[live]") {
  if (!ptrace_allowed()) return;
  const string python = "/usr/bin/python3";
  compare({{python, "-c",
            "import subprocess as s\nfor i in range(4): s.run(['sh', '-c', f'exit {i}'])\nprint(s.check_output('echo a "
            "| cat', shell=True))"}});
  compare({{python, "-c",
            "import subprocess as s\ntry: s.run(['/nonexistent/program'])\nexcept FileNotFoundError: "
            "print('none')\ns.run(['true'], preexec_fn=lambda: None)\ns.run(['true'], start_new_session=True, "
            "close_fds=False)"}});
  compare({{python, "-c",
            "import threading as t\na = [t.Thread(target=sum, args=(range(9),)) for _ in range(20)]\nfor x in a: "
            "x.start()\nfor x in a: x.join()"}});
  compare({{python, "-c",
            "import threading, time, os\nthreading.Thread(target=time.sleep, args=(9,), "
            "daemon=True).start()\nos._exit(6)"}});
  compare({{python, "-c",
            "import threading, os\nthreading.Thread(target=lambda: os.execv('/bin/sh', ['sh', '-c', 'exit "
            "4'])).start()\nthreading.Event().wait()"}});
  compare({{python, "-c",
            "import os\nfor i in range(3):\n  p = os.posix_spawn('/bin/true', ['true'], {})\n  os.waitid(os.P_PID, p, "
            "os.WEXITED | os.WNOWAIT)\n  os.waitpid(p, 0)"}});
}

TEST_CASE("oracle: python's multiprocessing", "[live]") {
  if (!ptrace_allowed()) return;
  // `spawn` imports the program again: it must be a file.
  Scratch scratch;
  const string method = GENERATE("fork", "spawn");
  const string program =
      "import multiprocessing as m, sys\n"
      "def work(q, i): q.put(i * i); sys.exit(i)\n"
      "if __name__ == '__main__':\n"
      "  c = m.get_context(sys.argv[1]); q = c.Queue()\n"
      "  ps = [c.Process(target=work, args=(q, i)) for i in range(3)]\n"
      "  [p.start() for p in ps]; print(sorted(q.get() for p in ps)); [p.join() for p in ps]\n"
      "  print([p.exitcode for p in ps])\n";
  write_file(scratch.path("work.py"), program);
  compare({{"/usr/bin/python3", "-B", scratch.path("work.py"), method}});
}

TEST_CASE("oracle: xargs, env, timeout, setsid, nice, find", "[live]") {
  if (!ptrace_allowed()) return;
  compare({{"/bin/sh", "-c", "printf '%s\\n' 1 2 3 4 5 6 7 | xargs -P2 -n1 sh -c 'exit 0' x"}});
  compare({{"/usr/bin/env", "-i", "PATH=/nonexistent:/usr/bin", "A=b", "env"}});
  compare({{"/usr/bin/env", "no_such_program_here"}});
  compare({{"/usr/bin/timeout", "0.1", "sleep", "9"}});
  compare({{"/usr/bin/timeout", "9", "sh", "-c", "exit 3"}});
  compare({{"/usr/bin/setsid", "-w", "nice", "-n", "1", "sh", "-c", "exit 2"}});
  compare({{"/usr/bin/find", "/etc/hostname", "/etc/passwd", "-exec", "true", "{}", ";"}});
  compare({{"/usr/bin/nohup", "sh", "-c", "(sleep 0.02; exit 1) | (exit 2)"}});
}

TEST_CASE("oracle: make -j2", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  write_file(scratch.path("Makefile"),
             "objects = a.o b.o c.o d.o\n"
             "all: program sub\n"
             "program: $(objects)\n\tcat $(objects) > $@; rm -f $(objects)\n"
             "%.o: ; @echo $* > $@ && test -s $@\n"
             "sub: ; @$(MAKE) --no-print-directory -f other.mk\n"
             ".PHONY: all sub\n");
  write_file(scratch.path("other.mk"), "all: one two ; @:\none two: ; @true | cat\n.PHONY: all one two\n");
  // What is bought with -j2 is a chance order of lines: say nothing.
  compare({{"/usr/bin/make", "-s", "-j2"}, Echild::chance}, scratch.directory());
}

TEST_CASE("oracle: fixtures", "[live]") {
  if (!ptrace_allowed()) return;
  for (const char* name : {"fork_exit", "threads", "exec_from_thread", "exit_group_from_thread", "leader_exits_first",
                           "double_fork_daemon", "vfork_exec", "posix_spawn", "clone_zoo", "zombie_then_wait",
                           "auto_reap", "wait_null", "exec_fails", "killed_by_signal", "wait_interrupted",
                           "unreaped_children", "thread_reaps", "own_session", "fork_many"}) {
    compare({{fixture(name)}});
  }
  compare({{fixture("exec_from_thread"), "gone"}});
  compare({{fixture("double_fork_daemon"), "subreaper"}});
  compare({{fixture("many_threads"), "300"}});
}
