// SPDX-License-Identifier: MIT
#include "sources/face.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>

#include "kintrace/event.hpp"
#include "os/program.hpp"
#include "os/wait_status.hpp"
#include "text/names.hpp"

namespace kintrace::sources {
namespace {

// For the handler: whom a signal is for. 0: nobody any more.
std::atomic<pid_t> program{0};
std::atomic<pid_t> tracer{0};

// While the program lives, ^C and ^\ are its own: it is in the same process group and got them from the terminal as we
// did, and so it is with a terminal's SIGHUP. What was sent to kintrace alone is passed on. Once the program has ended
// and others are still followed, each of them ends the watch.
void pass_on(int signal, siginfo_t* info, void* /*context*/) {
  const int saved = errno;
  const bool from_terminal = info->si_code == SI_KERNEL;
  if (const pid_t pid = program; pid != 0) {
    // What the program sent to its whole group it has not sent to itself.
    const bool own = info->si_pid == pid;
    if ((signal == SIGTERM || signal == SIGHUP) && !from_terminal && !own) ::kill(pid, signal);
  } else if (const pid_t watcher = tracer; watcher != 0) {
    ::kill(watcher, SIGTERM);
  }
  errno = saved;
}

void watch_signals() {
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE}) ::signal(signal, SIG_IGN);
  struct sigaction action {};
  action.sa_sigaction = pass_on;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);  // nohup(1), a background job of sh
  }
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return 0;
  }
  return status;
}

// It may stay for the rest of its tracees, when it has told all: they are nobody's business any more.
Ending ending_of_tracer(const Face& face) {
  int status = 0;
  ssize_t got = 0;
  do got = ::read(face.verdict.get(), &status, sizeof status);
  while (got < 0 && errno == EINTR);
  if (got != sizeof status) return os::WaitStatus{wait_for(face.tracer)}.ending();
  Ending ending;
  ending.code = status;
  return ending;
}

}  // namespace

void be_the_face(const Face& face) {
  tracer = face.tracer;
  program = face.program;
  watch_signals();
  ::sigprocmask(SIG_SETMASK, &face.mask, nullptr);
  const os::WaitStatus ended{wait_for(face.program)};
  program = 0;
  const Ending how = ending_of_tracer(face);
  tracer = 0;
  for (const pid_t helper : face.helpers) wait_for(helper);
  if (how.signal) {
    const std::string text = fmt::format(
        "kintrace: the tracer was ended by {}; {}\n", text::signal_name(*how.signal),
        face.filtered ? "all that it traced was killed with it, as its calls would have failed (--no-seccomp)"
                      : "the program went on untraced");
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  } else if (how.code != 0) {
    ::_exit(*how.code);
  }
  os::end_as(ended.ending());
}

}  // namespace kintrace::sources
