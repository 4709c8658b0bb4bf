// SPDX-License-Identifier: MIT
// Programs of many kinds, alone and traced: same output, same errors, same status, and a recording that is whole. What
// they print is determined: no numbers of processes, no times, no order that chance decides. One that is not installed
// is passed over, and said.
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

// `needs`: what must be in PATH, else it is argv[0]. Each runs in an empty directory of its own, twice.
struct Program {
  vector<string> argv;
  string input = {};
  string needs = {};
};

bool installed(const string& program) {
  if (program.find('/') != string::npos) return true;
  if (run({{"sh", "-c", "command -v \"$1\" >/dev/null", "sh", program}}).code() == 0) return true;
  WARN("SKIPPED: " << program << " is not installed");
  return false;
}

void compare(const vector<Program>& programs, const vector<string>& options = {}) {
  for (const Program& program : programs) {
    if (!installed(program.needs.empty() ? program.argv.at(0) : program.needs)) continue;
    Scratch scratch;
    // Each starts from nothing: what it leaves behind is for itself.
    const string in_new_directory = "mkdir d && cd d && \"$@\"; s=$?; cd .. && rm -rf d; exit $s";
    Command command{{"sh", "-c", in_new_directory, "sh"}};
    command.argv.insert(command.argv.end(), program.argv.begin(), program.argv.end());
    command.input = program.input;
    command.directory = scratch.directory();
    command.env = {
        {"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}, {"MAKEFLAGS", {}}, {"MAKELEVEL", {}}, {"PYTHONPATH", {}}};
    same(command, options);
  }
}

Program bash(const string& script, const string& input = {}) { return {{"bash", "-c", script}, input, {}}; }
Program sh(const string& script, const string& input = {}) { return {{"sh", "-c", script}, input, {}}; }
Program perl(const string& script) { return {{"perl", "-e", script}, {}, {}}; }
Program python(const string& script) { return {{"/usr/bin/python3", "-c", script}, {}, "python3"}; }

const string poem = "the trace\nof a\nprocess\nthe end\n";

}  // namespace

TEST_CASE("differential: sh", "[live]") {
  if (!ptrace_allowed()) return;
  compare({
      sh("echo a; (echo b; exit 3); echo $?; exit 4"),
      sh("for i in 1 2 3; do echo $i | cat; done | tr 1-3 a-c"),
      sh("cat <<X\nhere $(echo is)\nX\ncat <<'Y' | wc -l\n$none\nof this\nY"),
      sh("trap 'echo got TERM; exit 5' TERM; kill $$; echo not here"),
      sh("trap 'echo end' EXIT; exit 6"),
      sh("{ sleep 9 & kill $!; wait $!; } 2>/dev/null; echo $?"),  // says "Terminated" or not, as it comes
      sh("exec 3>&1; (echo to three >&3) | cat; exec 3>&-; echo x >&3"),
      sh("set -e; false | true; echo on; false; echo not here"),
      sh("f() { return 7; }; f; echo $?; (f) ; echo $?; ulimit -n 99; ulimit -n; umask 077; umask"),
      sh("nonexistent; echo $?; /; echo $?; ./x; echo $?; : >x; ./x; echo $?"),
      sh("while read -r a b; do echo \"$b:$a\"; done", poem),
      sh("kill -0 $$; echo $?; kill -0 99999999; echo $?"),
      sh("x=$(exit 9); echo $?; echo `exit 8`; echo $?; ! true; echo $?"),
      sh("mkfifo p; (echo through >p) & cat p; wait"),
      sh("trap '' PIPE; yes 2>/dev/null | head -1; yes | sed 2q"),
  });
}

TEST_CASE("differential: bash, with jobs, coprocesses and substitutions", "[live]") {
  if (!ptrace_allowed()) return;
  compare({
      bash("set -m; sh -c 'exit 4' & wait $!; echo $?; (exit 5) | true; echo ${PIPESTATUS[@]}"),
      // When bash writes of a stopped job by itself is chance.
      bash("exec 2>/dev/null; set -m; sleep 99 & kill -STOP $!; while [[ $(jobs) != *Stopped* ]]; do :; done; jobs; "
           "kill -KILL %1"),
      bash("exec 2>/dev/null; set -m; (kill -STOP $BASHPID; exit 6) & while [[ $(jobs) != *Stopped* ]]; do :; done; fg "
           "%1 >/dev/null; "
           "echo $?"),
      bash("coproc tr a-z A-Z; echo through >&${COPROC[1]}; exec {COPROC[1]}>&-; cat <&${COPROC[0]}; wait"),
      bash("cat <(echo a) <(echo b; exit 2); diff <(seq 3) <(seq 4); echo $?"),
      bash("echo x > >(cat; echo done) ; wait $!; echo $?"),
      bash("trap 'echo chld' CHLD; (exit 1); /bin/true; trap - CHLD; (exit 2); echo $?"),
      bash("trap 'echo usr1' USR1; for i in 1 2 3; do kill -USR1 $$; done; (kill -USR1 $$); echo end"),
      bash("trap 'echo err $?' ERR; false; (exit 9); true"),
      bash("set -o pipefail; false | cat; echo $?; true | (exit 3) | cat; echo $? ${PIPESTATUS[*]}"),
      bash("shopt -s lastpipe; echo in | read x; echo $x; mapfile -t a < <(seq 3); echo ${a[@]}"),
      bash("wait -n; echo $?; (exit 3) & wait -n; echo $?; sleep 99 & disown; kill $!; jobs"),
      bash("timeout --foreground 0.1 bash -c 'trap \"echo asked; exit 3\" TERM; while :; do :; done'; echo $?"),
      bash("exec 5<>/dev/null; ls /proc/self/fd | wc -l; exec bash -c 'ls /proc/self/fd | wc -l; echo $SHLVL'"),
      bash("mkfifo f; read -t 0.05 x <>f; echo $(($? > 128)); read -n 3 y <<<abcdef; echo $y"),
      bash("exec 2>/dev/null; ulimit -c 0; bash -c 'kill -SEGV $$'; echo $?; (ulimit -t 1; exec -a nick bash -c 'echo "
           "$0')"),
  });
}

TEST_CASE("differential: perl", "[live]") {
  if (!ptrace_allowed()) return;
  compare({
      perl("$SIG{CHLD} = sub { $n++ while waitpid(-1, 1) > 0 }; for (1..9) { my $m = $n; fork || exit; select undef, "
           "undef, undef, 0.01 while $n == $m } print \"$n\\n\""),
      perl("$SIG{ALRM} = sub { die \"alarm\\n\" }; alarm 1; eval { sleep 9 while 1 }; print $@"),
      perl(
          "pipe R, W; if (fork) { close W; print while <R>; wait; print $? >> 8 } else { close R; print W \"x\\n\" for "
          "1..3; exit 7 }"),
      perl("print `echo a; exit 3`, $? >> 8, \"\\n\"; print system('exit 4') >> 8, \"\\n\"; print "
           "system('/nonexistent'), "
           "\"\\n\""),
      perl("open my $f, '|-', 'sort -r' or die; print $f \"$_\\n\" for 1..3; close $f; print $?"),
      perl(
          "use Socket; socketpair A, B, AF_UNIX, SOCK_STREAM, 0; if (!fork) { syswrite B, 'x' x 70000; exit } close B; "
          "1 while sysread A, $b, 9999, length $b; print length $b"),
      perl("$SIG{$_} = sub { $h{$_[0]}++ } for qw(USR1 USR2 WINCH CONT); kill $_, $$ for qw(USR1 WINCH CONT USR1); "
           "print "
           "map \"$_ $h{$_}\\n\", sort keys %h"),
      perl("if (!($p = fork)) { kill 'STOP', $$; exit 3 } use POSIX; waitpid $p, WUNTRACED; print WIFSTOPPED($?), "
           "WSTOPSIG($?); kill 'CONT', $p; waitpid $p, 0; print $? >> 8"),
      perl("print getppid == getppid, getpgrp == getpgrp(0), \"\\n\"; use POSIX; print POSIX::setsid() == $$"),
      perl("exec {'/bin/sh'} 'renamed', '-c', 'echo $0; exit 5'"),
      perl("local $SIG{PIPE} = sub { print STDERR \"pipe\\n\"; exit 2 }; pipe R, W; close R; syswrite W, 'x'"),
      perl("use Fcntl ':flock'; open F, '>l'; flock F, LOCK_EX; if (!fork) { open G, '>l'; print flock(G, LOCK_EX | "
           "LOCK_NB) ? 1 : 0; exit } wait"),
  });
}

TEST_CASE("differential: python", "[live]") {
  if (!ptrace_allowed()) return;
  compare({
      python("import subprocess as s\nprint(s.run(['sh','-c','echo a; echo b >&2; exit 3'], "
             "capture_output=True))\nprint(s.run('exit 4', shell=True).returncode)"),
      python(
          "import subprocess as s\np = s.Popen(['sleep', '99'])\np.terminate()\nprint(p.wait())\ntry: s.run(['sleep', "
          "'99'], timeout=.1)\nexcept s.TimeoutExpired: print('late')"),
      python(
          "import threading as t\nq=[]\nl=t.Lock()\ndef f(i):\n  with l: q.append(i)\na=[t.Thread(target=f,args=(i,)) "
          "for i in range(30)]\n[x.start() for x in a]; [x.join() for x in a]\nprint(sorted(q))"),
      python("import multiprocessing as m\nwith m.get_context('fork').Pool(3) as p: print(p.map(abs, range(-9, 0)))"),
      python("import signal as s, os\nn=[]\nfor k in (s.SIGUSR1, s.SIGWINCH): s.signal(k, lambda *a: "
             "n.append(a[0].numerator))\nos.kill(os.getpid(), s.SIGUSR1); os.kill(os.getpid(), s.SIGWINCH)\nprint(n)"),
      python("import signal as s, time\ns.signal(s.SIGALRM, lambda *a: print('alarm'))\ns.setitimer(s.ITIMER_REAL, "
             ".05)\ns.pause()\ns.pthread_sigmask(s.SIG_BLOCK, "
             "[s.SIGALRM])\ns.alarm(1)\nprint(s.sigwait([s.SIGALRM]).name)"),
      python("import asyncio\nasync def f():\n  p = await asyncio.create_subprocess_exec('sh', '-c', 'read x; echo $x; "
             "exit "
             "3', stdin=-1, stdout=-1)\n  print(await p.communicate(b'hi\\n'), p.returncode)\nasyncio.run(f())"),
      python("import select, os\nr,w=os.pipe()\ne=select.epoll()\ne.register(r,1)\nif os.fork()==0:\n  os.fork() or "
             "os._exit(0)\n  os.write(w,b'x'); os._exit(0)\nprint(len(e.poll(9)))\nprint(os.wait()[1])"),
      python("import os\nr=os.fork()\nif not r: os.execv('/nonexistent', ['x']) if 0 else os._exit(9)\nprint(os.waitid("
             "os.P_PID, r, os.WEXITED).si_status)"),
      python(
          "import concurrent.futures as c\nwith c.ThreadPoolExecutor(4) as p: print(sum(p.map(len, ['a','bb'] * 50)))"),
      python("import socket,threading\ns=socket.create_server(('127.0.0.1',0))\ndef f(): "
             "c=socket.create_connection(s.getsockname()); c.send(b'hi'); "
             "c.close()\nthreading.Thread(target=f).start()\nprint(s.accept()[0].recv(9))"),
      python("import os, sys\nos.setsid() if os.fork() == 0 else sys.exit(os.wait()[1] >> 8)\nprint(os.getsid(0) == "
             "os.getpid(), flush=True)\nos._exit(3)"),
      python("import sys, faulthandler\nraise SystemExit('bye')"),
      python("import os, resource\nresource.setrlimit(resource.RLIMIT_CORE, (1, 1))\nos.abort()"),
  });
}

TEST_CASE("differential: tools that start others", "[live]") {
  if (!ptrace_allowed()) return;
  compare({
      {{"xargs", "-n1", "-P1", "echo", "arg"}, "a b c\n", {}},
      {{"xargs", "sh", "-c", "exit 255"}, "a\n", {}},
      {{"find", "/etc/hostname", "/etc/passwd", "-exec", "basename", "{}", ";"}, {}, {}},
      {{"timeout", "0.1", "sleep", "9"}, {}, {}},
      {{"timeout", "-s", "KILL", "0.1", "sleep", "9"}, {}, {}},
      {{"timeout", "--foreground", "9", "sh", "-c", "exit 3"}, {}, {}},
      {{"setsid", "-w", "sh", "-c", "exit 4"}, {}, {}},
      {{"nohup", "sh", "-c", "kill -HUP $$; echo alive"}, {}, {}},
      {{"env", "-i", "A=b", "/usr/bin/env"}, {}, {}},
      {{"nice", "-n", "5", "nice"}, {}, {}},
      {{"flock", "lock", "sh", "-c", "echo locked; exit 2"}, {}, {}},
      {{"script", "-qec", "echo on a terminal; tty | cut -c1-8; exit 3", "/dev/null"}, {}, {}},
      {{"stdbuf", "-oL", "cat"}, poem, {}},
      sh("printf 'all: a b\\n\\t@echo all; exit 3\\na b:\\n\\t@echo $@ | cat\\n' >Makefile; make -s"),
      {{"make", "-s", "-j3", "-f", "-"}, "all: a b c d\n\t@cat a b c d\na b c d:\n\t@echo $@ > $@\n", {}},
      {{"tar", "-C", "/etc", "-czf", "-", "--to-stdout", "passwd"}, {}, {}},
      sh("tar -C /etc -czf x.tgz hostname passwd && tar -tzf x.tgz && tar -xzOf x.tgz hostname | wc -l"),
      sh("seq 200000 | sort -rn --parallel=2 -S 1M | head -2"),
      {{"awk",
        "BEGIN { \"echo a\" | getline x; print x; print \"z\\ny\" | \"sort\"; close(\"sort\"); exit system(\"exit 3\") "
        "}"},
       {},
       {}},
      {{"sed", "-n", "/of/{s/a/b/p};$="}, poem, {}},
      {{"sed", "1e echo first"}, poem, {}},
      {{"grep", "-c", "the"}, poem, {}},
      sh("dd if=/dev/zero bs=1k count=64 2>/dev/null | gzip | gzip -dc | cksum"),
      sh("yes | dd bs=4k count=3 iflag=fullblock 2>/dev/null | wc -c; seq 9 | tee a b | wc -l; cmp a b"),
      {{"ed", "-s"}, "a\nx\n.\n!echo from ed\n,p\nQ\n", {}},
      {{"bc"}, "2^70\n", {}},
      {{"tclsh"}, "puts [exec echo a | cat]\nputs [catch {exec false}]\n", {}},
      {{"node", "-e",
        "const c = require('child_process'); console.log(c.execSync('echo a').toString()); c.spawn('sh', "
        "['-c', 'exit 3']).on('exit', (code) => process.exit(code))"},
       {},
       {}},
  });
}

TEST_CASE("differential: fixtures that look at what tracing might disturb", "[live]") {
  if (!ptrace_allowed()) return;
  compare({
      {{fixture("probe")}, {}, {}},
      sh("set -m; " + fixture("probe") + " & wait; exec " + fixture("probe")),
      {{"nice", "-n", "7", fixture("probe")}, {}, {}},
      {{"setsid", "-w", fixture("probe")}, {}, {}},
      sh("bash -ic '" + fixture("probe") + "; exit 3' 2>&-"),
      {{fixture("storm"), "forks", "5"}, {}, {}},
      {{fixture("storm"), "threads", "20"}, {}, {}},
      {{fixture("storm"), "execs", "10"}, {}, {}},
      {{fixture("storm"), "vforks", "20"}, {}, {}},
      {{fixture("storm"), "stops", "20"}, {}, {}},
  });
}

TEST_CASE("differential: whatever is shown", "[live]") {
  if (!ptrace_allowed()) return;
  Scratch scratch;
  for (const vector<string>& options : vector<vector<string>>{{"-v"},
                                                              {"-e", "all", "--stable"},
                                                              {"-v", "-e", "all", "-o", scratch.path("all.txt")},
                                                              {"-e", "signal", "-o", scratch.path("signals.txt")}}) {
    compare({{{fixture("probe")}, {}, {}},
             sh("trap 'echo got' USR1; kill -USR1 $$; (exit 3) & wait $!; echo $?"),
             bash("set -m; sleep 9 & kill %1; wait %1; echo $?"),
             {{fixture("siginfo_arrives")}, {}, {}},
             {{fixture("storm"), "stops", "3"}, {}, {}}},
            options);
  }
}
