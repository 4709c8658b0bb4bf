// SPDX-License-Identifier: MIT
#include "sources/launch.hpp"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <exception>
#include <system_error>
#include <thread>

#include "os/fd.hpp"
#include "os/program.hpp"
#include "sources/face.hpp"
#include "text/names.hpp"

namespace kintrace::sources {
namespace {

std::atomic<bool> stop_asked{false};

// Runs in the engine's thread, the only one that lets these signals in. A signal that comes just before the thread
// blocks in wait4(2) would be seen too late: so it comes again until it is seen.
void ask_to_stop(int /*signal*/) {
  stop_asked = true;
  static constexpr itimerval again{{0, 10'000}, {0, 10'000}};
  ::setitimer(ITIMER_REAL, &again, nullptr);
}

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGALRM}) sigaddset(&set, signal);
  return set;
}

// Before the tracer has any thread: they all inherit this.
void prepare_tracer_signals() {
  const sigset_t set = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction action {};
  action.sa_handler = ask_to_stop;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGALRM}) ::sigaction(signal, &action, nullptr);
  // EPIPE and EFBIG say the same as the first two; the others would stop a background group that writes to its
  // terminal.
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGTTOU, SIGTTIN, SIGTSTP}) ::signal(signal, SIG_IGN);
}

UserError seize_error(const Failure& failure) {
  if (!failure.denied()) return UserError("cannot trace the program: " + text::errno_text(failure.error()));
  return UserError("cannot trace the program: ptrace is not permitted here",
                   "kintrace cannot run under strace, gdb or itself; a container needs --cap-add=SYS_PTRACE, "
                   "and /proc/sys/kernel/yama/ptrace_scope must not be 3");
}

class Launched : public Source {
 public:
  Launched(std::vector<std::string> argv, EngineOptions options, os::Fd gate, pid_t face)
      : argv_(std::move(argv)), options_(std::move(options)), gate_(std::move(gate)), face_(face) {}

  void run(Sink& sink) override {
    std::thread engine = start_engine();
    std::vector<Message> messages;
    while (queue_.take(messages)) {
      for (const Message& message : messages) {
        std::visit(
            [&](const auto& one) {
              using Kind = std::decay_t<decltype(one)>;
              if constexpr (std::is_same_v<Kind, RunHeader>) sink.begin(one);
              if constexpr (std::is_same_v<Kind, Event>) sink.event(one);
              if constexpr (std::is_same_v<Kind, RunEnd>) sink.end(one);
            },
            message);
      }
      sink.settle();
    }
    engine.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::thread start_engine() {
    try {
      return std::thread([this] {
        try {
          trace();
        } catch (...) {
          error_ = std::current_exception();
        }
        queue_.close();
      });
    } catch (const std::system_error& error) {
      throw UserError(std::string{"cannot start a thread: "} + error.code().message(),
                      "is the limit of processes (ulimit -u) reached?");
    }
  }

  void trace() {
    const sigset_t set = ending_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    pid_t program = 0;
    // End of file: the program was killed before it could say anything, or could not be forked. The face knows.
    if (::read(gate_.get(), &program, sizeof program) != sizeof program) return;
    options_.header.root = Tgid{program};
    options_.stop_asked = &stop_asked;
    if (options_.checkpoint) {
      options_.checkpoint = [this, compare = std::move(options_.checkpoint)](Moment moment, Tid tid) {
        queue_.wait_until_drained();
        compare(moment, tid);
      };
    }
    // So that the shell sees its job stopped and running as the program is. Only we can do it: we alone hear of stops
    // and continuations in their order, and the later signal undoes the earlier.
    options_.mirror = [face = face_](int signal) {
      if (::getppid() == face) ::kill(face, signal);
    };
    Engine engine(queue_, std::move(options_));
    if (const auto seized = engine.seize(Tid{program}, Tgid{face_}); !seized) {
      if (seized.error().gone()) return;  // killed; the face ends as it did
      throw seize_error(seized.error());
    }
    const char go = 1;
    [[maybe_unused]] const auto told = ::write(gate_.get(), &go, sizeof go);
    const bool ran = engine.follow();
    int error = 0;  // the program's exec failed if it had something more to say
    if (!ran && ::read(gate_.get(), &error, sizeof error) == sizeof error)
      throw os::exec_error(argv_.at(0), Errno{error});
  }

  std::vector<std::string> argv_;
  EngineOptions options_;
  os::Fd gate_;
  pid_t face_;
  EventQueue queue_;
  std::exception_ptr error_;
};

}  // namespace

std::unique_ptr<Source> launch(const LaunchPlan& plan, EngineOptions options) {
  const auto cannot = [](const Failure& failure) {
    return UserError("cannot start the program: " + text::errno_text(failure.error()));
  };
  // We must see our children end whatever we inherited (SIG_IGN, SA_NOCLDWAIT); the program gets it back as it was.
  struct sigaction inherited {
  }, plain{};
  plain.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &plain, &inherited);
  // A signal that comes before the face has its handlers waits for them; the program gets the mask back as it was.
  sigset_t early, mask;
  sigemptyset(&early);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) sigaddset(&early, signal);
  ::sigprocmask(SIG_BLOCK, &early, &mask);
  const pid_t face = ::getpid();
  auto gate = os::socket_pair();
  if (!gate) throw cannot(gate.error());
  const pid_t tracer = ::fork();
  if (tracer < 0) throw cannot(Failure::last());
  if (tracer == 0) {
    gate->theirs.reset();
    // A process group of its own: neither ^C nor the program's kill(0, …) reaches it. Not a session: the scheduler
    // groups by session (sched(7), "The autogroup feature"), and a tracer in another group than its tracees is woken on
    // another CPU at every stop, which cost three times the whole run.
    ::setpgid(0, 0);
    prepare_tracer_signals();
    os::close_inherited(plan.keep_stdout);
    return std::make_unique<Launched>(plan.argv, std::move(options), std::move(gate->ours), face);
  }
  gate->ours.reset();
  const auto program = os::fork_program(plan.argv, gate->theirs, tracer, inherited, mask);
  gate->theirs.reset();
  if (!program) throw cannot(program.error());
  // Not even our own outputs: a command that reads one must see its end when the tracer closes it.
  os::close_inherited(false);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  be_the_face({*program, tracer, plan.helpers, mask});
}

}  // namespace kintrace::sources
