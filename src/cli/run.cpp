// SPDX-License-Identifier: MIT
#include "cli/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "cli/first_words.hpp"
#include "cli/self_check.hpp"
#include "cli/story.hpp"
#include "kintrace/error.hpp"
#include "os/procfs.hpp"
#include "os/program.hpp"
#include "sources/launch.hpp"
#include "sources/recording.hpp"
#include "syscalls/watch.hpp"
#include "version.hpp"

namespace kintrace::cli {
namespace {

constexpr int failed_status = 125;

std::optional<std::int64_t> number(const Result<std::string>& text) {
  std::int64_t value = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) return {};
  return value;
}

RunHeader header_for(const Options& options) {
  const os::Procfs proc;
  utsname system{};
  ::uname(&system);
  RunHeader header;
  header.version = version;
  header.boot_id = proc.line("sys/kernel/random/boot_id").value_or({});
  header.kernel = system.release;
  header.arch = system.machine;
  header.command = options.program;
  header.options = options.given;
  header.trace = options.trace;
  header.mode = "launched";
  header.user = ::geteuid();
  header.pid_max = number(proc.line("sys/kernel/pid_max"));
  header.clk_tck = ::sysconf(_SC_CLK_TCK);
  return header;
}

sources::EngineOptions engine_options(const Options& options) {
  sources::EngineOptions engine;
  engine.header = header_for(options);
  engine.choice = options.choice;
  engine.restart_repair = options.restart_repair;
  engine.detach_on_exec = options.detach_on_exec;
  engine.kill_on_exit = options.kill_on_exit;
  engine.timeout = options.timeout;
  engine.data = options.string_limit.value_or(engine.data);
  engine.without_row = options.self_check_without;
  return engine;
}

std::vector<syscalls::Watched> watched_calls(const Options& options) {
  return syscalls::watched(options.choice, options.restart_repair ? syscalls::Repairs::yes : syscalls::Repairs::no);
}

os::SeccompFilter filter_of(const Options& options) {
  std::vector<os::FilteredCall> calls;
  for (const syscalls::Watched& call : watched_calls(options)) calls.push_back({call.name, call.only});
  return os::SeccompFilter::of(calls);
}

os::Program program_of(const Options& options) {
  os::Program program;
  program.argv = options.program;
  program.environment = options.environment;
  if (options.seccomp) program.filter = filter_of(options);
  if (options.user) program.user = os::user_named(*options.user);
  return program;
}

// For bench/: what it cost.
void write_debug_figures(const sources::Launched::Figures& figures) {
  const char* path = std::getenv("KINTRACE_DEBUG_STOPS");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  if (path == nullptr) return;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto nanoseconds = [](const timeval& time) { return time.tv_sec * 1'000'000'000 + time.tv_usec * 1'000; };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(path, "we"), &std::fclose};
  if (file)
    fmt::print(file.get(), "stops {} events {} cpu_ns {} queue_spilled {}\n", figures.stops, figures.events,
               nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime), figures.spilled);
}

// Outputs are opened by the tracer: with -D that is another process than this, from step_aside on.
int trace(const Options& options) {
  sources::LaunchPlan plan;
  plan.program = program_of(options);
  std::optional<sources::SteppedAside> aside;
  if (options.place != TracerPlace::under_face) {
    const bool session = options.place == TracerPlace::own_session;
    aside = sources::step_aside(plan.program, session ? sources::Aside::own_session : sources::Aside::own_group);
  }
  Story story(options);
  SelfCheck check(story.world());
  auto engine = engine_options(options);
  engine.peaks = story.tells_memory();
  if (options.self_check) engine.checkpoint = [&check](sources::Moment moment, Tid tid) { check.compare(moment, tid); };
  plan.keep_stdout = story.uses_stdout();
  plan.helpers = story.readers();
  const auto source = aside ? sources::launch_aside(std::move(*aside), plan, std::move(engine))
                            : sources::launch(plan, std::move(engine));
  std::optional<UserError> error;
  try {
    source->run(story);
    if (options.self_check) story.remark(check.summary());
    if (source->must_stay())
      story.remark(
          fmt::format("what goes on is no longer watched; process {} stays with it, as its filtered calls "
                      "would fail without a tracer (--no-seccomp)",
                      ::getpid()));
  } catch (const UserError& thrown) {
    error = thrown;  // the recording of a program that could not be run is complete, too
  }
  const auto not_written = story.conclude();
  if (!error) error = not_written;
  write_debug_figures(source->figures());
  if (error && !source->must_stay()) throw *error;
  if (error) std::fputs(error->shown().c_str(), stderr);
  const int status = error ? error->status() : check.differences() != 0 ? failed_status : story.status();
  source->stay(status);
  return status;
}

// Which calls stop the program, for whoever compares: NAME NR entry|exit [when], `when` standing for conditions on the
// arguments.
int print_filter(const Options& options) {
  for (const syscalls::Watched& call : watched_calls(options)) {
    if (call.nr < 0) continue;
    fmt::print("{} {} {}{}\n", call.name, call.nr, call.exit == syscalls::Exit::always ? "exit" : "entry",
               call.only.empty() ? "" : " when");
  }
  return 0;
}

int read(const Options& options) {
  const auto source = sources::recording(*options.read);
  Story story(options);
  try {
    source->run(story);
  } catch (const UserError&) {
    story.conclude();  // what was read before the fault
    throw;
  }
  if (const auto error = story.conclude()) throw *error;
  return story.status();
}

}  // namespace

int run(const Options& options) {
  if (options.quiet == 0) {
    for (const std::string& words : first_words(options)) std::fputs(("kintrace: " + words + "\n").c_str(), stderr);
  }
  if (options.debug_filter) return print_filter(options);
  if (!options.attach.empty())
    throw UserError("-p: attaching to a running process is not built yet",
                    "start the program under kintrace: kintrace PROGRAM [ARG]...");
  return options.read ? read(options) : trace(options);
}

}  // namespace kintrace::cli
