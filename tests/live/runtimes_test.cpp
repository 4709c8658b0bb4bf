// SPDX-License-Identifier: MIT
// Programs with a runtime of their own, which uses threads and signals in ways that nobody writes by hand: Go, Java.
// And programs that trace themselves, which cannot be had twice.
#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/lives.hpp"
#include "support/run.hpp"
#include "support/same.hpp"

using namespace kintrace::test;
using std::string;
using std::vector;

namespace {

bool installed(const string& program) {
  if (run({{"sh", "-c", "command -v \"$1\" >/dev/null", "sh", program}}).code() == 0) return true;
  WARN("SKIPPED: " << program << " is not installed");
  return false;
}

const char* const go_program = R"(package main
import ("fmt"; "os"; "os/exec"; "os/signal"; "runtime"; "sync"; "syscall")
func main() {
  var all sync.WaitGroup
  results := make([]int, 40)
  for i := range results {
    all.Add(1)
    go func(i int) {
      defer all.Done()
      runtime.LockOSThread()
      if i % 8 == 0 {
        err := exec.Command("sh", "-c", fmt.Sprint("exit ", i)).Run()
        if exit, is := err.(*exec.ExitError); is { results[i] = exit.ExitCode() }
        return
      }
      runtime.UnlockOSThread()
      results[i] = i
    }(i)
  }
  all.Wait()
  fmt.Println(results)
  got := make(chan os.Signal, 9)
  signal.Notify(got, syscall.SIGUSR1, syscall.SIGWINCH)
  for _, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGWINCH} {
    syscall.Kill(os.Getpid(), s)
    fmt.Println(<-got)
  }
  out, _ := exec.Command("sh", "-c", "read x; echo got $x").CombinedOutput()
  fmt.Print(string(out))
  os.Exit(7)
}
)";

const char* const java_program = R"(
public class Probe {
  public static void main(String[] arguments) throws Exception {
    int[] results = new int[20];
    Thread[] threads = new Thread[results.length];
    for (int i = 0; i < threads.length; ++i) {
      final int n = i;
      threads[i] = new Thread(() -> { for (int k = 0; k < 1000; ++k) results[n] += n; });
      threads[i].start();
    }
    int sum = 0;
    for (int i = 0; i < threads.length; ++i) { threads[i].join(); sum += results[i]; }
    System.out.println(sum);
    Process child = new ProcessBuilder("sh", "-c", "echo from a child; exit 3").start();
    System.out.print(new String(child.getInputStream().readAllBytes()));
    System.out.println(child.waitFor());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
    Object nothing = arguments.length == 0 ? null : arguments;
    try { nothing.hashCode(); } catch (NullPointerException e) { System.out.println("caught"); }
    System.exit(7);
  }
}
)";

}  // namespace

TEST_CASE("runtimes: Go", "[live]") {
  if (!ptrace_allowed() || !installed("go")) return;
  Scratch scratch;
  write_file(scratch.path("probe.go"), go_program);
  const Outcome built =
      run({.argv = {"go", "build", "-o", scratch.path("probe"), scratch.path("probe.go")},
           .env = {{"GOCACHE", scratch.path("cache")}, {"HOME", scratch.directory()}, {"GO111MODULE", "off"}},
           .directory = scratch.directory()});
  INFO(built.told());
  REQUIRE(built.code() == 0);
  const Recorded found = same({{scratch.path("probe")}});
  CHECK(found.end->code == 7);
  const Lives lives = lives_of(found.events);
  CHECK(lives.births.at("thread") >= 3);
  CHECK(lives.collected == 6);
}

TEST_CASE("runtimes: Java", "[live]") {
  if (!ptrace_allowed() || !installed("java") || !installed("javac")) return;
  Scratch scratch;
  write_file(scratch.path("Probe.java"), java_program);
  const Outcome built = run({{"javac", "-d", scratch.directory(), scratch.path("Probe.java")}});
  INFO(built.told());
  REQUIRE(built.code() == 0);
  const Recorded found =
      same({{"java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", scratch.directory(), "Probe"}});
  CHECK(found.end->code == 7);
  const Lives lives = lives_of(found.events);
  CHECK(lives.births.at("thread") >= 20);
  CHECK(words(lives.ends).find("exit 3 ×1") != string::npos);
}

TEST_CASE("runtimes: kintrace under kintrace says why it cannot", "[live]") {
  if (!ptrace_allowed()) return;
  for (const vector<string>& outer :
       vector<vector<string>>{{KINTRACE, "-qq"}, {"strace", "-f", "-q", "-o", "/dev/null"}}) {
    if (!installed(outer[0])) continue;
    Scratch scratch;
    Command command{outer};
    command.argv.insert(command.argv.end(), {KINTRACE, "touch", scratch.path("ran")});
    command.env = {{"ASAN_OPTIONS", "detect_leaks=0"}};  // the leak checker cannot be traced
    const Outcome outcome = run(command);
    INFO(outer[0] << ": " << outcome.told());
    CHECK(outcome.code() == 125);
    CHECK(outcome.err.find("kintrace: cannot trace the program") != string::npos);
    CHECK(outcome.err.find("it is traced already, by " + (outer[0] == "strace" ? outer[0] : "kintrace")) !=
          string::npos);
    CHECK_FALSE(std::filesystem::exists(scratch.path("ran")));
  }
}

TEST_CASE("runtimes: other tracers under kintrace say so and fail", "[live]") {
  if (!ptrace_allowed()) return;
  for (const vector<string>& argv : vector<vector<string>>{{"strace", "-o", "/dev/null", "true"},
                                                           {"gdb", "-nx", "-batch", "-ex", "run", "/bin/true"}}) {
    if (!installed(argv[0])) continue;
    const Outcome outcome = run(traced({argv}, {"-qq"}));
    INFO(argv[0] << ": " << outcome.told());
    CHECK_FALSE(outcome.timed_out);
    CHECK(outcome.err.find("Operation not permitted") != string::npos);
  }
}
