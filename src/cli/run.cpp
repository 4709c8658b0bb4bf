// SPDX-License-Identifier: MIT
#include "cli/run.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>

#include "cli/first_words.hpp"
#include "cli/self_check.hpp"
#include "cli/story.hpp"
#include "kintrace/error.hpp"
#include "os/procfs.hpp"
#include "os/program.hpp"
#include "sources/launch.hpp"
#include "sources/recording.hpp"
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
  engine.without_row = options.self_check_without;
  return engine;
}

os::Program program_of(const Options& options) {
  os::Program program;
  program.argv = options.program;
  program.environment = options.environment;
  if (options.user) program.user = os::user_named(*options.user);
  return program;
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
  if (options.self_check) engine.checkpoint = [&check](sources::Moment moment, Tid tid) { check.compare(moment, tid); };
  plan.keep_stdout = story.uses_stdout();
  plan.helpers = story.readers();
  const auto source = aside ? sources::launch_aside(std::move(*aside), plan, std::move(engine))
                            : sources::launch(plan, std::move(engine));
  try {
    source->run(story);
  } catch (const UserError&) {
    story.conclude();  // the recording of a program that could not be run is complete, too
    throw;
  }
  if (options.self_check) story.remark(check.summary());
  if (const auto error = story.conclude()) throw *error;
  if (check.differences() != 0) return failed_status;
  return story.status();
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
  if (!options.attach.empty())
    throw UserError("-p: attaching to a running process is not built yet",
                    "start the program under kintrace: kintrace PROGRAM [ARG]...");
  return options.read ? read(options) : trace(options);
}

}  // namespace kintrace::cli
