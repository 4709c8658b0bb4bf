// SPDX-License-Identifier: MIT
#include "cli/run.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>

#include "cli/self_check.hpp"
#include "cli/story.hpp"
#include "kintrace/error.hpp"
#include "os/procfs.hpp"
#include "sources/launch.hpp"
#include "sources/recording.hpp"
#include "version.hpp"

namespace kintrace::cli {
namespace {

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
  header.trace = {"lifecycle"};
  header.mode = "launched";
  header.user = ::geteuid();
  header.pid_max = number(proc.line("sys/kernel/pid_max"));
  header.clk_tck = ::sysconf(_SC_CLK_TCK);
  return header;
}

int trace(const Options& options) {
  Story story(options);
  SelfCheck check(story.world());
  sources::EngineOptions engine;
  engine.header = header_for(options);
  engine.without_row = options.self_check_without;
  if (options.self_check) engine.checkpoint = [&check](sources::Moment moment, Tid tid) { check.compare(moment, tid); };
  sources::LaunchPlan plan;
  plan.argv = options.program;
  plan.keep_stdout = story.uses_stdout();
  plan.helpers = story.readers();
  const auto source = sources::launch(plan, std::move(engine));
  try {
    source->run(story);
  } catch (const UserError&) {
    story.conclude();  // the recording of a program that could not be run is complete, too
    throw;
  }
  if (options.self_check) story.remark(check.summary());
  if (const auto error = story.conclude()) throw *error;
  return check.differences() == 0 ? 0 : 125;
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
  return 0;
}

}  // namespace

int run(const Options& options) { return options.read ? read(options) : trace(options); }

}  // namespace kintrace::cli
